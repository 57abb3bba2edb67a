"""Mirror of ``bridge/core``: examples, golden vectors and properties; no network, no sleep."""
