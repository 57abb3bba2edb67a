"""A measurement from beginning to report: run, judge, and write down under which circumstances."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib import metadata

from netopt.core.kernelview import Ends
from netopt.core.probeframe import UNKNOWN_ERROR_US, Echo
from netopt.core.report import FORMAT, Provenance, Report, SocketFigures, points
from netopt.core.schedule import Schedule, Shot
from netopt.core.tally import Percentiles, percentiles
from netopt.core.verdict import Basis, Target, judge
from netopt.errors import CannotMeasure
from netopt.ports import AskKernel, OnReply, Transport
from netopt.probe.clocks import SystemClock, own_echo
from netopt.probe.distribution import HdrDistribution
from netopt.probe.load import Load
from netopt.probe.runner import Progress, Result, Runner

_PACKAGES = ("zenlink", "eclipse-zenoh", "hdrhistogram")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measurement by the real clock."""

    transport: Transport
    schedule: Schedule
    target: Target
    basis: Basis = Basis.ONE_WAY
    priority: str = "data"
    load_mbit_s: float = 0.0
    command: str = ""
    ask_kernel: AskKernel | None = None
    """None: without the kernel's figures."""

    def run(
        self, stop: threading.Event, on_progress: Callable[[Progress], None] | None = None
    ) -> tuple[Report, tuple[Shot, ...]]:
        """The report, and every message of it.

        Raises:
            CannotMeasure: the far side cannot be reached.
            UsageError: an option makes no sense.

        Thread: any; blocks until the schedule is through, or ``stop`` is set.
        """
        clock, own = SystemClock(), own_echo()
        load_before = os.getloadavg()[0]
        kernel: tuple[SocketFigures, ...] = ()
        kernel_void = ""
        with ExitStack() as closing:
            transport: Transport = self.transport
            if self.load_mbit_s:
                transport = _Loaded(transport, self.load_mbit_s)

            def look() -> None:
                nonlocal kernel, kernel_void
                kernel, kernel_void = self._look(transport.sockets())

            runner = Runner(transport, self.schedule, clock=clock, own=own, asked=self.target.percentile)
            closing.callback(transport.close)
            result = runner.run(stop, on_progress=on_progress, before_closing=look)
        report = self._report(result, own, load_before)
        return replace(report, kernel=kernel, kernel_void=kernel_void), result.shots

    def _look(self, sockets: tuple[Ends, ...]) -> tuple[tuple[SocketFigures, ...], str]:
        """What the kernel says once all messages are through (asking takes CPU from them), or why nothing."""
        if self.ask_kernel is None:
            return (), "nobody asked for them"
        if not sockets:
            return (), "no TCP or UDP socket here carries it (any more)"
        try:
            figures = self.ask_kernel(sockets)
        except CannotMeasure as error:
            return (), str(error)
        pairs = zip(sockets, figures, strict=True)
        return tuple(SocketFigures(ends=ends, figures=one) for ends, one in pairs), ""

    def _report(self, result: Result, own: Echo, load_before: float) -> Report:
        begun = datetime.fromtimestamp(result.begun_wall_ns / 1e9, tz=timezone.utc)
        return Report(
            format=FORMAT,
            transport=self.transport.name,
            priority=self.priority,
            load_mbit_s=self.load_mbit_s,
            target=self.target,
            verdict=judge(result.summary, self.target, self.basis),
            schedule=self.schedule,
            complete=result.complete,
            first_message_ms=result.first_message_ms,
            warmup_sent=result.warmup_sent,
            warmup_lost=result.warmup_lost,
            summary=result.summary,
            silences=result.silences,
            points=points(result.shots),
            provenance=Provenance(
                begun=begun.isoformat(timespec="milliseconds"),
                versions=_versions(),
                host=f"{platform.system()} {platform.release()} {platform.machine()}",
                cpus=os.cpu_count() or 0,
                load_before=round(load_before, 2),
                load_after=round(os.getloadavg()[0], 2),
                clock_error_us=None if own.max_error_us == UNKNOWN_ERROR_US else own.max_error_us,
                command=self.command,
            ),
        )


class _Loaded:
    """A transport with other traffic on it from its opening on. See :class:`netopt.ports.Transport`."""

    def __init__(self, inner: Transport, mbit_s: float) -> None:
        self._inner = inner
        self._load = Load(inner, clock=SystemClock(), mbit_s=mbit_s)
        self.name = inner.name

    def open(self, on_reply: OnReply) -> None:
        self._inner.open(on_reply)
        self._load.start()

    def send(self, frame: bytes) -> None:
        self._inner.send(frame)

    def sockets(self) -> tuple[Ends, ...]:
        return self._inner.sockets()

    def close(self) -> None:
        self._load.close()
        self._inner.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Several measurements added up: as if they had been one."""

    runs: int
    sent: int
    lost: int
    duplicates: int
    reordered: int
    latency: Percentiles
    round_trip: Percentiles


def merged(reports: Sequence[Report]) -> Together:
    """Their histograms and counts added up.

    Raises:
        UsageError: a histogram cannot be read.
    """
    latency, round_trip = HdrDistribution(), HdrDistribution()
    for report in reports:
        latency.merge(report.summary.latency.histogram)
        round_trip.merge(report.summary.round_trip.histogram)
    lost = sum(report.summary.lost for report in reports)
    asked = reports[0].target.percentile if reports else 99.0
    return Together(
        runs=len(reports),
        sent=sum(report.summary.sent for report in reports),
        lost=lost,
        duplicates=sum(report.summary.duplicates for report in reports),
        reordered=sum(report.summary.reordered for report in reports),
        latency=percentiles(latency, lost, asked=asked),
        round_trip=percentiles(round_trip, lost, asked=asked),
    )


def _versions() -> tuple[tuple[str, str], ...]:
    found = [("python", platform.python_version())]
    for package in _PACKAGES:
        try:
            found.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            continue  # used from a source tree
    return tuple(found)
