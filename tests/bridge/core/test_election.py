"""Who routes: one of the agents on a domain, and nobody beside a foreign bridge."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.election import MEET_S, REUNION_S, TAKEOVER_S, Election, Verdict, elect
from bridge.core.tokens import AgentToken
from tests.builders import agent
from tests.strategies import zids


def rivals(*agents: tuple[str, bool]) -> dict[str, AgentToken]:
    return {zid: agent(zid, participant=number, active=active) for number, (zid, active) in enumerate(agents)}


def ask(
    *agents: tuple[str, bool], zid: str = "5", foreign: tuple[str, ...] = (), routing: bool = False
) -> Verdict:
    return elect(zid=zid, rivals=rivals(*agents), foreign=foreign, routing=routing)


def test_alone_it_routes() -> None:
    assert ask() == Verdict(route=True)


@pytest.mark.parametrize("other", ["3", "7"])
def test_whoever_routes_already_goes_on(other: str) -> None:
    """A spare that starts, or comes back, takes nothing over: what is under way would be lost."""
    assert ask((other, True)) == Verdict(route=False, rival=other, reason=f"agent {other} routes")
    assert ask((other, False), routing=True).route


def test_of_two_that_route_the_lower_goes_on() -> None:
    assert ask(("7", True), routing=True).route
    verdict = ask(("3", True), ("4", True), routing=True)
    assert (verdict.route, verdict.rival) == (False, "3")
    assert "3" in verdict.reason


def test_where_nobody_routes_the_lowest_begins() -> None:
    assert ask(("7", False), ("6", False)).route
    verdict = ask(("4", False), ("3", False))
    assert (verdict.route, verdict.rival) == (False, "3")
    assert "3" in verdict.reason


def test_ids_are_compared_as_numbers() -> None:
    assert ask(("10", False), zid="f").route
    assert not ask(("f", False), zid="10").route


def test_beside_a_foreign_bridge_nobody_of_us_routes() -> None:
    verdict = ask(foreign=("/zenoh_bridge_ros2dds",), routing=True)
    assert (verdict.route, verdict.foreign, verdict.rival) == (False, True, "/zenoh_bridge_ros2dds")
    assert verdict.reason


@given(st.dictionaries(zids, st.booleans(), min_size=1, max_size=4))
def test_of_agents_that_see_each_other_exactly_one_ends_up_routing(states: dict[str, bool]) -> None:
    def step(zid: str) -> bool:
        others = {
            other: agent(other, participant=1, active=on) for other, on in states.items() if other != zid
        }
        return elect(zid=zid, rivals=others, foreign=(), routing=states[zid]).route

    begun = [zid for zid, on in states.items() if on] or list(states)
    for _ in range(2):
        for zid in states:
            states[zid] = step(zid)
    assert [zid for zid, on in states.items() if on] == [min(begun, key=lambda zid: int(zid, 16))]


@pytest.mark.parametrize("order", list(itertools.permutations(["1", "2", "3"])))
def test_when_the_one_that_routed_is_gone_the_next_takes_over(order: tuple[str, ...]) -> None:
    left = [zid for zid in order if zid != "1"]
    verdicts = {zid: ask(*((other, False) for other in left if other != zid), zid=zid).route for zid in left}
    assert verdicts == {"2": True, "3": False}


class Voter:
    """Agent 5 with its memory; what it routed at the last decision it still does at the next."""

    def __init__(self) -> None:
        self.election = Election(zid="5")
        self.routing = False

    def decide(
        self,
        now_s: float,
        *agents: tuple[str, bool],
        on_domain: Iterable[str] = (),
        linked: bool = True,
        foreign: tuple[str, ...] = (),
    ) -> bool:
        seen = rivals(*agents)
        self.routing = self.election.decide(
            now_s,
            rivals=seen,
            on_domain={*seen, *on_domain, "5"},
            foreign=foreign,
            routing=self.routing,
            linked=lambda: linked,
        ).route
        return self.routing


@pytest.fixture
def voter() -> Voter:
    return Voter()


def test_alone_on_its_domain_it_needs_no_link(voter: Voter) -> None:
    assert voter.decide(0.0, linked=False)
    assert not voter.election.watching


def test_a_spare_takes_over_soon_after_its_rival_fell_silent(voter: Voter) -> None:
    assert not voter.decide(0.0, ("3", True))
    assert not voter.decide(10.0, on_domain="3")
    assert voter.election.watching
    assert not voter.decide(10.0 + TAKEOVER_S - 0.01, on_domain="3")
    assert voter.decide(10.0 + TAKEOVER_S, on_domain="3")


def test_a_spare_takes_over_at_once_from_a_rival_that_left_the_domain(voter: Voter) -> None:
    assert not voter.decide(0.0, ("3", True))
    assert voter.decide(10.0)


def test_a_spare_whose_own_link_breaks_takes_nothing_over(voter: Voter) -> None:
    assert not voter.decide(0.0, ("3", True))
    assert not voter.decide(10.0, on_domain="3", linked=True)  # tokens vanish first, then the link
    assert not voter.decide(10.05, on_domain="3", linked=False)
    assert not voter.decide(100.0, on_domain="3", linked=False)


def test_after_its_own_link_is_back_it_gives_the_rival_time_to_come_back_too(voter: Voter) -> None:
    assert not voter.decide(0.0, ("3", True))
    assert not voter.decide(10.0, on_domain="3", linked=False)
    assert not voter.decide(20.0, on_domain="3")
    assert not voter.decide(20.0 + REUNION_S - 0.01, on_domain="3")
    assert voter.decide(20.0 + REUNION_S, on_domain="3")


def test_one_that_routes_stops_when_its_link_breaks_for_its_spare_may_have_one(voter: Voter) -> None:
    assert voter.decide(0.0, ("7", False))
    assert not voter.decide(10.0, on_domain="7", linked=False)
    assert not voter.decide(20.0, on_domain="7")
    assert not voter.decide(20.1, ("7", True))  # indeed


def test_one_that_routes_goes_on_when_only_its_spare_falls_silent(voter: Voter) -> None:
    assert voter.decide(0.0, ("7", False))
    assert voter.decide(10.0, on_domain="7")


def test_one_that_routes_goes_on_without_a_link_when_the_spare_is_gone_from_the_domain(voter: Voter) -> None:
    assert voter.decide(0.0, ("7", False))
    assert voter.decide(10.0, linked=False)


def test_at_the_start_it_meets_the_others_before_it_routes(voter: Voter) -> None:
    assert not voter.decide(0.0, on_domain="3", linked=False)
    assert not voter.decide(10.0, on_domain="3")
    assert not voter.decide(10.1, ("3", True))


def test_whom_it_does_not_meet_soon_is_on_another_network_and_no_rival(voter: Voter) -> None:
    assert not voter.decide(0.0, on_domain="3")
    assert voter.decide(MEET_S, on_domain="3")
    assert voter.decide(10.0, on_domain="3", linked=False)
    assert not voter.election.watching


def test_a_spare_that_never_routed_remembers_its_rival_as_well(voter: Voter) -> None:
    assert not voter.decide(0.0, on_domain="38", linked=False)  # 8 is on another network
    assert not voter.decide(1.0, ("3", True), on_domain="8")
    assert not voter.decide(10.0, on_domain="38", linked=False)
    assert not voter.decide(20.0, on_domain="38")
    assert not voter.decide(20.0 + MEET_S, on_domain="38")
    assert not voter.decide(21.0, ("3", True), on_domain="8")
    assert not voter.decide(30.0, on_domain="38")
    assert voter.decide(30.0 + TAKEOVER_S, on_domain="38")


def test_a_foreign_bridge_outweighs_every_silence(voter: Voter) -> None:
    assert voter.decide(0.0, ("7", False))
    assert not voter.decide(10.0, ("7", False), foreign=("/zenoh_bridge_ros2dds",))
    assert voter.decide(20.0, ("7", False))
