"""Gives back the memory that a backlog took and nobody needs any more.

What is freed glibc keeps for the next time, more of it than elsewhere (:mod:`bridge.settle`). So a process
stays as large as its worst moment so far: a link that was stuck for 2 s under 31 MB/s of 64 KiB messages left
41 MiB in an agent, and over minutes of such moments it grows like one that leaks, while what is in use stays.
To give 41 MiB back took 7 ms, in which other threads may wait for memory. So it is done seldom, and more and
more seldom where the memory is needed again at once: large messages take and free it all the time.
"""

from __future__ import annotations

import ctypes
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

LOOK_S = 30.0
"""Between two looks, at least."""
MOST_S = 240.0
"""Between two looks, at most."""
SPARE_BYTES = 4 << 20
"""More than after the last time: so much may stay. It takes a fraction of a millisecond to give back."""
_STATM = Path("/proc/self/statm")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class SpareMemory:
    """Looks how large the process is. For processes of our own alone. Thread: one."""

    def __init__(self) -> None:
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl does not
        self._least_bytes: int | None = None
        """As large as the process was when it had nothing spare."""
        self._in_a_row = 0
        """Looks that found something spare."""
        self._due_s = 0.0

    def look(self, now_s: float) -> None:
        """Give back what is spare, if it is time to look.

        Args:
            now_s: monotonic.
        """
        if self._trim is None or now_s < self._due_s:
            return
        before = resident_bytes()
        if self._least_bytes is None:
            self._least_bytes = before  # what starting took is in use
        if before - self._least_bytes > SPARE_BYTES:
            self._trim(0)
            self._least_bytes = resident_bytes()
            log.debug("gave back %d of %d MiB", (before - self._least_bytes) >> 20, before >> 20)
            self._in_a_row += 1
        else:
            self._in_a_row = 0
        self._due_s = now_s + min(LOOK_S * 2.0 ** max(0, self._in_a_row - 1), MOST_S)


def resident_bytes() -> int:
    """RSS of this process. Source: proc(5)."""
    return int(_STATM.read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
