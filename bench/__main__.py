"""``python -m bench``: runs the arms in blocks A B B A and prints figures, ratios and targets."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import bench
from bench import machine, plots, recorded
from bench.arms import Arm, Site, arms, site
from bench.blocks import Turn, order
from bench.overhead import as_text as costs_as_text
from bench.overhead import compared, measure_overhead
from bench.report import Run, as_json, as_markdown, as_text, null_text, ratios
from bench.soak import MINUTES, soak
from bench.soak import as_text as soaked
from bench.targets import OURS, THEIRS
from bench.turns import CELLS, measure

_BLOCKS, _QUICK_BLOCKS = 5, 2
_ROUNDS = 16
_DEFAULT_CELLS = "rtt,rate,cpu"


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    made.add_argument(
        "--blocks", type=int, help=f"default {_BLOCKS}; --quick: {_QUICK_BLOCKS}; --overhead: {_ROUNDS}"
    )
    made.add_argument("--quick", action="store_true", help="small messages only, without null test")
    made.add_argument("--arms", default="", help="comma-separated; default: every one that can run here")
    made.add_argument(
        "--cells", default=_DEFAULT_CELLS, help=f"of {', '.join(CELLS)}; default {_DEFAULT_CELLS}"
    )
    made.add_argument("--overhead", action="store_true", help="what measuring costs, instead of all that")
    made.add_argument(
        "--soak", action="store_true", help="minutes of load, and what grows, instead of all that"
    )
    made.add_argument("--minutes", type=float, default=MINUTES, help=f"of --soak; default {MINUTES:g}")
    made.add_argument("--json", action="store_true", help="print JSON instead of a table")
    made.add_argument("--record", type=Path, metavar="FILE", help="keep the ratios in FILE")
    made.add_argument("--compare", type=Path, metavar="FILE", help="tell which ratio of FILE got worse")
    made.add_argument("--out", type=Path, help="write results.json, table.md and plots.html there")
    return made


def main() -> int:
    """Entry point."""
    options = parser().parse_args()
    with site() as where:
        if options.overhead:
            rounds = options.blocks or _ROUNDS
            costs = compared(measure_overhead(where, rounds))
            print(json.dumps(costs, indent=2) if options.json else costs_as_text(costs, rounds))
            return 0
        if options.soak:
            seen = soak(where, options.minutes)
            print(json.dumps(asdict(seen), indent=2) if options.json else soaked(seen))
            return 0
        cells = [cell for cell in options.cells.split(",") if cell]
        if unknown := set(cells) - set(CELLS):
            print(
                f"no such cell: {', '.join(sorted(unknown))}; there are {', '.join(CELLS)}", file=sys.stderr
            )
            return 2
        wanted = _wanted(arms(where), options.arms.split(",") if options.arms else None, cells)
        blocks = options.blocks or (_QUICK_BLOCKS if options.quick else _BLOCKS)
        run = Run(machine.machine(blocks=blocks, arms=wanted, cells=cells, quick=int(options.quick)))
        _measure(run, wanted, where, cells, quick=options.quick, blocks=blocks)
    run.machine["load_after"] = round(os.getloadavg()[0], 2)
    print(
        json.dumps(as_json(run), indent=2)
        if options.json
        else f"{machine.summary(run.machine)}\n{as_text(run)}"
    )
    if options.out:
        _write(run, options.out)
    if options.compare:
        print(recorded.as_text(recorded.changes(ratios(run.blocks), recorded.read(options.compare))))
    if options.record:
        recorded.write(options.record, run.machine, ratios(run.blocks))
    return 0


def _wanted(found: Sequence[Arm], names: Sequence[str] | None, cells: Sequence[str]) -> dict[str, Arm]:
    """The arms that were asked for and have any of the cells."""
    return {
        arm.name + arm.variant: arm
        for arm in found
        if (names is None or arm.name in names) and not arm.cells.isdisjoint(cells)
    }


def _measure(
    run: Run, wanted: Mapping[str, Arm], where: Site, cells: Sequence[str], *, quick: bool, blocks: int
) -> None:
    def turns(names: Sequence[str], label: str) -> list[Turn]:
        print(f"{label}: {' '.join(names)}", file=sys.stderr)
        return [measure(wanted[name], where.folder, cells, quick=quick) for name in names]

    ours = next((key for key, arm in wanted.items() if arm.name == OURS), None)
    if ours and not quick:
        run.nulls.append(turns([ours] * 4, "null test"))
        print(null_text(run.nulls), file=sys.stderr)
    outer = [key for key, arm in wanted.items() if arm.name in (OURS, THEIRS)]
    middle = [name for name in wanted if name not in outer]
    for number in range(blocks):
        run.blocks.append(turns(order(outer, middle), f"block {number + 1} of {blocks}"))


def _write(run: Run, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(as_json(run), indent=1) + "\n", encoding="utf-8")
    (out / "table.md").write_text(as_markdown(run), encoding="utf-8")
    plots.write(out / "plots.html", run)
    print(f"{out}: results.json, table.md, plots.html", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
