"""Everything in configs/ works, and every way to get it wrong is told in one line."""
