"""Stand-ins for what a test cannot have: implementations of the ports, and faulty surroundings."""
