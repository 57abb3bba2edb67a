"""Real Cyclone DDS and Zenoh on loopback."""
