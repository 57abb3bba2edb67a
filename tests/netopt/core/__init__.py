"""Mirror of ``netopt/core``: examples and properties; no network, no sleep."""
