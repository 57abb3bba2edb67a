"""One suite for each port, run against the fake and the real adapter, so that the fake cannot lie."""
