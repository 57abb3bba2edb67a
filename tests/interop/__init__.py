"""Against what is in the field: the real Rust bridge and the real zenohd, built by ``make peers``."""
