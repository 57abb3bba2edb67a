"""The systemd units: systemd takes them, and their hardening leaves what the commands need."""
