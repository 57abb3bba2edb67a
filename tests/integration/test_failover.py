"""Two routers between two agents: when one dies, traffic goes on over the other."""

from __future__ import annotations

import contextlib

import pytest

from tests.integration.support import agent, domains, eventually
from tests.integration.support.checker import all_losses_are_counted
from tests.integration.support.routers import router
from tests.integration.support.stalls import stalls
from tests.integration.support.traffic import flows, traffic, under_way

pytestmark = pytest.mark.alone  # measures a silence

GOES_ON_S = 2.0
"""Longest silence; a killed router is noticed at once."""


def test_a_killed_router_costs_what_was_on_it_and_its_return_nothing() -> None:
    """Each of the two in turn, so that the one that carries the traffic is among them."""
    with (
        domains(2) as (robot, station),
        router() as first,
        router() as second,
        contextlib.ExitStack() as stack,
        stalls() as stood,
    ):
        zenoh = {"listen": [], "connect": [first.endpoint, second.endpoint]}
        agents = [
            stack.enter_context(agent(domain=one, settings={"zenoh": zenoh})) for one in (robot, station)
        ]
        talker, tally = stack.enter_context(traffic(robot, station))

        def linked(*ups: bool) -> bool:
            told = [[link["up"] for link in one.status()["connections"]["configured"]] for one in agents]
            return all(one == list(ups) for one in told)

        eventually(lambda: linked(True, True))
        under_way(tally)
        for killed, ups in ((first, (False, True)), (second, (True, False))):
            killed.kill()
            eventually(lambda ups=ups: linked(*ups))
            flows(tally)
            killed.start()
            eventually(lambda: linked(True, True))
            flows(tally)
        silence_s = tally.call("longest_silence_s")
        counted = all_losses_are_counted(talker, tally, agents)
        summary = tally.call("summary")
        still_s = stood.longest_s()
    print(f"longest silence {silence_s:.3f} s, the machine's own {still_s:.3f} s")
    print(f"{summary['count']} came, did not come and counted: {counted}")
    assert silence_s < GOES_ON_S + still_s
