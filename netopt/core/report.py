"""A finished measurement as one value: what was asked, what came out, and under which circumstances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netopt.core.kernelview import Ends, KernelFigures
from netopt.core.schedule import NS_PER_S, Schedule, Shot
from netopt.core.tally import Summary
from netopt.core.verdict import Target, Verdict

FORMAT = "zenlink.probe/1"
MAX_POINTS = 1000
"""Of the curve of latency over time; a report stays readable, and no peak is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A stretch of the run."""

    at_s: float
    """From its beginning."""
    median_ms: float | None
    max_ms: float | None
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a reader needs to judge a figure, or to measure it again."""

    begun: str
    """UTC, ISO 8601."""
    versions: tuple[tuple[str, str], ...]
    host: str
    cpus: int
    load_before: float
    """Processes that wanted a CPU, mean of the last minute."""
    load_after: float
    clock_error_us: int | None
    """Of this host's clock against UTC, as its kernel has it; None: nobody disciplines it."""
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketFigures:
    """What the kernel knew about a socket of the measurement when the last message was through."""

    ends: Ends
    figures: KernelFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One measurement."""

    format: str
    transport: str
    priority: str
    load_mbit_s: float
    target: Target
    verdict: Verdict
    schedule: Schedule
    complete: bool
    first_message_ms: float | None
    warmup_sent: int
    warmup_lost: int
    summary: Summary
    silences: tuple[tuple[float, float], ...]
    """(seconds into the run, length in s) of each time that nothing came back."""
    points: tuple[Point, ...]
    provenance: Provenance
    kernel: tuple[SocketFigures, ...] = ()
    kernel_void: str = ""
    """Why there are no figures of the kernel; empty where there are."""


def points(shots: Sequence[Shot], limit: int = MAX_POINTS) -> tuple[Point, ...]:
    """Latency over time in at most ``limit`` stretches of equal length."""
    if not shots:
        return ()
    ordered = sorted(shots, key=lambda shot: shot.intended_ns)
    begin_ns = ordered[0].intended_ns
    stretch = -(-len(ordered) // limit)
    found = []
    for start in range(0, len(ordered), stretch):
        some = ordered[start : start + stretch]
        latencies = sorted(shot.latency_ns for shot in some if shot.latency_ns is not None)
        found.append(
            Point(
                at_s=round((some[0].intended_ns - begin_ns) / NS_PER_S, 4),
                median_ms=round(latencies[len(latencies) // 2] / 1e6, 3) if latencies else None,
                max_ms=round(latencies[-1] / 1e6, 3) if latencies else None,
                lost=len(some) - len(latencies),
            )
        )
    return tuple(found)
