"""Spare memory is given back; tried in a process of its own, with the allocator settled as an agent's."""

from __future__ import annotations

import subprocess
import sys

import pytest

SETTLED = """
import threading
from bridge.settle import keep_large_blocks
from bridge.sparememory import LOOK_S, MOST_S, SPARE_BYTES, SpareMemory, resident_bytes
MIB = 1 << 20
assert keep_large_blocks()
kept = []

def backlog(mib):
    blocks = [b"x" * 65536 for _ in range(16 * mib)]
    kept.append(blocks[-1])  # so that what is freed is not the end of the heap

def over(mib):
    before = resident_bytes()
    thread = threading.Thread(target=backlog, args=(mib,))
    thread.start()
    thread.join()
    backlog(mib)
    grown = resident_bytes() - before
    assert grown > mib * MIB, f"only {grown} bytes were kept: nothing is to be shown"
"""
GIVEN = """
memory, start = SpareMemory(), resident_bytes()
memory.look(0.0)
over(64)
memory.look(LOOK_S - 1)
assert resident_bytes() - start > SPARE_BYTES, "it looked too early"
memory.look(LOOK_S)
assert resident_bytes() - start < SPARE_BYTES, resident_bytes() - start
"""
LITTLE = """
over(1)
memory, start = SpareMemory(), resident_bytes()
memory.look(0.0)
memory.look(LOOK_S)
assert resident_bytes() >= start, "what may stay was given back"
"""
WORKING = """
memory, start, now_s, pauses = SpareMemory(), resident_bytes(), 0.0, []
memory.look(now_s)
now_s += LOOK_S
for _ in range(6):
    over(32)
    since_s = now_s
    while resident_bytes() - start > SPARE_BYTES:
        memory.look(now_s)
        now_s += 1
    pauses.append(now_s - since_s)
assert pauses == [1, LOOK_S, 2 * LOOK_S, 4 * LOOK_S, MOST_S, MOST_S], pauses
memory.look(now_s + MOST_S)  # finds nothing
over(32)
memory.look(now_s + MOST_S + LOOK_S)
assert resident_bytes() - start < SPARE_BYTES, "calm did not bring it back to the first pause"
"""


@pytest.mark.parametrize("code", [GIVEN, LITTLE, WORKING], ids=["given", "little", "working"])
def test_what_a_backlog_left_is_given_back_and_what_is_needed_again_less_often(code: str) -> None:
    subprocess.run([sys.executable, "-c", SETTLED + code], check=True, timeout=60)
