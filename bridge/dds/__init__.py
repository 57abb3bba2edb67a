"""Left edge: the only importer of cyclonedds. Implements :class:`bridge.ports.DdsSide`."""
