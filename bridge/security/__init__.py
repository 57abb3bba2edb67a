"""Certificates: make them, look through them, and find out why a link does not come up."""
