"""Values and decisions: what a host should be, what a measurement says. No I/O, no clock, no library."""
