"""The blocks of a run become a table, Markdown, JSON and a page that tell the same."""

from __future__ import annotations

import json
from pathlib import Path

from bench import plots
from bench.blocks import Turn
from bench.report import Run, as_json, as_markdown, as_text, null_text, table

RATE, RTT = "loss-free 64 B, msg/s", "RTT 64 B, ms"
MACHINE = {
    "begun": "2026-01-01T00:00:00+00:00",
    "cpu": "some",
    "cores": 2,
    "kernel": "6",
    "load_before": 0.0,
    "python": "3.11",
    "versions": {"zenlink": "1"},
    "commit": "abc",
}


def made() -> Run:
    values = {
        "zenlink": (30_000.0, [1.5]),
        "rust": (40_000.0, [1.0]),
        "dds": (60_000.0, []),
        "mtls": (0.0, [3.0]),
    }
    block = [
        Turn(arm, {RATE: rate}, {RTT: rtt}, {"round trips lost": 0}) for arm, (rate, rtt) in values.items()
    ]
    return Run(MACHINE, [block, block], [[block[0]] * 4])


def test_the_table_has_every_arm_and_our_ratios_losing_ones_too() -> None:
    head, *lines = as_text(made()).splitlines()
    assert head.split() == [
        "figure",
        "zenlink",
        "rust",
        "dds",
        "mtls",
        "zenlink/rust",
        "zenlink/dds",
        "mtls/zenlink",
    ]
    p50, p99, rate = lines[:3]
    assert p50.split()[5:9] == ["1.5", "1", "none", "3"]
    assert "1.50 [1.50 to 1.50]" in p50
    assert p99.startswith("RTT 64 B p99, ms")
    assert "0.75 [0.75 to 0.75]" in rate
    assert "missed: loss-free 64 B, msg/s ≥ 40000: 30000" in lines
    assert "met: zenlink/rust RTT 64 B p50, ms ≤ 1.5: 1.5" in lines


def test_p99_9_stands_below_p99_and_is_empty_where_samples_are_too_few() -> None:
    run = made()
    run.blocks[0][0].samples[RTT] = [1.5] * 998
    run.blocks[1][0].samples["RTT 6 MiB, ms"] = [40.0]
    head, *rows = table(run)
    cells = {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}
    assert list(cells)[:4] == [
        "RTT 64 B p50, ms",
        "RTT 64 B p99, ms",
        "RTT 64 B p99.9, ms",
        "RTT 6 MiB p50, ms",
    ]
    tail = cells["RTT 64 B p99.9, ms"]
    assert tail.pop("zenlink") == "1.5"
    assert set(tail.values()) == {""}


def test_markdown_has_the_cells_of_the_table() -> None:
    lines = as_markdown(made()).splitlines()
    assert lines[0].startswith("| figure | zenlink | rust |")
    assert lines[2].startswith("| RTT 64 B p50, ms | 1.5 | 1 | none | 3 | 1.50 [1.50 to 1.50] |")
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1


def test_json_has_everything_and_no_number_that_json_lacks() -> None:
    told = json.loads(json.dumps(as_json(made()), allow_nan=False))
    assert told["figures"]["zenlink"][RATE] == 30_000.0
    assert told["figures"]["dds"]["RTT 64 B p50, ms"] is None
    assert told["ratios"]["zenlink/rust"][RATE] == {"median": 0.75, "low": 0.75, "high": 0.75, "blocks": 2}
    assert told["null"][RATE]["median"] == 1.0
    assert told["machine"] == MACHINE
    assert told["blocks"][0][0]["samples"] == {RTT: [1.5]}
    [ours] = [one for one in told["targets"] if one["figure"] == RATE and not one["base"]]
    assert (ours["value"], ours["met"]) == (30_000.0, False)


def test_the_null_test_is_printed_by_figure() -> None:
    text = null_text(made().nulls)
    assert "1 block(s)" in text
    assert [line.split("  ")[-1].strip() for line in text.splitlines()[1:]] == ["1.00"] * 3


def test_the_page_needs_nothing_beside_it(tmp_path: Path) -> None:
    plots.write(tmp_path / "plots.html", made())
    page = (tmp_path / "plots.html").read_text()
    assert "data:image/svg+xml;base64," in page
    assert "zenlink/rust" in page
    assert 'src="http' not in page
