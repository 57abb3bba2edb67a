"""Mirror of ``netopt/probe``: simulated clocks, and real transports on loopback."""
