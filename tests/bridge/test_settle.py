"""An agent's process is settled for forwarding; tried in a process of its own, since it lasts."""

from __future__ import annotations

import contextlib
import gc
import subprocess
import sys

from bridge.settle import collections_paused

CODE = """
import gc, resource, sys
import bridge.agent
from bridge.settle import GC_YOUNG_OBJECTS, SWITCH_INTERVAL_S, keep_large_blocks, settle_interpreter
settle_interpreter()
assert gc.get_freeze_count() > 10_000, gc.get_freeze_count()
assert gc.get_threshold()[0] == GC_YOUNG_OBJECTS
assert gc.isenabled()
assert abs(sys.getswitchinterval() - SWITCH_INTERVAL_S) < 1e-6
assert keep_large_blocks()
block = b"x" * (20 << 20); del block
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    block = b"x" * (20 << 20); del block
assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults < 20 * 100, "memory was mapped anew"
"""

GARBAGE = """
import bridge.agent
from bridge.settle import settle_interpreter

class Knot:
    alive = most = 0

    def __init__(self):
        self.itself = self
        Knot.alive += 1
        Knot.most = max(Knot.most, Knot.alive)

    def __del__(self):
        Knot.alive -= 1

settle_interpreter()
for _ in range(60_000):
    Knot()
assert Knot.most < 20_000, Knot.most
"""


def test_what_only_the_collector_finds_does_not_pile_up() -> None:
    subprocess.run([sys.executable, "-c", GARBAGE], check=True, timeout=60)


def test_imported_modules_are_left_out_of_collections_and_large_blocks_are_kept() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True, timeout=60)


def test_collections_go_on_after_the_imports_also_where_those_fail() -> None:
    with contextlib.suppress(ImportError), collections_paused():
        assert not gc.isenabled()
        raise ImportError
    assert gc.isenabled()
