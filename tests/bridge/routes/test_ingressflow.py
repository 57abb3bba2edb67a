"""Zenoh → DDS: every sample once, in order, with its own time; what is dropped is counted."""

from __future__ import annotations

import pytest

from bridge.core.policy import Policy, Rule
from bridge.core.routespec import DropCause
from bridge.ports import ZenohSample
from bridge.routes.backlog import MAX_MESSAGES
from bridge.routes.ingressflow import MAX_SOURCES
from tests.bridge.routes.stage import START_NS, Stage, drops, planned
from tests.builders import payload, publisher, reader

ONE, OTHER = b"a" * 16, b"b" * 16


@pytest.fixture
def stage() -> Stage:
    return Stage()


def written(stage: Stage) -> list[int]:
    """What our DDS writers took, by number of the payload."""
    return [int.from_bytes(data[4:8], "little") for writer in stage.dds.writers for data, _ in writer.written]


def test_a_sample_reaches_the_node_with_its_bytes_and_its_time(stage: Stage) -> None:
    local, sink = stage.listener()
    route = stage.ingress(planned(local, publisher()))
    stage.far_publisher().put(payload(1), START_NS + 7, ONE)
    assert [(one.payload, one.source_ns) for one in sink.samples] == [(payload(1), START_NS + 7)]
    assert (route.counters().messages, route.counters().payload_bytes) == (1, 8)


def test_what_was_passed_on_already_is_dropped_by_source_and_time(stage: Stage) -> None:
    route = stage.ingress(planned(reader(), publisher()))
    far = stage.far_publisher()
    for number, (source_ns, source_id) in enumerate(
        [(5, ONE), (5, OTHER), (5, ONE), (3, ONE), (6, ONE), (6, OTHER)]
    ):
        far.put(payload(number), source_ns, source_id)
    assert written(stage) == [0, 1, 4, 5]
    assert drops(route) == {DropCause.DUPLICATE: 1, DropCause.STALE: 1}


def test_two_links_that_deliver_the_same_do_not_double_it(stage: Stage) -> None:
    stage.ingress(planned(reader(), publisher()))
    far, second = stage.far_publisher(), stage.far_publisher()
    for number in range(10):
        far.put(payload(number), START_NS + number, ONE)
        second.put(payload(number), START_NS + number, ONE)
    assert written(stage) == list(range(10))


def test_a_sample_without_a_time_gets_ours_and_is_never_a_repeat(stage: Stage) -> None:
    route = stage.ingress(planned(reader(), publisher()))
    (subscriber,) = stage.zenoh.subscribers
    for _ in range(2):
        subscriber.receive(ZenohSample(payload(1), None, b""))
    (writer,) = stage.dds.writers
    assert writer.written == [(payload(1), START_NS)] * 2
    assert drops(route) == {}


def test_writers_long_silent_are_forgotten_first(stage: Stage) -> None:
    route = stage.ingress(planned(reader(), publisher()))
    far = stage.far_publisher()
    for number in range(MAX_SOURCES + 1):
        far.put(payload(number), 5, number.to_bytes(16, "big"))
    far.put(payload(1), 5, (1).to_bytes(16, "big"))
    far.put(payload(0), 5, (0).to_bytes(16, "big"))
    assert drops(route) == {DropCause.DUPLICATE: 1}
    assert written(stage)[-1] == 0


@pytest.mark.parametrize(
    ("bad", "cause"),
    [(b"", DropCause.MALFORMED), (b"\x00\x00\x00\x00", DropCause.BIG_ENDIAN)],
)
def test_a_hostile_payload_is_counted_and_does_not_stand_for_a_time(
    stage: Stage, bad: bytes, cause: DropCause
) -> None:
    route = stage.ingress(planned(reader(), publisher()))
    far = stage.far_publisher()
    far.put(bad, 9, ONE)
    far.put(payload(1), 5, ONE)
    assert written(stage) == [1]
    assert drops(route) == {cause: 1}


def test_a_full_writer_is_offered_again_and_everything_is_delivered_in_order(stage: Stage) -> None:
    local, sink = stage.listener()
    route = stage.ingress(planned(local, publisher()))
    (writer,) = stage.dds.writers
    far = stage.far_publisher()
    writer.room = 2
    for number in range(10):
        far.put(payload(number), START_NS + number, ONE)
    assert stage.offers.waiting[0] is route.flow
    assert route.counters().queue_messages == 8
    assert not route.flow.retry()
    writer.room = 3
    assert not route.flow.retry()
    far.put(payload(10), START_NS + 10, ONE)
    writer.room = None
    assert route.flow.retry()
    far.put(payload(11), START_NS + 11, ONE)
    assert sink.payloads == [payload(number) for number in range(12)]
    assert (drops(route), route.counters().queue_messages) == ({}, 0)


def test_a_writer_that_stays_full_costs_the_oldest_samples_and_they_are_counted(stage: Stage) -> None:
    route = stage.ingress(planned(reader(), publisher()))
    (writer,) = stage.dds.writers
    writer.room = 0
    far = stage.far_publisher()
    for number in range(MAX_MESSAGES + 3):
        far.put(payload(number), START_NS + number, ONE)
    assert drops(route) == {DropCause.QUEUE_FULL: 3}
    writer.room = None
    route.flow.retry()
    assert written(stage) == list(range(3, MAX_MESSAGES + 3))


def test_a_sample_that_dds_refuses_for_good_is_counted_and_the_next_one_goes_on(stage: Stage) -> None:
    route = stage.ingress(planned(reader(), publisher()))
    (writer,) = stage.dds.writers
    far = stage.far_publisher()
    writer.refusal = "bad parameter"
    far.put(payload(1), 1, ONE)
    writer.refusal = ""
    far.put(payload(2), 2, ONE)
    assert (written(stage), drops(route)) == ([2], {DropCause.WRITE_FAILED: 1})


def test_a_rate_limit_thins_by_source_time(stage: Stage) -> None:
    policy = Policy(rules=(Rule(label="r", max_rate_hz=10.0),))
    route = stage.ingress(planned(reader(), publisher(), policy=policy))
    far = stage.far_publisher()
    for number in range(10):
        far.put(payload(number), START_NS + number * 50_000_000, ONE)
    assert written(stage) == [0, 2, 4, 6, 8]
    assert drops(route) == {DropCause.RATE_LIMITED: 5}


def test_a_sample_that_zenoh_still_had_in_hand_at_the_close_is_ignored(stage: Stage) -> None:
    route = stage.ingress(planned(reader(), publisher()))
    (subscriber,) = stage.zenoh.subscribers
    route.close()
    subscriber.receive(ZenohSample(payload(1), 1, ONE))
    assert drops(route) == {}
    assert route.counters().messages == 0
