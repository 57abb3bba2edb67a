"""What the blocks say together, as a table, as Markdown and as JSON. Pure."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.blocks import TAIL, Block, Figures, Ratio, medians, names, null, paired
from bench.targets import FLOORS, OURS, START, Verdict, verdicts


@dataclass(slots=True)
class Run:
    """One run of the bench."""

    machine: dict[str, Any]
    """What it ran on, with which versions and settings."""
    blocks: list[Block] = field(default_factory=list)
    nulls: list[Block] = field(default_factory=list)
    """Blocks of our pair alone."""


def ratios(blocks: Sequence[Block]) -> dict[str, dict[str, Ratio]]:
    """Our pair to every other arm; an arm that is a variant of ours, to ours."""
    found = {}
    for name in names(blocks):
        if name == "mtls":
            found[f"{name}/{OURS}"] = paired(blocks, name, OURS)
        elif name != OURS:
            found[f"{OURS}/{name}"] = paired(blocks, OURS, name)
        if name in FLOORS:  # which have nothing to start
            found[f"{OURS}/{name}"].pop(START, None)
    return {pair: made for pair, made in found.items() if made}


def as_json(run: Run) -> dict[str, Any]:
    """Everything, for programs; what is endless is null."""
    figures = medians(run.blocks)
    judged = [
        {**dataclasses.asdict(one.target), "value": one.value, "met": one.met, "sure": one.sure}
        for one in verdicts(run.blocks, figures)
    ]
    raw = [[dataclasses.asdict(turn) for turn in block] for block in run.blocks]
    made = {
        "machine": run.machine,
        "figures": figures,
        "ratios": _plain(ratios(run.blocks)),
        "null": _plain({OURS: null(run.nulls)})[OURS],
        "targets": judged,
        "blocks": raw,
    }
    found: dict[str, Any] = _finite(made)
    return found


def _plain(made: Mapping[str, Mapping[str, Ratio]]) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        pair: {key: dataclasses.asdict(ratio) for key, ratio in found.items()} for pair, found in made.items()
    }


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def null_text(blocks: Sequence[Block]) -> str:
    """The null test: our pair beside itself."""
    lines = [f"null test: {OURS} A against {OURS} A, {len(blocks)} block(s); 1 is no difference"]
    lines += [f"  {key:40}{_ratio(ratio)}" for key, ratio in null(blocks).items()]
    return "\n".join(lines)


def table(run: Run) -> list[list[str]]:
    """Head and rows: a figure, its value in each arm, and our ratios with their spread."""
    figures, made = medians(run.blocks), ratios(run.blocks)
    arms = list(figures)
    rows = [["figure", *arms, *made]]
    for key in _figures(figures):
        cells = [number(figures[name].get(key)) for name in arms]
        rows.append([key, *cells, *(_ratio(found.get(key)) for found in made.values())])
    return rows


def _figures(figures: Mapping[str, Figures]) -> list[str]:
    keys = dict.fromkeys(key for found in figures.values() for key in found)
    rank = {key: number for number, key in enumerate(keys)}
    return sorted(keys, key=lambda key: (not key.startswith("RTT"), rank[key.replace(TAIL, "p99")]))


def as_text(run: Run) -> str:
    """The table and the targets, for people."""
    rows = table(run)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        row[0].ljust(widths[0])
        + "".join(f"  {cell.rjust(width)}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    return "\n".join([*lines, *map(_judged, verdicts(run.blocks, medians(run.blocks)))])


def as_markdown(run: Run) -> str:
    """The same for ``docs/performance.md``."""
    head, *rows = table(run)
    lines = [_cells(head), _cells(["---", *("--:" for _ in head[1:])]), *map(_cells, rows)]
    judged = [f"* {_judged(one)}" for one in verdicts(run.blocks, medians(run.blocks))]
    return "\n".join([*lines, "", *judged, ""])


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _judged(verdict: Verdict) -> str:
    doubt = "" if verdict.sure else ", blocks disagree"
    return f"{'met' if verdict.met else 'missed'}{doubt}: {verdict.target}: {number(verdict.value)}"


def _ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    spread = f" [{ratio.low:.2f} to {ratio.high:.2f}]" if ratio.blocks > 1 else ""
    return f"{ratio.median:.2f}{spread}"


def number(value: float | None) -> str:
    """With three digits that count."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "none"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
