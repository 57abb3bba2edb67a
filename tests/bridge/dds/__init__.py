"""The DDS edge on a real Cyclone DDS, on loopback alone."""
