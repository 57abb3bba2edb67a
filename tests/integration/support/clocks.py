"""A wall clock of one process that a test can step; the monotonic one stays, and no other process notices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class SteppedClock:
    """Right at first.

    Args:
        folder: for the file that says how far it is off.
    """

    module = "tests.integration.nodes.moved_clock"
    """Stands for ``bridge`` on the command line."""

    def __init__(self, folder: Path) -> None:
        self._offset = folder / "offset"
        self.step(0.0)

    @staticmethod
    def available() -> bool:
        """Whether libfaketime is there; ``make test-packages`` installs it."""
        return bool(_LIBRARIES)

    @property
    def env(self) -> Mapping[str, str]:
        """For the process."""
        return {
            "LD_PRELOAD": str(_LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",  # seconds until a step is seen
        }

    def step(self, offset_s: float) -> None:
        """Show so much more than this host's clock."""
        aside = self._offset.with_suffix(".new")
        aside.write_text(f"{offset_s:+.3f}\n")
        aside.replace(self._offset)
