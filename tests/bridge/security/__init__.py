"""Mirror of bridge/security."""
