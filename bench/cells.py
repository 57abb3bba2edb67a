"""What one turn of an arm measures: first message, round trips, loss-free rates, CPU and memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.arms import Arm
from bench.blocks import Turn
from bench.processes import Node, Running

SIZES = (64, 1 << 10, 64 << 10, 1 << 20, 6 << 20)
"""Bytes of a message."""
QUICK_SIZES = (64, 64 << 10)
RTT_SECONDS = 1.2
"""Of pings, of which the first tenth warms up."""
LARGE_RATE_HZ = 10.0
"""Of 6 MiB, since 600 MB/s each way is more than two cores carry."""
SCHEDULES_HZ = (10.0, 1000.0)
"""Of 64 B, beside the 100 Hz of every size."""
LOADS = ((64, 20_000), (1 << 10, 15_000), (64 << 10, 1_500), (1 << 20, 80), (6 << 20, 15))
"""(bytes, messages) of one burst of the search for the highest rate."""
CPU_LOADS = (
    (64, 20_000, 10_000.0, "CPU, s per million messages", 1e6),
    (1 << 20, 60, 40.0, "CPU, s per GB", 1e9),
)
"""(bytes, messages, messages/s, figure, what it is per): the same for every arm."""
_LARGE_BYTES = 6 << 20
_TRIES = 6
_FASTER, _SLOWER = 1.15, 0.8
"""Between two tries, while only losses or only successes are known."""
_TIMEOUT_S = 60.0
"""For a busy machine; what takes so long is measured, not lost."""
_SLICE_S = 5.0
_QUIET_S = 1.0
_POLL_S = 0.02
_PRIME = 50
"""Messages by which a load's route is known to be there."""


@dataclass(frozen=True, slots=True)
class Stage:
    """An arm that runs, and where its figures go."""

    arm: Arm
    near: Node
    far: Node
    between: Running
    turn: Turn
    where: Path
    quick: bool


def first_message_ns(near: Node, between: Running, where: Path) -> int:
    """When the first ping was answered, on the monotonic clock.

    Raises:
        RuntimeError: none was; with what the bridges said.
    """
    deadline_s = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline_s and not between.ended():
        first = near.ask(do="first", timeout_s=_SLICE_S)
        if first["answered"]:
            at_ns: int = first["at_ns"]
            return at_ns
    logs = "\n".join(f"{path.name}: {path.read_text()[-2000:]}" for path in sorted(where.glob("*.log")))
    raise RuntimeError(f"nothing crosses\n{logs}")


def prime(stage: Stage) -> None:
    """Send until a load arrives whole: discovery is over, and code and caches are warm.

    Raises:
        RuntimeError: none does.
    """
    deadline_s = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline_s:
        arrived, _ = burst(stage, 64, _PRIME, 1000.0)
        if arrived == _PRIME:
            stage.turn.counts.clear()
            return
    raise RuntimeError(f"loads do not cross whole in arm {stage.turn.arm}")


def rtt(stage: Stage) -> None:
    """Round trips of each size at 100 Hz, 6 MiB at 10 Hz."""
    for size in QUICK_SIZES if stage.quick else SIZES:
        ping(stage, size, LARGE_RATE_HZ if size >= _LARGE_BYTES else 100.0, f"RTT {size_text(size)}, ms")


def schedules(stage: Stage) -> None:
    """Round trips of 64 B on other schedules."""
    for rate_hz in SCHEDULES_HZ:
        ping(stage, 64, rate_hz, f"RTT 64 B at {rate_hz:g} Hz, ms")


def ping(stage: Stage, size: int, rate_hz: float, figure: str) -> None:
    """Round trips on a fixed schedule: a late answer does not delay the next question."""
    count = max(10, int(RTT_SECONDS * rate_hz))
    answer = stage.near.ask(do="ping", size=size, count=count, rate_hz=rate_hz, quiet_s=_QUIET_S)
    came = {int(sequence): value for sequence, value in answer["rtt_ns"].items()}
    warm = count // 10
    stage.turn.samples[figure] = [value / 1e6 for sequence, value in came.items() if sequence >= warm]
    stage.turn.count("round trips lost", count - len(came))


def rate(stage: Stage) -> None:
    """The highest loss-free rate of each size."""
    for size, count in LOADS:
        if not stage.quick or size in QUICK_SIZES:
            stage.turn.figures[f"loss-free {size_text(size)}, msg/s"] = highest_rate(stage, size, count)


def highest_rate(stage: Stage, size: int, count: int) -> float:
    """Messages a second of the fastest burst that arrived whole, of those tried; 0 when none did."""
    best_hz, lossy_hz = 0.0, 0.0
    rate_hz = 0.0  # as fast as it goes: a reliable writer is made to wait
    for _ in range(_TRIES):
        arrived, arrived_hz = burst(stage, size, count, rate_hz)
        if arrived == count:
            best_hz = max(best_hz, arrived_hz)
            if rate_hz == 0.0:
                return best_hz  # the sender is the limit
        else:
            lossy_hz = min(lossy_hz or arrived_hz / _SLOWER, rate_hz or arrived_hz / _SLOWER)
        if not best_hz:
            rate_hz = lossy_hz * _SLOWER
        elif not lossy_hz:
            rate_hz = best_hz * _FASTER
        else:
            rate_hz = (best_hz * lossy_hz) ** 0.5
    return best_hz


def burst(stage: Stage, size: int, count: int, rate_hz: float) -> tuple[int, float]:
    """Send at a rate, 0: as fast as it goes; (messages, messages/s) that arrived."""
    stage.far.ask(do="reset")
    stage.near.ask(do="load", size=size, count=count, rate_hz=rate_hz)
    result = settled(stage.far, count)
    stage.turn.count("messages doubled", result["doubled"])
    return result["count"], result["count"] / max(result["seconds"], 1e-9)


def settled(far: Node, count: int) -> dict[str, Any]:
    """The far node's count once it no longer grows."""
    result = far.ask(do="result")
    quiet_since_s = time.monotonic()
    while result["count"] < count and time.monotonic() - quiet_since_s < _QUIET_S:
        time.sleep(_POLL_S)
        newer = far.ask(do="result")
        if newer["count"] != result["count"]:
            quiet_since_s = time.monotonic()
        result = newer
    return result


def cpu(stage: Stage) -> None:
    """CPU time, context switches and memory of both bridges, by what arrived at a fixed rate."""
    if not stage.between.bridged:
        return
    for size, count, rate_hz, figure, per in CPU_LOADS:
        if stage.quick and size not in QUICK_SIZES:
            continue
        before = stage.between.usage()
        arrived, _ = burst(stage, size, count, rate_hz)
        used = stage.between.usage() - before
        units = max(arrived, 1) * (size if figure.endswith("GB") else 1)
        stage.turn.figures[figure] = used.cpu_s / units * per
        if size == CPU_LOADS[0][0]:
            stage.turn.figures["context switches per message"] = used.switches / max(arrived, 1)
    memory = stage.between.size()
    stage.turn.figures["RSS of both bridges, MiB"] = memory.rss_bytes / (1 << 20)
    stage.turn.figures["peak RSS of both bridges, MiB"] = memory.peak_bytes / (1 << 20)


def size_text(size: int) -> str:
    """``64 B``, ``6 MiB``."""
    for unit, scale in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= scale:
            return f"{size // scale} {unit}"
    return f"{size} B"
