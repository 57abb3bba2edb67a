"""What is taken while nobody can be reached: lost where a link broke, else wanted by nobody."""

from __future__ import annotations

import pytest

from bridge.core.routespec import LossCause
from bridge.routes.account import Account
from bridge.routes.stats import RouteStats

NEAR, FAR = "a1", "b2"


class Route:
    """An account whose link comes and goes."""

    def __init__(self) -> None:
        self._stats = RouteStats()
        self.account = Account(self._stats)

    def match(self) -> None:
        self.account.reachable = True
        self.account.matched(0.0)

    def unmatch(self) -> None:
        self.account.reachable = False

    def take(self, samples: int) -> None:
        self.account.unreached += 0 if self.account.reachable else samples

    @property
    def lost(self) -> dict[str, int]:
        return dict(self._stats.counters(queue_messages=0, queue_bytes=0).lost)


@pytest.fixture
def route() -> Route:
    return Route()


def lost_on_links(count: int) -> dict[str, int]:
    return {LossCause.LINK.value: count}


def test_what_nobody_asked_for_is_not_lost(route: Route) -> None:
    route.take(3)
    route.match()
    route.unmatch()
    route.take(3)
    route.match()
    assert route.lost == {}


def test_what_a_broken_link_kept_from_its_receiver_is_lost(route: Route) -> None:
    route.match()
    route.unmatch()
    route.account.bridge_gone(FAR)
    route.take(3)
    route.match()
    assert route.lost == lost_on_links(3)


def test_a_match_of_another_receiver_does_not_make_the_broken_link_forgotten(route: Route) -> None:
    route.match()
    route.unmatch()
    route.account.bridge_gone(FAR)
    route.match()  # NEAR's
    route.unmatch()
    route.take(3)
    route.account.bridge_back(FAR)
    route.match()
    assert route.lost == lost_on_links(3)


def test_a_second_way_that_breaks_before_its_receiver_is_heard_of_does_not_either(route: Route) -> None:
    """The subscription comes before the bridge token, so such a way begins and ends with a match alone."""
    route.match()
    route.unmatch()
    route.account.bridge_gone(FAR)
    route.take(2)
    route.match()
    route.unmatch()
    route.take(3)
    route.match()
    assert route.lost == lost_on_links(5)


def test_once_the_receiver_is_back_and_subscribes_its_farewell_is_no_loss(route: Route) -> None:
    route.match()
    route.unmatch()
    route.account.bridge_gone(FAR)
    route.take(2)
    route.account.bridge_back(FAR)
    route.take(1)  # it has still to subscribe
    route.match()
    route.unmatch()
    route.take(4)
    route.match()
    assert route.lost == lost_on_links(3)


def test_who_is_heard_of_after_it_subscribed_is_back_at_once(route: Route) -> None:
    route.match()
    route.unmatch()
    route.account.bridge_gone(FAR)
    route.match()
    route.account.bridge_back(FAR)
    route.unmatch()
    route.take(4)
    route.match()
    assert route.lost == {}


def test_a_way_that_breaks_again_before_the_receiver_subscribes_is_a_broken_one(route: Route) -> None:
    route.match()
    route.unmatch()
    route.account.bridge_gone(FAR)
    route.account.bridge_back(FAR)
    route.account.bridge_gone(FAR)
    route.match()
    route.unmatch()
    route.take(3)
    route.match()
    assert route.lost == lost_on_links(3)


def test_who_is_waited_for_no_longer_loses_nothing_more(route: Route) -> None:
    route.match()
    route.unmatch()
    route.account.bridge_gone(FAR)
    route.take(3)
    route.account.follow({NEAR})
    route.take(4)
    route.match()
    assert route.lost == lost_on_links(3)
