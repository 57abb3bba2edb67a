"""TRANSIENT_LOCAL from Zenoh to DDS: the past first, each writer's own, gone when the writer is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.qos import History, HistoryKind
from bridge.core.routespec import DropCause
from bridge.errors import ZenohError
from bridge.ports import ZenohSample
from bridge.routes.history import HistoryCache
from bridge.routes.ingresswriters import MAX_WRITERS, RETIRE_S
from tests.bridge.routes.stage import START_NS, Stage, drops, planned
from tests.builders import KEEP_ALL, LATCHED, payload, publisher, reader, source

LATE = publisher(qos=LATCHED)
DEEP = replace(LATCHED, history=History(HistoryKind.KEEP_LAST, 5))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def cache(*samples: tuple[int, bytes]) -> HistoryCache:
    """A far cache with these (number, source), numbers being the times, too."""
    kept = HistoryCache()
    for number, source_id in samples:
        kept.store(ZenohSample(payload(number), START_NS + number, source_id), depth=10)
    return kept


def test_the_past_comes_before_what_was_live_meanwhile_and_nothing_twice(stage: Stage) -> None:
    one = source(1).writer.value
    far = stage.far_publisher(cache((1, one), (2, one), (3, one)))
    local, sink = stage.listener(DEEP)
    stage.network.answers.hold()
    route = stage.ingress(planned(local, LATE))
    far.put(payload(3), START_NS + 3, one)
    far.put(payload(4), START_NS + 4, one)
    assert sink.samples == []
    stage.network.answers.release()
    assert sink.payloads == [payload(number) for number in (1, 2, 3, 4)]
    assert drops(route) == {DropCause.DUPLICATE: 1}
    far.put(payload(5), START_NS + 5, one)
    assert sink.payloads[-1] == payload(5)


def test_without_an_answer_what_was_live_is_not_lost(stage: Stage) -> None:
    far = stage.far_publisher()
    local, sink = stage.listener(LATCHED)
    stage.network.answers.hold()
    stage.ingress(planned(local, LATE))
    far.put(payload(1), START_NS, b"a" * 16)
    stage.network.answers.release()
    assert sink.payloads == [payload(1)]


def test_a_volatile_route_asks_for_no_past(stage: Stage) -> None:
    stage.far_publisher(cache((1, b"a" * 16)))
    local, sink = stage.listener()
    stage.ingress(planned(local, publisher()))
    assert stage.zenoh.subscribers[0].asked == []
    assert sink.samples == []


@pytest.mark.parametrize(
    ("announced", "local", "asked"),
    [
        (LATCHED, LATCHED, 1),
        (LATCHED, DEEP, 5),
        (DEEP, LATCHED, 5),
        (replace(LATCHED, history=None), LATCHED, 10),
        (replace(LATCHED, history=KEEP_ALL), LATCHED, 0xFFFFFFFF),
    ],
)
def test_it_asks_for_as_much_as_somebody_keeps(stage: Stage, announced, local, asked: int) -> None:
    stage.ingress(planned(reader(qos=local), publisher(qos=announced)))
    assert stage.zenoh.subscribers[0].asked == [asked]


def test_of_25_static_publishers_a_late_joiner_gets_25_samples(stage: Stage) -> None:
    sources = [source(number) for number in range(1, 26)]
    stage.far_publisher(cache(*((number, one.writer.value) for number, one in enumerate(sources))))
    first, _ = stage.listener(LATCHED)
    stage.ingress(planned(first, LATE, *sources))
    _, late = stage.listener(LATCHED)
    assert sorted(late.payloads) == sorted(payload(number) for number in range(25))


def test_each_announced_writer_has_a_dds_writer_of_its_own_depth(stage: Stage) -> None:
    sources = (source(1, depth=1), source(2, depth=7), source(3, depth=-1), source(4, depth=0))
    stage.ingress(planned(reader(qos=LATCHED), LATE, *sources))
    histories = [writer.endpoint.qos.history for writer in stage.dds.writers[1:]]
    depths = [KEEP_ALL if depth < 0 else History(HistoryKind.KEEP_LAST, depth) for depth in (1, 7, -1, 10)]
    assert histories == depths


def test_writers_beyond_the_bound_share_the_common_one(stage: Stage) -> None:
    sources = [source(number) for number in range(1, MAX_WRITERS + 20)]
    stage.ingress(planned(reader(qos=LATCHED), LATE, *sources))
    assert len(stage.dds.writers) == 1 + MAX_WRITERS


def test_a_late_joiner_gets_nothing_of_a_writer_that_is_gone(stage: Stage) -> None:
    stays, goes = source(1), source(2)
    stage.far_publisher(cache((1, stays.writer.value), (2, goes.writer.value)))
    first, early = stage.listener(LATCHED)
    route = stage.ingress(planned(first, LATE, stays, goes))
    assert sorted(early.payloads) == [payload(1), payload(2)]
    route.update(planned(first, LATE, stays), stage.now_s)
    route.tick(stage.clock.advance(RETIRE_S))
    _, late = stage.listener(LATCHED)
    assert late.payloads == [payload(1)]


def test_a_writer_gone_has_a_moment_for_its_last_acknowledgements(stage: Stage) -> None:
    goes = source(2)
    route = stage.ingress(planned(reader(qos=LATCHED), LATE, goes))
    writer = stage.dds.writers[1]
    writer.acknowledges = False
    route.update(planned(reader(qos=LATCHED), LATE), stage.now_s)
    route.tick(stage.now_s)
    assert not writer.closed
    assert route.next_tick_s() is not None
    route.tick(stage.clock.advance(RETIRE_S))
    assert writer.closed
    assert route.next_tick_s() is None


def test_a_writer_that_comes_back_after_its_end_is_asked_for_its_past_again(stage: Stage) -> None:
    back = source(1)
    stage.far_publisher(cache((1, back.writer.value)))
    local, _ = stage.listener(LATCHED)
    route = stage.ingress(planned(local, LATE, back))
    route.update(planned(local, LATE), stage.now_s)
    route.tick(stage.clock.advance(RETIRE_S))
    route.update(planned(local, LATE, back), stage.now_s)
    _, late = stage.listener(LATCHED)
    assert late.payloads == [payload(1)]


def test_what_was_missed_while_a_link_was_down_is_fetched_and_nothing_is_doubled(stage: Stage) -> None:
    one = source(1)
    kept = cache((1, one.writer.value))
    stage.far_publisher(kept)
    local, sink = stage.listener(LATCHED)
    route = stage.ingress(planned(local, LATE, one))
    kept.store(ZenohSample(payload(2), START_NS + 2, one.writer.value), depth=10)
    route.refresh_history()
    assert sink.payloads == [payload(1), payload(2)]
    assert drops(route) == {}


def test_with_two_questions_at_a_time_nothing_passes_before_the_last_answer(stage: Stage) -> None:
    one = source(1)
    far = stage.far_publisher(cache((1, one.writer.value)))
    local, sink = stage.listener(DEEP)
    stage.network.answers.hold()
    route = stage.ingress(planned(local, LATE, one))
    route.refresh_history()
    far.put(payload(2), START_NS + 2, one.writer.value)
    assert stage.network.answers.waiting() == 2
    stage.network.answers.release(reverse=True)
    assert sink.payloads == [payload(1), payload(2)]


def test_a_route_closed_during_a_question_writes_what_it_held(stage: Stage) -> None:
    far = stage.far_publisher(cache((1, b"a" * 16)))
    local, sink = stage.listener(LATCHED)
    stage.network.answers.hold()
    route = stage.ingress(planned(local, LATE))
    far.put(payload(2), START_NS + 2, b"a" * 16)
    route.close()
    stage.network.answers.release()
    assert sink.payloads == [payload(2)]
    assert drops(route) == {}


def test_a_refused_subscription_holds_nothing_back_for_ever(stage: Stage) -> None:
    local, sink = stage.listener(LATCHED)
    route = stage.ingress(planned(LATE))
    stage.zenoh.refusals.add("open_subscriber")
    wanted = planned(local, LATE)
    with pytest.raises(ZenohError):
        route.update(wanted, stage.now_s)
    stage.zenoh.refusals.clear()
    route.update(wanted, stage.now_s)
    stage.far_publisher().put(payload(1), START_NS, b"a" * 16)
    assert sink.payloads == [payload(1)]
