"""The agent over HTTP: a page for people, JSON, metrics and health. Read-only.

``server`` owns thread and socket, ``app`` the routes, ``guard`` who may ask, ``snapshots`` what they get.
"""
