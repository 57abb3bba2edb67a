"""How soon traffic is back: a killed router's successor, a link that is cut without a word.

What the machine itself stood still meanwhile is taken off: the worst of all repeats counts.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.relay import Relay
from tests.integration.support import Agent, RosNode, agent, domains, eventually
from tests.integration.support.routers import router
from tests.integration.support.stalls import stalls
from tests.integration.support.traffic import flows, traffic

pytestmark = pytest.mark.alone  # measures how soon traffic is back

REPEATS = int(os.environ.get("ZENLINK_REPEATS", "5"))
"""20 for the figures of a release."""
BACK_S = 0.5
NOTICED_S = 2.0
CUT = {"link_down", "link_silent", "bridge_away"}


def told(what: str, figures_s: list[float]) -> str:
    """One line for whoever runs it; pytest shows it with -s or -rP."""
    median_s, worst_s = statistics.median(figures_s), max(figures_s)
    line = f"{what}: median {median_s:.3f} s, worst {worst_s:.3f} s of {len(figures_s)}"
    print(line)
    return line


@pytest.mark.timeout(120 + 15 * REPEATS)
def test_traffic_is_back_half_a_second_after_a_killed_router_answers_again() -> None:
    back_s = []
    with (
        domains(2) as (robot, station),
        router() as middle,
        contextlib.ExitStack() as stack,
        stalls() as stood,
    ):
        zenoh = {"listen": [], "connect": [middle.endpoint]}
        left = stack.enter_context(agent(domain=robot, settings={"zenoh": zenoh}))
        right = stack.enter_context(agent(domain=station, settings={"zenoh": zenoh}))
        _, tally = stack.enter_context(traffic(robot, station))
        flows(tally)
        for _repeat in range(REPEATS):
            middle.kill()
            eventually(lambda: not left.status()["links"] and not right.status()["links"])
            middle.start()
            first_s = eventually(lambda: tally.call("first_after", moment_s=middle.answered_s))
            still_s = stood.between_s(middle.answered_s, first_s)
            back_s.append(first_s - middle.answered_s - still_s)
            flows(tally)
        assert tally.call("summary")["doubled"] == 0
        for one in (left, right):
            [link] = one.status()["connections"]["configured"]
            assert (link["endpoint"], link["up"], link["reconnects"]) == (middle.endpoint, True, REPEATS)
    line = told("first message after a restarted router's port answers", back_s)
    assert max(back_s) <= BACK_S, line


@contextlib.contextmanager
def fork() -> Iterator[tuple[Relay, Agent, Agent, RosNode, RosNode]]:
    """A robot with two stations: one behind a relay, one linked directly; and what either has counted."""
    with (
        domains(3) as (robot, station, other),
        agent(domain=robot) as left,
        Relay(int(left.endpoint.rpartition(":")[2])) as relay,
        agent(domain=station, settings={"zenoh": {"connect": [relay.endpoint]}}) as right,
        agent(domain=other, connect=[left]),
        traffic(robot, station) as (_, tally),
        traffic(robot, other, writer="second") as (_, neighbour),
    ):
        flows(tally)
        flows(neighbour)
        yield relay, left, right, tally, neighbour


def findings(one: Agent) -> dict[str, Any]:
    return {finding["code"]: finding for finding in one.status()["findings"]}


@pytest.mark.timeout(120 + 15 * REPEATS)
def test_a_silent_cut_is_noticed_within_two_seconds_and_troubles_no_other_link() -> None:
    noticed_s, back_s = [], []
    with fork() as (relay, left, right, tally, neighbour), stalls() as stood:
        for _repeat in range(REPEATS):
            relay.cut()
            cut_s = time.monotonic()
            eventually(lambda: "link_down" in findings(right) and "bridge_away" in findings(left))
            seen_s = time.monotonic()
            noticed_s.append(seen_s - cut_s - stood.between_s(cut_s, seen_s))
            assert findings(right)["link_down"]["subject"] == relay.endpoint
            assert not right.status()["connections"]["configured"][0]["up"]
            flows(neighbour)
            relay.heal()
            healed_s = time.monotonic()
            back_s.append(eventually(lambda s=healed_s: tally.call("first_after", moment_s=s)) - healed_s)
            # Not link_slow: what was lost on the cut link is in the figures of its probe for a while.
            eventually(lambda: not findings(right).keys() & CUT and not findings(left).keys() & CUT)
            flows(tally)
        assert tally.call("summary")["doubled"] == 0
        assert right.status()["connections"]["configured"][0]["reconnects"] == REPEATS
        assert left.status()["connections"]["ended"] >= REPEATS
        assert neighbour.call("longest_silence_s") < 1.0 + stood.longest_s()
        summary = neighbour.call("summary")
        assert (summary["lost"], summary["doubled"]) == (0, 0), summary
    told("first message after a cut link is healed", back_s)
    line = told("a silent cut is noticed", noticed_s)
    assert max(noticed_s) <= NOTICED_S, line
