"""A wait names what fired, sleeps while nothing does, and is woken on demand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from cyclonedds.core import GuardCondition
from cyclonedds.domain import DomainParticipant

from bridge.dds.waitset import IndexedWaitSet
from bridge.errors import DdsError

LONG_NS = 60_000_000_000


@pytest.fixture
def waitset(participant: DomainParticipant) -> Iterator[IndexedWaitSet]:
    waitset = IndexedWaitSet(participant)
    yield waitset
    waitset.close()


def guards(participant: DomainParticipant, waitset: IndexedWaitSet, count: int) -> list[GuardCondition]:
    made = [GuardCondition(participant) for _ in range(count)]
    for index, guard in enumerate(made, 1):
        waitset.attach(guard._ref, index)
    return made


def test_what_fired_is_named_by_its_index(participant: DomainParticipant, waitset: IndexedWaitSet) -> None:
    made = guards(participant, waitset, 10)
    made[2].set(True)
    made[6].set(True)
    assert sorted(waitset.wait(LONG_NS)) == [3, 7]
    made[2].set(False)
    assert waitset.wait(LONG_NS) == [7]


def test_an_empty_one_sleeps_until_its_time_is_over(waitset: IndexedWaitSet) -> None:
    before_s = time.monotonic()
    assert waitset.wait(50_000_000) == []
    assert time.monotonic() - before_s >= 0.045


def test_a_wake_ends_a_running_wait_and_the_next_one_sleeps_again(waitset: IndexedWaitSet) -> None:
    results: list[list[int]] = []
    thread = threading.Thread(target=lambda: results.append(waitset.wait(LONG_NS)))
    thread.start()
    waitset.wake()
    thread.join(30)
    assert results == [[]]
    assert waitset.wait(1_000_000) == []


def test_a_wake_before_the_wait_is_not_lost(waitset: IndexedWaitSet) -> None:
    waitset.wake()
    assert waitset.wait(LONG_NS) == []


def test_what_is_detached_is_not_named(participant: DomainParticipant, waitset: IndexedWaitSet) -> None:
    (guard,) = guards(participant, waitset, 1)
    guard.set(True)
    waitset.detach(guard._ref)
    waitset.detach(guard._ref)
    assert waitset.wait(1_000_000) == []


def test_with_more_than_one_wait_can_name_the_rest_comes_with_the_next(
    participant: DomainParticipant, waitset: IndexedWaitSet
) -> None:
    made = guards(participant, waitset, 600)
    for guard in made:
        guard.set(True)
    seen: set[int] = set()
    while len(seen) < 600:
        ready = waitset.wait(LONG_NS)
        assert ready
        seen |= set(ready)
        for index in ready:
            made[index - 1].set(False)
    assert seen == set(range(1, 601))


def test_what_is_no_entity_cannot_be_attached(waitset: IndexedWaitSet) -> None:
    with pytest.raises(DdsError, match="attach"):
        waitset.attach(12345, 1)


def test_a_closed_one_says_so(participant: DomainParticipant) -> None:
    waitset = IndexedWaitSet(participant)
    waitset.close()
    with pytest.raises(DdsError, match="wait"):
        waitset.wait(1)
