"""Tests of the live path."""
