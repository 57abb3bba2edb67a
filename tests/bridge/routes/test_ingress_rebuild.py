"""A DDS writer replaced while samples flow: nothing is lost, nothing doubled, refusals included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.plan import PlannedRoute
from bridge.errors import DdsError
from bridge.routes.ingresswriters import RETIRE_S, SWAP_S
from tests.bridge.routes.stage import START_NS, Stage, drops, planned
from tests.builders import LATCHED, RELIABLE, payload, publisher, source

ONE = b"a" * 16
STRICT = replace(RELIABLE, deadline_ns=1_000_000_000)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_stricter_reader_has_the_writer_replaced_and_both_get_everything_once(stage: Stage) -> None:
    first, early = stage.listener()
    route = stage.ingress(planned(first, publisher()))
    far = stage.far_publisher()
    far.put(payload(1), START_NS + 1, ONE)
    second, late = stage.listener(STRICT)
    route.update(planned(first, second, publisher()), stage.now_s)
    far.put(payload(2), START_NS + 2, ONE)
    route.tick(stage.now_s)
    far.put(payload(3), START_NS + 3, ONE)
    route.tick(stage.clock.advance(RETIRE_S))
    far.put(payload(4), START_NS + 4, ONE)
    assert early.payloads == [payload(number) for number in (1, 2, 3, 4)]
    assert late.payloads == [payload(3), payload(4)]
    assert len(stage.dds.writers) == 1
    assert drops(route) == {}


def replaced(stage: Stage) -> tuple[PlannedRoute, PlannedRoute]:
    """A plan, and the one after a stricter reader came."""
    first, _ = stage.listener()
    before = planned(first, publisher())
    second, _ = stage.listener(STRICT)
    return before, planned(first, second, publisher())


def test_the_successor_takes_over_when_it_has_matched_every_reader_it_suits(stage: Stage) -> None:
    before, after = replaced(stage)
    route = stage.ingress(before)
    route.update(after, stage.now_s)
    old, new = stage.dds.writers
    old.matches, new.matches = 1, 1  # the new reader, but not yet the old one
    route.tick(stage.now_s)
    stage.far_publisher().put(payload(1), START_NS, ONE)
    assert len(old.written) == 1
    assert route.next_tick_s() is not None
    new.matches = 2
    route.tick(stage.now_s)
    stage.far_publisher().put(payload(2), START_NS + 1, ONE)
    assert len(new.written) == 1


def test_the_successor_takes_over_at_the_latest_after_a_while(stage: Stage) -> None:
    before, after = replaced(stage)
    route = stage.ingress(before)
    route.update(after, stage.now_s)
    _, new = stage.dds.writers
    new.matches = 0
    route.tick(stage.clock.advance(SWAP_S))
    stage.far_publisher().put(payload(1), START_NS, ONE)
    assert len(new.written) == 1


def test_what_was_queued_for_the_old_writer_goes_through_the_new_one(stage: Stage) -> None:
    before, after = replaced(stage)
    route = stage.ingress(before)
    (old,) = stage.dds.writers
    old.room = 0
    far = stage.far_publisher()
    for number in range(3):
        far.put(payload(number), START_NS + number, ONE)
    route.update(after, stage.now_s)
    route.tick(stage.now_s)
    route.tick(stage.clock.advance(RETIRE_S))
    assert old.closed
    assert route.flow.retry()
    (new,) = stage.dds.writers
    assert [data for data, _ in new.written] == [payload(number) for number in range(3)]
    assert drops(route) == {}


def test_a_refused_successor_leaves_the_old_writer_at_work_and_is_tried_again(stage: Stage) -> None:
    before, after = replaced(stage)
    route = stage.ingress(before)
    far = stage.far_publisher()
    stage.dds.refusal = "out of resources"
    with pytest.raises(DdsError):
        route.update(after, stage.now_s)
    route.tick(stage.clock.advance(SWAP_S))
    far.put(payload(1), START_NS + 1, ONE)
    stage.dds.refusal = ""
    route.update(after, stage.now_s)
    route.tick(stage.now_s)
    far.put(payload(2), START_NS + 2, ONE)
    assert route.counters().messages == 2
    assert drops(route) == {}


def test_two_changes_in_a_row_end_with_the_last_offer(stage: Stage) -> None:
    before, after = replaced(stage)
    route = stage.ingress(before)
    route.update(after, stage.now_s)
    route.update(before, stage.now_s)
    route.tick(stage.now_s)
    route.tick(stage.clock.advance(RETIRE_S))
    (left,) = stage.dds.writers
    assert left.endpoint.qos.matching_part() == before.qos.matching_part()


def test_a_change_that_needs_no_other_writer_leaves_it_alone(stage: Stage) -> None:
    first, _ = stage.listener()
    route = stage.ingress(planned(first, publisher()))
    second, _ = stage.listener()
    route.update(planned(first, second, publisher()), stage.now_s)
    assert stage.dds.opened == 1


def test_the_writers_of_latched_sources_are_replaced_with_the_common_one(stage: Stage) -> None:
    first, _ = stage.listener(LATCHED)
    late = publisher(qos=LATCHED)
    route = stage.ingress(planned(first, late, source(1)))
    second, sink = stage.listener(replace(LATCHED, deadline_ns=1_000_000_000))
    route.update(planned(first, second, late, source(1)), stage.now_s)
    route.tick(stage.now_s)
    stage.far_publisher().put(payload(1), START_NS, source(1).writer.value)
    assert sink.payloads == [payload(1)]
    assert drops(route) == {}
