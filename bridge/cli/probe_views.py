"""A measurement as text for people: the live view, the table, the CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.output import one_line, print_table
from bridge.core.jsonform import Json
from bridge.errors import CannotRun

if TYPE_CHECKING:
    from netopt.core.report import Report
    from netopt.core.schedule import Shot
    from netopt.core.tally import Percentiles, Summary
    from netopt.probe.measure import Together
    from netopt.probe.runner import Progress
    from netopt.probe.selftest import Check

_BARS = "▁▂▃▄▅▆▇█"
_LOST_MARK = "x"
_WIDTH = 60


def sparkline(values: Sequence[float | None], width: int = _WIDTH) -> str:
    """The newest values as bars, the highest one full; a lost message is a cross."""
    newest = values[-width:]
    top = max((value for value in newest if value is not None), default=0.0) or 1.0
    return "".join(
        _LOST_MARK if value is None else _BARS[min(len(_BARS) - 1, int(value / top * len(_BARS)))]
        for value in newest
    )


def milliseconds(value: float | None) -> str:
    """As text; a percentile that falls among the lost has no value."""
    return "lost" if value is None else f"{value:.3f} ms"


@contextmanager
def live(title: str, percentile: float) -> Iterator[Callable[[Progress], None]]:
    """Shows progress where somebody looks; elsewhere only says when a link goes silent and comes back."""
    silent = False

    def say_silence(progress: Progress) -> None:
        nonlocal silent
        if bool(progress.silent_s) != silent:
            silent = not silent
            text = f"no reply for {progress.silent_s:.1f} s" if silent else "replies again"
            print(f"zenlink probe: {one_line(title)}: {text}", file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        yield say_silence
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(stderr=True), refresh_per_second=8, transient=True) as view:

        def show(progress: Progress) -> None:
            say = "" if not progress.silent_s else f"   NO REPLY for {progress.silent_s:.1f} s"
            view.update(
                Text(
                    f"{title}   {progress.sent}/{progress.total} sent, {progress.lost} lost{say}\n"
                    f"{sparkline(progress.last_ms)}\n"
                    f"p50 {milliseconds(progress.p50_ms)}   "
                    f"p{percentile:g} {milliseconds(progress.asked_ms)}"
                )
            )

        yield show


def print_report(report: Report) -> None:
    """The figures, then the verdict."""
    summary, schedule = report.summary, report.schedule
    print(
        f"{one_line(report.transport)}: {summary.sent} messages of {schedule.payload_bytes} B at "
        f"{schedule.rate_hz:g} Hz, {report.priority}"
        + (f", beside {report.load_mbit_s:g} Mbit/s" if report.load_mbit_s else "")
        + ("" if report.complete else " (stopped early)")
    )
    first = report.first_message_ms
    print(
        f"first message {'never' if first is None else f'{first:.1f} ms'} after opening; warm-up: "
        f"{report.warmup_sent} messages, {report.warmup_lost} lost, not in the figures"
    )
    rows = [
        ("there and back", summary.latency),
        *_one_way_rows(report),
        ("sender late by", summary.lateness),
    ]
    print_table(
        ("", "min", "p50", "p90", "p99", "p99.9", "max", "mean"),
        [(label, *_cells(figures)) for label, figures in rows],
        numbers=("min", "p50", "p90", "p99", "p99.9", "max", "mean"),
    )
    print(
        f"lost {summary.lost} of {summary.sent} (late {summary.late}), duplicates {summary.duplicates}, "
        f"reordered {summary.reordered}, jitter {summary.jitter_ms:g} ms; all times in ms"
    )
    if summary.one_way is not None:
        way = summary.one_way
        print(f"one way is ± {way.bound_ms:g} ms; the other clock is {way.offset_ms:+g} ms ({way.source})")
    else:
        print(f"no delay one way: {summary.one_way_void}")
    for line in kernel_lines(report):
        print(one_line(line))
    for begin_s, length_s in report.silences:
        print(f"silent for {length_s:g} s, {begin_s:g} s into the run")
    if summary.spoiled:
        print(f"SPOILED: {summary.spoiled}")
    print(one_line(report.verdict.text))


def kernel_lines(report: Report) -> list[str]:
    """What the kernel knew about each socket when the last message was through, or why there is nothing."""
    from netopt.core.kernelview import figures_text

    return [f"kernel, {one.ends}: {figures_text(one.figures)}" for one in report.kernel] or [
        f"no figures of the kernel: {report.kernel_void or 'measured by an older version'}"
    ]


def _one_way_rows(report: Report) -> list[tuple[str, Percentiles]]:
    way = report.summary.one_way
    return [] if way is None else [("there", way.forward), ("back", way.back)]


def _cells(figures: Percentiles) -> tuple[str, ...]:
    values = (figures.p50_ms, figures.p90_ms, figures.p99_ms, figures.p999_ms, figures.max_ms)
    return (
        f"{figures.min_ms:.3f}",
        *("lost" if value is None else f"{value:.3f}" for value in values),
        f"{figures.mean_ms:.3f}",
    )


def print_checks(checks: Sequence[Check]) -> None:
    """A line a fault that was put in."""
    print_table(
        ("FAULT", "PUT IN", "FOUND", "BOUND", ""),
        [
            (check.name, check.injected, check.measured, check.bound, "good" if check.good else "WRONG")
            for check in checks
        ],
    )


def write_csv(file: Path, shots: Sequence[Shot]) -> None:
    """A line a message, in the order of sending; empty cells where it is lost.

    Raises:
        CannotRun: the file cannot be written.
    """
    begin_ns = min((shot.intended_ns for shot in shots), default=0)
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(("sequence", "intended_s", "late_ms", "latency_ms", "round_trip_ms"))
            for shot in sorted(shots, key=lambda one: one.sequence):
                times = (shot.latency_ns, shot.round_trip_ns)
                writer.writerow(
                    (
                        shot.sequence,
                        f"{(shot.intended_ns - begin_ns) / 1e9:.6f}",
                        f"{shot.late_ns / 1e6:.3f}",
                        *("" if value is None else f"{value / 1e6:.3f}" for value in times),
                    )
                )
    except OSError as error:
        raise cannot_write(file, error) from error


def cannot_write(file: Path, error: OSError) -> CannotRun:
    """As one line."""
    return CannotRun(f"cannot write {file}: {error.strerror}", remedy="name another file")


def print_together(names: Sequence[str], reports: Sequence[Report], together: Together) -> None:
    """A line a measurement, and one for all."""
    columns = ("RUN", "TRANSPORT", "SENT", "LOST", "p50", "p90", "p99", "p99.9", "max")
    rows = [
        (name, report.transport, *_counts(report.summary), *_cells(report.summary.latency)[1:-1])
        for name, report in zip(names, reports, strict=True)
    ]
    rows.append(("together", "", *_counts(together), *_cells(together.latency)[1:-1]))
    print_table(columns, rows, numbers=columns[2:])
    print("there and back, in ms")


def _counts(of: Summary | Together) -> tuple[str, str]:
    return str(of.sent), str(of.lost)


def print_watch(found: Json, *, clear: bool) -> None:
    """A line a link or target that an agent measures.

    Args:
        found: JSON form of ``list[LinkLatency]``.
        clear: Start on a clean screen, where there is one.
    """
    if clear and sys.stdout.isatty():
        print("\x1b[H\x1b[2J", end="")
    rows = [
        tuple(
            "-" if one.get(key) is None else str(one[key])
            for key in (
                "target",
                "state",
                "rtt_p50_ms",
                "rtt_p99_ms",
                "lost",
                "sent",
                "offset_ms",
                "bound_ms",
            )
        )
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict)
    ]
    if not rows:
        print("nothing is measured: no link, or probe.watch is off")
        return
    columns = ("TARGET", "STATE", "p50 ms", "p99 ms", "LOST", "SENT", "OFFSET ms", "± ms")
    print_table(columns, rows, numbers=columns[2:])
    sys.stdout.flush()
