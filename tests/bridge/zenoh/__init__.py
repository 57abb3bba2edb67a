"""The Zenoh edge on real sessions, on loopback alone."""
