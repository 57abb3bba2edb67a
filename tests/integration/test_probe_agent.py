"""A running agent answers probes, and measures its links all the time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.integration.support import Agent, agent, domains, eventually
from tests.integration.support.processes import ROOT

LOOSE = {"probe": {"limit": 60000, "period_s": 0.1}}


def zenlink(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def measured(by: Agent, target: str, state: str) -> dict[str, Any]:
    """The entry of a target, once it is in a state."""

    def look() -> dict[str, Any] | None:
        found = [one for one in by.ask("probe") or () if one["target"] == target]
        return found[0] if found and found[0]["state"] == state else None

    return eventually(look)


def test_each_agent_measures_its_link_to_the_other_and_tells_it_everywhere() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=station, settings=LOOSE) as right,
        agent(domain=robot, connect=[right], settings=LOOSE) as left,
    ):
        for one, other in ((left, right), (right, left)):
            found = measured(one, other.status()["zid"], "met")
            assert (found["clock"], found["bound_ms"]) == ("same clock", 0.0)
            assert found["there_p50_ms"] > 0.0
        watched = json.loads(
            zenlink("probe", "watch", "--once", "--json", "--socket", str(left.socket)).stdout
        )
        assert [one["target"] for one in watched] == [right.status()["zid"]]
        shown = zenlink("probe", "watch", "--once", "--socket", str(left.socket)).stdout
        assert right.status()["zid"] in shown
        kernel = eventually(lambda: left.status()["probe"]["kernel"])
        assert [(one["zid"], one["interface"]) for one in kernel] == [(right.status()["zid"], "lo")]
        assert kernel[0]["tcp"]["min_rtt_ms"] > 0.0
        assert right.status()["probe"]["echo"]["answered"] > 0


def test_an_agent_answers_a_ping_from_outside() -> None:
    with domains(1) as (robot,), agent(domain=robot) as one:
        quick = ("--count", "50", "--rate", "50", "--class", "60000", "--json")
        done = zenlink("probe", "ping", one.endpoint, *quick)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["summary"]["lost"] == 0
        assert report["verdict"]["answer"] == "met"
        unused = one.status()["probe"]["echo"]
        assert unused["answered"] >= 50


def test_a_missed_target_and_a_dead_neighbour_are_findings() -> None:
    strict = {"probe": {"limit": 0.0001, "period_s": 0.1}}
    with (
        domains(2) as (robot, station),
        agent(domain=station) as right,
        agent(domain=robot, connect=[right], settings=strict) as left,
    ):
        zid = right.status()["zid"]
        measured(left, zid, "missed")
        codes = {finding["code"]: finding for finding in left.status()["findings"]}
        slow = codes["link_slow"]
        assert slow["subject"] == zid
        assert slow["text"].startswith("its target is missed: p99 ")
        assert zid not in slow["text"]  # it is beside its subject wherever it is shown
        right.kill()
        measured(left, zid, "silent")
        assert "link_silent" in {finding["code"] for finding in left.status()["findings"]}


def test_it_can_be_turned_off() -> None:
    off = {"probe": {"serve": False, "watch": False}}
    with domains(1) as (robot,), agent(domain=robot, settings=off) as one:
        assert one.ask("probe") == []
        assert one.status()["probe"] == {"latencies": [], "kernel": [], "echo": {}}
        done = zenlink("probe", "ping", one.endpoint, "--count", "5")
        assert done.returncode == 3
        assert "nobody echoes" in done.stderr
