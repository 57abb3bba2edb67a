"""Right edge: the only importer of zenoh. Implements :class:`bridge.ports.ZenohSide`."""
