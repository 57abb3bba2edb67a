"""DDS → Zenoh, the route: a reader only where somebody wants the samples, tokens as planned, no rests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.routespec import DropCause
from bridge.errors import ZenohError
from bridge.ports import DdsSample
from bridge.routes.egress import LINGER_S
from tests.bridge.routes.stage import Stage, drops, planned
from tests.builders import LATCHED, payload


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_it_announces_itself_at_once_but_reads_dds_only_when_somebody_wants_it(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    assert list(stage.zenoh.tokens) == [str(route.planned.token)]
    assert (route.active, stage.dds.readers) == (False, [])
    assert "nobody on Zenoh" in route.idle_reason
    stage.far_subscriber()
    assert (route.active, route.idle_reason) == (True, "")
    assert route.endpoint_gids() == ((stage.dds.readers[0].gid,), ())


def test_the_reader_outlives_a_short_pause_of_interest_and_no_long_one(stage: Stage) -> None:
    route = stage.egress(planned(stage.talker()))
    subscriber = stage.far_subscriber()
    first = stage.dds.readers[0]
    subscriber.close()
    route.tick(stage.clock.advance(LINGER_S / 2))
    subscriber = stage.far_subscriber()
    route.tick(stage.clock.advance(LINGER_S))
    assert stage.dds.readers == [first]
    subscriber.close()
    assert route.next_tick_s() == stage.now_s + LINGER_S
    route.tick(stage.clock.advance(LINGER_S))
    assert stage.dds.readers == []
    assert route.next_tick_s() is None


def test_a_route_that_cannot_announce_itself_leaves_nothing_behind(stage: Stage) -> None:
    talker = stage.talker(LATCHED)
    stage.zenoh.refusals.add("announce")
    with pytest.raises(ZenohError):
        stage.egress(planned(talker))
    assert (stage.zenoh.publishers, stage.zenoh.tokens, stage.dds.readers) == ([], {}, [])


def test_a_changed_announcement_retires_the_old_one(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    (before,) = stage.zenoh.tokens
    latched = stage.talker(LATCHED)
    route.update(planned(talker, latched), stage.now_s)
    assert before not in stage.zenoh.tokens
    assert str(route.planned.token) in stage.zenoh.tokens


def test_losses_of_dds_itself_are_counted_over_all_readers(stage: Stage) -> None:
    route = stage.egress(planned(stage.talker()))
    subscriber = stage.far_subscriber()
    stage.dds.readers[0].lost = 3
    subscriber.close()
    route.tick(stage.clock.advance(LINGER_S))
    stage.far_subscriber()
    stage.dds.readers[0].lost = 2
    assert drops(route) == {DropCause.DDS_LOST: 5}


def test_closing_retires_undeclares_and_counts_what_is_still_queued(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    route.flow.enqueue([DdsSample(payload(), 1, talker.handle)] * 3)
    route.close()
    route.close()
    assert (stage.zenoh.publishers, stage.zenoh.tokens, stage.dds.readers) == ([], {}, [])
    assert drops(route) == {DropCause.CLOSED: 3}


def test_an_eager_route_reads_before_anybody_subscribes_and_for_good(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(replace(planned(talker), eager=True))
    (reader,) = stage.dds.readers
    subscriber = stage.far_subscriber()
    subscriber.close()
    route.tick(stage.clock.advance(LINGER_S))
    assert stage.dds.readers == [reader]
    route.close()
    assert stage.dds.readers == []
