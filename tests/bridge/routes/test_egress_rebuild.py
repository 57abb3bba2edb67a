"""A DDS reader replaced while samples flow: nothing is lost, nothing doubled, refusals included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.qos import History, HistoryKind
from bridge.errors import DdsError
from bridge.routes.egress import OVERLAP_S
from tests.bridge.routes.stage import Stage, drops, numbers, planned
from tests.builders import BEST_EFFORT, RELIABLE, payload


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_weaker_writer_has_the_reader_rebuilt_and_nothing_is_lost_or_doubled(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    (first,) = stage.dds.readers
    talker.write(payload(1), 1)
    weaker = stage.talker(BEST_EFFORT)
    route.update(planned(talker, weaker), stage.now_s)
    assert len(stage.dds.readers) == 2
    talker.write(payload(2), 2)
    weaker.write(payload(3), 3)
    route.tick(stage.clock.advance(OVERLAP_S))
    assert first.closed
    talker.write(payload(4), 4)
    assert sorted(numbers(stage.received)) == [1, 2, 3, 4]
    assert drops(route) == {}


def test_a_change_that_needs_no_other_reader_leaves_it_alone(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    deep = stage.talker(replace(RELIABLE, history=History(HistoryKind.KEEP_LAST, 500)))
    route.update(planned(talker, deep), stage.now_s)
    assert stage.dds.opened == 1


def test_a_refused_rebuild_leaves_the_old_reader_at_work_and_is_tried_again(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    weaker = stage.talker(BEST_EFFORT)
    changed = planned(talker, weaker)
    stage.dds.refusal = "out of resources"
    with pytest.raises(DdsError):
        route.update(changed, stage.now_s)
    route.tick(stage.clock.advance(OVERLAP_S))
    talker.write(payload(1), 1)
    stage.dds.refusal = ""
    route.update(changed, stage.now_s)
    route.tick(stage.clock.advance(OVERLAP_S))
    weaker.write(payload(2), 2)
    assert numbers(stage.received) == [1, 2]


def test_a_refused_reader_is_tried_again_with_the_next_plan(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.dds.refusal = "out of resources"
    with pytest.raises(DdsError):
        stage.far_subscriber()
    stage.dds.refusal = ""
    route.update(route.planned, stage.now_s)
    talker.write(payload(1), 1)
    assert numbers(stage.received) == [1]
