"""A topic that is sent and does not come is subscribed to anew, ever more rarely, and says so."""

from __future__ import annotations

import pytest

from bridge.core.counts import CountRecord, SourceCount
from bridge.core.gid import Gid
from bridge.routes.ingress import REBUILD_FIRST_S, IngressRoute
from bridge.routes.ledger import SILENT_RECORDS
from tests.bridge.routes.stage import START_NS, Stage, planned
from tests.builders import FAR_ZID, payload, publisher, reader

WRITER = b"a" * 16


class Sender:
    """Tells what it sends; what it sends comes only when the test says so."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.count = 0

    def second(self, route: IngressRoute, *, comes: bool = False) -> None:
        """One more with a sample, a record and a look at the route."""
        self.count += 1
        (subscriber,) = self.stage.zenoh.subscribers
        if comes:
            self.stage.far_publisher().put(payload(self.count), START_NS + self.count, WRITER)
        one = SourceCount(writer=Gid(WRITER), epoch=1, count=self.count, last_ns=START_NS + self.count)
        subscriber.receive_counts(FAR_ZID, CountRecord(blocking=True, sources=(one,)))
        self.stage.clock.advance(1.0)
        route.report(self.stage.now_s)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def fallen_silent(stage: Stage) -> tuple[IngressRoute, Sender]:
    route, sender = stage.ingress(planned(reader(), publisher())), Sender(stage)
    sender.second(route, comes=True)
    for _ in range(SILENT_RECORDS - 1):
        sender.second(route)
    assert (route.silent, route.rebuilds) == (False, 0)
    return route, sender


def test_a_silent_topic_is_subscribed_to_anew_and_counted(stage: Stage) -> None:
    route, sender = fallen_silent(stage)
    (before,) = stage.zenoh.subscribers
    sender.second(route)
    (after,) = stage.zenoh.subscribers
    assert after is not before
    assert before.closed
    assert (route.silent, route.counters().rebuilds) == (True, 1)
    sender.second(route, comes=True)
    assert (route.silent, route.counters().rebuilds) == (False, 1)


def test_a_topic_that_stays_silent_is_left_more_and_more_time(stage: Stage) -> None:
    route, sender = fallen_silent(stage)
    for _ in range(int(3 * REBUILD_FIRST_S) + 1):
        sender.second(route)
    assert route.rebuilds == 3  # at once, and after one and two more pauses


def test_a_subscription_that_is_refused_leaves_the_old_one(stage: Stage) -> None:
    route, sender = fallen_silent(stage)
    before = list(stage.zenoh.subscribers)
    stage.zenoh.refusals.add("open_subscriber")
    sender.second(route)
    assert stage.zenoh.subscribers == before
    assert (route.silent, route.rebuilds) == (True, 0)
