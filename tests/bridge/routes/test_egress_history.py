"""TRANSIENT_LOCAL from DDS to Zenoh: each writer's own history for late joiners, and no sample twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.policy import Policy, Rule
from bridge.core.qos import History, HistoryKind
from bridge.ports import ZenohSample
from bridge.routes.egress import LINGER_S, OVERLAP_S
from tests.bridge.routes.stage import START_NS, Stage, numbers, planned
from tests.builders import LATCHED, payload

DEEP = replace(LATCHED, history=History(HistoryKind.KEEP_LAST, 3))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def history(stage: Stage, newest: int = 100) -> list[ZenohSample]:
    """What a late joiner is given."""
    found: list[list[ZenohSample]] = []
    subscriber = stage.far.open_subscriber(key_expr="chatter", on_sample=lambda sample: None)
    subscriber.fetch_history(newest, found.append)
    subscriber.close()
    return found[0]


def test_a_late_joiner_gets_each_writers_own_history(stage: Stage) -> None:
    one, other = stage.talker(LATCHED), stage.talker(DEEP)
    stage.egress(planned(one, other))
    stage.far_subscriber()
    for number in range(5):
        one.write(payload(number), START_NS + number)
        other.write(payload(10 + number), START_NS + number)
    assert history(stage) == [
        ZenohSample(payload(12), START_NS + 2, other.gid.value),
        ZenohSample(payload(13), START_NS + 3, other.gid.value),
        ZenohSample(payload(4), START_NS + 4, one.gid.value),
        ZenohSample(payload(14), START_NS + 4, other.gid.value),
    ]


def test_what_was_latched_before_anybody_listened_reaches_the_first_listener(stage: Stage) -> None:
    talker = stage.talker(LATCHED)
    talker.write(payload(7), START_NS)
    stage.egress(planned(talker))
    stage.far_subscriber()
    assert stage.received == [ZenohSample(payload(7), START_NS, talker.gid.value)]
    assert history(stage) == stage.received


def test_every_latched_writer_is_announced_with_the_route(stage: Stage) -> None:
    one, other = stage.talker(LATCHED), stage.talker(DEEP)
    route = stage.egress(planned(one, other))
    assert set(stage.zenoh.tokens) == {str(route.planned.token), *map(str, route.planned.writer_tokens())}
    route.update(planned(one), stage.now_s)
    assert len(stage.zenoh.tokens) == 2


def test_the_history_of_a_writer_that_is_gone_goes_with_it(stage: Stage) -> None:
    one, other = stage.talker(LATCHED), stage.talker(LATCHED)
    route = stage.egress(planned(one, other))
    stage.far_subscriber()
    one.write(payload(1), START_NS)
    other.write(payload(2), START_NS)
    route.update(planned(other), stage.now_s)
    assert [sample.source_id for sample in history(stage)] == [other.gid.value]


def test_a_reader_opened_anew_repeats_the_past_under_the_times_it_had(stage: Stage) -> None:
    talker = stage.talker(DEEP)
    route = stage.egress(planned(talker))
    subscriber = stage.far_subscriber()
    for source_ns in (START_NS, START_NS, START_NS + 10**12):  # equal, and far ahead of our clock
        talker.write(payload(), source_ns)
    before = list(stage.received)
    subscriber.close()
    route.tick(stage.clock.advance(LINGER_S))
    stage.clock.step_wall(2 * 10**12)
    stage.received.clear()
    stage.far_subscriber()
    # Of two equal raw times the later identity is remembered; whoever has both drops it either way.
    assert {sample.source_ns for sample in stage.received} <= {sample.source_ns for sample in before}
    assert stage.received[-1] == before[-1]
    assert history(stage)[-1] == before[-1]


def test_after_a_repeat_new_samples_are_newer_than_everything_before(stage: Stage) -> None:
    talker = stage.talker(LATCHED)
    route = stage.egress(planned(talker))
    subscriber = stage.far_subscriber()
    talker.write(payload(1), START_NS)
    subscriber.close()
    route.tick(stage.clock.advance(LINGER_S))
    stage.far_subscriber()
    talker.write(payload(2), START_NS)
    times = [sample.source_ns for sample in stage.received]
    assert times == [START_NS, START_NS, START_NS + 1]


def test_a_rebuilt_reader_repeats_nothing(stage: Stage) -> None:
    talker = stage.talker(LATCHED)
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    talker.write(payload(1), START_NS)
    weaker = stage.talker(replace(LATCHED, deadline_ns=5_000_000_000))
    strict = stage.talker(replace(LATCHED, deadline_ns=1_000_000_000))
    route.update(planned(talker, weaker, strict), stage.now_s)
    assert stage.received == [ZenohSample(payload(1), START_NS, talker.gid.value)]


def test_a_limited_topic_still_has_its_history_after_a_pause(stage: Stage) -> None:
    talker = stage.talker(LATCHED)
    route = stage.egress(planned(talker, policy=Policy(rules=(Rule(label="r", max_rate_hz=1.0),))))
    subscriber = stage.far_subscriber()
    talker.write(payload(1), START_NS)
    subscriber.close()
    route.tick(stage.clock.advance(LINGER_S))
    stage.far_subscriber()
    assert history(stage) == [ZenohSample(payload(1), START_NS, talker.gid.value)]


def test_a_volatile_writer_beside_latched_ones_costs_neither_history_nor_samples(stage: Stage) -> None:
    latched = stage.talker(DEEP)
    route = stage.egress(planned(latched))
    stage.far_subscriber()
    latched.write(payload(1), START_NS + 1)
    volatile = stage.talker()
    route.update(planned(latched, volatile), stage.now_s)
    volatile.write(payload(2), START_NS + 2)
    latched.write(payload(3), START_NS + 3)
    route.tick(stage.clock.advance(OVERLAP_S))
    assert numbers(history(stage)) == [1, 3]
    assert [token.writer for token in route.planned.writer_tokens()] == [latched.gid]
    route.update(planned(latched), stage.now_s)
    latched.write(payload(4), START_NS + 4)
    route.tick(stage.clock.advance(OVERLAP_S))
    assert numbers(stage.received) == [1, 2, 3, 4]
    assert numbers(history(stage)) == [1, 3, 4]


def test_a_latched_writer_that_joins_volatile_ones_has_a_history_from_then_on(stage: Stage) -> None:
    volatile = stage.talker()
    route = stage.egress(planned(volatile))
    stage.far_subscriber()
    volatile.write(payload(1), START_NS + 1)
    assert history(stage) == []
    latched = stage.talker(DEEP)
    route.update(planned(volatile, latched), stage.now_s)
    latched.write(payload(2), START_NS + 2)
    volatile.write(payload(3), START_NS + 3)
    assert numbers(history(stage)) == [2]
    route.update(planned(volatile), stage.now_s)
    route.tick(stage.clock.advance(OVERLAP_S))
    assert history(stage) == []
    volatile.write(payload(4), START_NS + 4)
    assert numbers(stage.received) == [1, 2, 3, 4]
