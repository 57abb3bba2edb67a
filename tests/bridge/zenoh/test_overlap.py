"""One key over two sessions, of which neither is as far as the other."""

from __future__ import annotations

import random

import pytest

from bridge.core.counts import CountRecord
from bridge.ports import ZenohSample
from bridge.zenoh.overlap import MAX_HELD, Overlap

BEFORE, BESIDE, AFTER = range(3)
WRITER, OTHER = b"w", b"o"


class Taken:
    """What a route takes of what an overlap hands on, in order: nothing that is as old as what it has."""

    def __init__(self) -> None:
        self.all: list[int | str] = []
        self._last_ns: dict[bytes, int] = {}
        self.overlap = Overlap(self._take, lambda zid, _: self.all.append(zid))

    def _take(self, sample: ZenohSample) -> None:
        if sample.source_ns is not None:
            if sample.source_ns <= self._last_ns.get(sample.source_id, -1):
                return
            self._last_ns[sample.source_id] = sample.source_ns
        self.all.append(int(sample.payload))

    def comes(self, session: int, *numbers: int, source: bytes = WRITER) -> None:
        for number in numbers:
            self.overlap.sample(session, ZenohSample(str(number).encode(), number, source))


@pytest.fixture
def taken() -> Taken:
    return Taken()


def test_what_the_next_session_brings_early_waits_for_what_is_ahead_of_it(taken: Taken) -> None:
    """It begins with 4 while 2 and 3 are still on their way over the other one."""
    taken.comes(BEFORE, 1)
    taken.comes(BESIDE, 4, 5)
    assert taken.all == [1]
    taken.comes(BEFORE, 2, 3, 4)
    assert taken.all == [1, 2, 3, 4]
    taken.overlap.ended(BEFORE)
    assert taken.all == [1, 2, 3, 4, 5], "the last one came over the next session alone"
    taken.comes(BESIDE, 6)
    assert taken.all == [1, 2, 3, 4, 5, 6]


def test_what_both_bring_is_handed_on_once_whichever_is_first(taken: Taken) -> None:
    taken.comes(BEFORE, 1, 2)
    taken.comes(BESIDE, 1, 2, 3)
    taken.comes(BEFORE, 3)
    taken.overlap.ended(BEFORE)
    assert taken.all == [1, 2, 3]


def test_the_third_session_waits_for_the_second_one(taken: Taken) -> None:
    taken.overlap.ended(BEFORE)
    taken.comes(BESIDE, 1)
    taken.comes(AFTER, 3)
    taken.comes(BESIDE, 2)
    assert taken.all == [1, 2]
    taken.overlap.ended(BESIDE)
    taken.comes(AFTER, 4)
    assert taken.all == [1, 2, 3, 4]


def test_a_record_of_counts_comes_behind_the_samples_it_speaks_of(taken: Taken) -> None:
    record = CountRecord(blocking=True, sources=())
    taken.overlap.counts(BEFORE, "now", record)
    taken.comes(BESIDE, 1)
    taken.overlap.counts(BESIDE, "later", record)
    assert taken.all == ["now"]
    taken.comes(BEFORE, 1)
    assert taken.all == ["now", 1, "later"]


def test_samples_without_a_time_are_taken_from_one_session_alone(taken: Taken) -> None:
    unknown = ZenohSample(b"7", None, b"")
    taken.overlap.sample(BEFORE, unknown)
    taken.overlap.sample(BESIDE, unknown)
    taken.overlap.ended(BEFORE)
    assert taken.all == [7]
    taken.overlap.sample(BESIDE, unknown)
    assert taken.all == [7, 7]


def test_a_session_that_leads_and_brings_nothing_does_not_lead_for_long(taken: Taken) -> None:
    taken.comes(BESIDE, *range(1, MAX_HELD + 1))
    assert taken.all == []
    taken.comes(BESIDE, MAX_HELD + 1, MAX_HELD + 2)
    assert taken.all == list(range(1, MAX_HELD + 3))


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_doubled_or_out_of_order_however_the_sessions_lag(seed: int) -> None:
    """Two writers; each session begins somewhere before the one ahead of it ends."""
    chance, taken = random.Random(seed), Taken()
    parts = {BEFORE: (0, 60), BESIDE: (chance.randint(10, 60), 140), AFTER: (chance.randint(80, 140), 200)}
    left = {session: list(range(first, last)) for session, (first, last) in parts.items()}
    for ending, next_one in ((BEFORE, BESIDE), (BESIDE, AFTER)):
        while left[ending]:
            session = chance.choice([one for one in (ending, next_one) if left[one]])
            number = left[session].pop(0)
            taken.comes(session, number, source=WRITER if number % 2 else OTHER)
        taken.overlap.ended(ending)
    for number in left[AFTER]:
        taken.comes(AFTER, number, source=WRITER if number % 2 else OTHER)
    for parity in (0, 1):
        assert [one for one in taken.all if one % 2 == parity] == list(range(parity, 200, 2))
