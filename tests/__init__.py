"""Tests of zenlink: folders mirror the sources; every folder has an ``__init__.py``."""
