"""A page with the pictures of a run: the curves of the round trips, and how our ratios spread."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.blocks import names, percentile
from bench.machine import summary
from bench.report import Run, as_text, ratios

_SHARES = (*(n / 100 for n in range(1, 100)), 0.995, 0.998, 0.999)
_TICKS = {1: "0", 2: "50", 10: "90", 100: "99", 1000: "99.9"}


def write(file: Path, run: Run) -> None:
    """Write the page; self-contained."""
    data = base64.b64encode(_picture(run)).decode("ascii")
    text = html.escape(f"{summary(run.machine)}\n\n{as_text(run)}")
    file.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>zenlink bench</title>'
        '<body style="font-family:sans-serif;max-width:90em;margin:auto">'
        f'<img alt="round trips and ratios" style="width:100%" src="data:image/svg+xml;base64,{data}">'
        f'<pre style="overflow:auto">{text}</pre></body></html>\n',
        encoding="utf-8",
    )


def _picture(run: Run) -> bytes:
    keys = dict.fromkeys(key for block in run.blocks for turn in block for key in turn.samples)
    made = ratios(run.blocks)
    count = len(keys) + len(made)
    columns = 2
    figure = Figure(figsize=(14, 5 * -(-count // columns)), layout="constrained")
    places = [figure.add_subplot(-(-count // columns), columns, number + 1) for number in range(count)]
    for axes, key in zip(places, keys, strict=False):
        _curves(axes, run, key)
    for axes, (pair, found) in zip(places[len(keys) :], made.items(), strict=True):
        shown = {key: ratio for key, ratio in found.items() if 0 < ratio.median < float("inf")}
        for row, ratio in enumerate(shown.values()):
            axes.plot([ratio.low, ratio.high], [row, row], color="tab:blue")
            axes.plot([ratio.median], [row], "o", color="tab:blue")
        axes.set_yticks(range(len(shown)), list(shown), fontsize="x-small")
        axes.axvline(1.0, color="black", linewidth=0.8, linestyle="--")
        axes.set_xscale("log")
        axes.set_title(f"{pair}: median and extremes of the blocks")
        axes.invert_yaxis()
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def _curves(axes: Axes, run: Run, key: str) -> None:
    """Percentiles of all round trips of a size, an arm a line."""
    for name in names(run.blocks):
        values = [
            value
            for block in run.blocks
            for turn in block
            if turn.arm == name
            for value in turn.samples.get(key, ())
        ]
        if values:
            shares = [share for share in _SHARES if share <= 1 - 1 / len(values)]
            axes.plot(
                [1 / (1 - one) for one in shares], [percentile(values, one) for one in shares], label=name
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(list(_TICKS), list(_TICKS.values()))
    axes.set_title(key)
    axes.set_xlabel("percentile")
    axes.legend(fontsize="small")
