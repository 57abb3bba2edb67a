"""Settles interpreter and allocator of an agent's process for forwarding, once everything is imported.

Both come with defaults for other programs: Python looks through young objects with every few hundred samples
and through all of the imported modules now and then, and leaves a sample waiting for 5 ms while a thread of
the control side computes; glibc maps and returns the memory of each large message. For processes of our own
alone: a library must not do this to its host.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator

GC_YOUNG_OBJECTS = 10_000
"""Looked through when there are so many new ones; a batch of 256 samples makes about a thousand, all freed by
their reference counts. What is left for the collector are cycles of the control side, most of them pyroute2's
(0.9), which leaves some with every question to the kernel: with 50 000 they piled up for minutes on end."""
SWITCH_INTERVAL_S = 0.0001
"""How long a thread that computes keeps the interpreter from one that has a sample, which on its way needs it
four times in each agent. Threads with samples give it back by themselves after some microseconds, so it costs
them nothing."""
MMAP_THRESHOLD_BYTES = 32 << 20
"""The largest that glibc accepts: blocks below come from the heap, which keeps its pages."""
TRIM_THRESHOLD_BYTES = 64 << 20
"""Free memory at the end of a heap that is kept: ten images of 6 MiB."""
ARENAS = 2
"""Heaps that share what is kept. By default each thread of Zenoh and Cyclone fills one of its own: after
images of 6 MiB two agents had 420 to 450 MiB, with two heaps 275, at the same round trips. With one, small
messages cost a quarter more CPU time."""
# Source: glibc, malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8


@contextlib.contextmanager
def collections_paused() -> Iterator[None]:
    """While modules are imported nothing becomes garbage; looking for it takes a twentieth of that time.

    Thread: main.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle_interpreter() -> None:
    """Collect garbage seldom, and let samples in soon.

    Thread: main, once everything is imported.
    """
    gc.freeze()  # no look for garbage first: it takes tens of ms, and imports leave 2000 objects
    _, middle, old = gc.get_threshold()
    gc.set_threshold(GC_YOUNG_OBJECTS, middle, old)
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def keep_large_blocks() -> bool:
    """Whether the allocator took it: only glibc has it.

    Thread: main, before there are others, each of which would have a heap already.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(
        mallopt(parameter, value)
        for parameter, value in (
            (_M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES),
            (_M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES),
            (_M_ARENA_MAX, ARENAS),
        )
    )
