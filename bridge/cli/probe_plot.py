"""`--plot FILE`: latency over time and the percentile curve, with everything that made them."""

from __future__ import annotations

import base64
import html
import io
import textwrap
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.probe_views import cannot_write, kernel_lines
from bridge.errors import CannotRun, ConfigError

if TYPE_CHECKING:
    from netopt.core.report import Report

_SUFFIXES = (".png", ".html")
_TITLE_WIDTH = 150
"""Characters above the picture that fit beside each other."""
_CURVE = (*(n / 2 for n in range(2, 199)), 99.5, 99.8, 99.9, 99.95, 99.99)


def check_plot(file: Path) -> None:
    """Before anything is measured: can this file be plotted at all?

    Raises:
        ConfigError: it is neither PNG nor HTML.
        CannotRun: matplotlib is absent.
    """
    if file.suffix not in _SUFFIXES:
        raise ConfigError(
            f"--plot: {file.name} is neither .png nor .html", remedy="give a name that ends in one of them"
        )
    if find_spec("matplotlib") is None:
        raise CannotRun(
            "--plot needs matplotlib, which is absent",
            remedy="install the extra: pip install 'zenlink[plots]'",
        )


def plot(file: Path, reports: Sequence[Report]) -> None:
    """Write the picture, or the page with it.

    Raises:
        CannotRun: the file cannot be written.
    """
    picture = _picture(reports)
    try:
        if file.suffix == ".png":
            file.write_bytes(picture)
        else:
            file.write_text(_page(picture, reports), encoding="utf-8")
    except OSError as error:
        raise cannot_write(file, error) from error


def _picture(reports: Sequence[Report]) -> bytes:
    from matplotlib.figure import Figure

    from netopt.probe.distribution import HdrDistribution

    figure = Figure(figsize=(10, 8), layout="constrained")
    over_time, curve = figure.subplots(2, 1)
    for report in reports:
        known = [point for point in report.points if point.max_ms is not None]
        label = f"{report.transport}, {report.schedule.payload_bytes} B"
        times = [one.at_s for one in known]
        (line,) = over_time.plot(times, [one.median_ms or 0.0 for one in known], label=label)
        color = line.get_color()
        over_time.plot(times, [one.max_ms or 0.0 for one in known], alpha=0.4, color=color)
        for point in report.points:
            if point.lost:
                over_time.axvline(point.at_s, color="red", alpha=0.3)
        values = HdrDistribution()
        values.merge(report.summary.latency.histogram)
        if values.count:
            curve.plot(
                [100.0 / (100.0 - percent) for percent in _CURVE],
                [values.percentile_us(percent) / 1000.0 for percent in _CURVE],
                label=label,
                color=color,
            )
    target = reports[0].target
    for axes in (over_time, curve):
        axes.axhline(target.limit_ms, linestyle="--", color="black", linewidth=0.8)
        axes.set_ylabel("there and back, ms")
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left", fontsize="small")
    over_time.set_xlabel("s (median and maximum of each stretch; red: lost)")
    curve.set_xscale("log")
    ticks = (1, 2, 10, 100, 1000, 10000)
    curve.set_xticks(ticks, ["0", "50", "90", "99", "99.9", "99.99"])
    curve.set_xlabel(f"percentile (dashed: {target})")
    lines = [line for text in _provenance(reports[0]) for line in textwrap.wrap(text, _TITLE_WIDTH)]
    figure.suptitle("\n".join(lines), fontsize="x-small")
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return out.getvalue()


def _provenance(report: Report) -> list[str]:
    made, schedule = report.provenance, report.schedule
    clock = "undisciplined" if made.clock_error_us is None else f"within {made.clock_error_us} µs of UTC"
    load = f"{made.load_before:.2f} to {made.load_after:.2f}"
    sent = (
        f"{schedule.messages} messages of {schedule.payload_bytes} B at {schedule.rate_hz:g} Hz",
        f"warm-up {schedule.warmup}",
        f"timeout {schedule.timeout_s:g} s",
        report.priority if " " in report.priority else f"priority {report.priority}",
        f"beside {report.load_mbit_s:g} Mbit/s",
    )
    return [
        report.verdict.text,
        ", ".join(sent),
        f"{made.begun}, {made.host}, {made.cpus} CPUs, load {load}, clock {clock}",
        ", ".join(f"{name} {version}" for name, version in made.versions),
        *kernel_lines(report),
    ]


def _page(picture: bytes, reports: Sequence[Report]) -> str:
    lines = "".join(
        f"<p>{html.escape(line)}</p>"
        for report in reports
        for line in (report.transport, *_provenance(report))
    )
    data = base64.b64encode(picture).decode("ascii")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>zenlink probe</title>'
        '<body style="font-family:sans-serif;max-width:72em;margin:auto">'
        f'<img alt="latency" style="width:100%" src="data:image/png;base64,{data}">{lines}</body></html>\n'
    )
