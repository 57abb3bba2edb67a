"""A sample that overtakes the token of its writer becomes history of that writer, and of no other."""

from __future__ import annotations

import pytest

from bridge.routes.early import WAIT_S
from bridge.routes.ingresswriters import RETIRE_S
from tests.bridge.routes.stage import START_NS, Stage, drops, planned
from tests.builders import LATCHED, payload, publisher, source

LATE = publisher(qos=LATCHED)
KNOWN, NEW = source(1), source(2)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_it_goes_with_its_writer_and_not_to_later_joiners(stage: Stage) -> None:
    far = stage.far_publisher()
    local, early = stage.listener(LATCHED)
    route = stage.ingress(planned(local, LATE, KNOWN))
    far.put(payload(1), START_NS + 1, NEW.writer.value)
    assert early.payloads == []
    route.update(planned(local, LATE, KNOWN, NEW), stage.now_s)
    assert early.payloads == [payload(1)]
    _, late = stage.listener(LATCHED)
    assert late.payloads == [payload(1)]
    route.update(planned(local, LATE, KNOWN), stage.now_s)
    route.tick(stage.clock.advance(RETIRE_S))
    _, later = stage.listener(LATCHED)
    assert later.payloads == []
    assert drops(route) == {}


def test_all_that_came_early_is_written_in_order(stage: Stage) -> None:
    far = stage.far_publisher()
    local, sink = stage.listener(LATCHED)
    route = stage.ingress(planned(local, LATE, KNOWN))
    for number in (1, 2, 3):
        far.put(payload(number), START_NS + number, NEW.writer.value)
    far.put(payload(4), START_NS + 4, KNOWN.writer.value)
    assert sink.payloads == [payload(4)]
    route.update(planned(local, LATE, KNOWN, NEW), stage.now_s)
    far.put(payload(5), START_NS + 5, NEW.writer.value)
    assert sink.payloads == [payload(number) for number in (4, 1, 2, 3, 5)]


def test_it_waits_for_a_moment_only(stage: Stage) -> None:
    far = stage.far_publisher()
    local, sink = stage.listener(LATCHED)
    route = stage.ingress(planned(local, LATE, KNOWN))
    far.put(payload(1), START_NS + 1, NEW.writer.value)
    assert stage.offers.waiting == [route.flow]
    assert not route.flow.retry()
    stage.clock.advance(WAIT_S)
    assert route.flow.retry()
    assert sink.payloads == [payload(1)]
    far.put(payload(2), START_NS + 2, NEW.writer.value)
    assert sink.payloads == [payload(1), payload(2)]


def test_a_bridge_that_announces_no_writers_is_not_waited_for(stage: Stage) -> None:
    local, sink = stage.listener(LATCHED)
    far = stage.far_publisher()
    route = stage.ingress(planned(local))
    far.put(payload(1), START_NS + 1, NEW.writer.value)
    assert sink.payloads == []
    route.update(planned(local, LATE), stage.now_s)
    far.put(payload(2), START_NS + 2, NEW.writer.value)
    assert sink.payloads == [payload(1), payload(2)]


def test_a_volatile_route_waits_for_no_writer(stage: Stage) -> None:
    local, sink = stage.listener()
    stage.ingress(planned(local))
    stage.far_publisher().put(payload(1), START_NS + 1, NEW.writer.value)
    assert sink.payloads == [payload(1)]


def test_a_closing_route_writes_what_came_early(stage: Stage) -> None:
    local, sink = stage.listener(LATCHED)
    route = stage.ingress(planned(local, LATE, KNOWN))
    stage.far_publisher().put(payload(1), START_NS + 1, NEW.writer.value)
    route.close()
    assert sink.payloads == [payload(1)]
    assert drops(route) == {}
