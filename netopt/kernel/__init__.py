"""The Linux side: the only importer of pyroute2 and the only writer below /proc/sys."""
