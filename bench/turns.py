"""One turn of an arm: its nodes and bridges are started, measured by cells, and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path

from bench import cells, scale
from bench.arms import ROUTED, Arm
from bench.blocks import Turn
from bench.cells import Stage, first_message_ns, prime
from bench.processes import Node, Running
from bench.targets import START

CELLS: dict[str, Callable[[Stage], None]] = {
    "rtt": cells.rtt,
    "schedules": cells.schedules,
    "rate": cells.rate,
    "cpu": cells.cpu,
    "fanout": scale.fanout,
    "topics": scale.topics,
    "recovery": scale.recovery,
}
"""By name, in the order in which a turn runs them."""


def measure(arm: Arm, where: Path, wanted: Collection[str], *, quick: bool) -> Turn:
    """One turn of one arm.

    Args:
        arm: what lies between the nodes.
        where: for logs.
        wanted: names of cells; the first message is always measured.
        quick: small messages only.

    Raises:
        RuntimeError: nothing crosses.
    """
    turn = Turn(arm.name)
    with Node(arm.far) as far, Node(arm.near) as near:
        began_ns = time.monotonic_ns()
        with Running(arm, where) as between:
            answered_ns = first_message_ns(near, between, where)
            if arm.cells is not ROUTED:  # a router that starts, too, is another thing
                turn.figures[START] = (answered_ns - began_ns) / 1e9
            stage = Stage(arm, near, far, between, turn, where, quick)
            prime(stage)
            for name, cell in CELLS.items():
                if name in wanted and name in arm.cells:
                    cell(stage)
    return turn
