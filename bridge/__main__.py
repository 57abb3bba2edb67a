"""``python -m bridge`` is ``zenlink``."""

from __future__ import annotations

from bridge.cli.main import run

if __name__ == "__main__":
    run()
