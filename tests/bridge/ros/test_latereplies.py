"""Replies that find nobody yet are offered again; bounded in number and time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bridge.ros.latereplies import MAX_LATE, LateReplies
from tests.integration.support.waiting import eventually


@pytest.fixture
def late() -> Iterator[LateReplies]:
    replies = LateReplies(reach_s=0.3)
    yield replies
    replies.close()
    assert not [one for one in threading.enumerate() if one.name == "ros-replies"]


class Asker:
    """Found after so many offers; None: never."""

    def __init__(self, found_after: int | None) -> None:
        self.found_after = found_after
        self.offers = 0
        self.given_up = 0

    def offer(self) -> bool:
        self.offers += 1
        return self.found_after is not None and self.offers > self.found_after

    def give_up(self) -> None:
        self.given_up += 1


def test_one_that_is_never_found_holds_up_nobody_and_is_given_up(late: LateReplies) -> None:
    never, soon = Asker(None), Asker(2)
    for one in (never, soon):
        assert late.add(one.offer, one.give_up)
    eventually(lambda: soon.offers == 3)
    eventually(lambda: never.given_up == 1)
    assert (soon.offers, soon.given_up) == (3, 0)


def test_a_fault_ends_but_the_one_it_met(late: LateReplies) -> None:
    def fault() -> bool:
        raise ValueError("of the test")

    soon = Asker(1)
    assert late.add(fault, lambda: None)
    assert late.add(soon.offer, soon.give_up)
    eventually(lambda: soon.offers == 2)


def test_what_waits_is_bounded_and_given_up_at_the_end() -> None:
    late = LateReplies(reach_s=60.0)
    askers = [Asker(None) for _ in range(MAX_LATE)]
    assert all(late.add(one.offer, one.give_up) for one in askers)
    eventually(lambda: not late.add(askers[0].offer, askers[0].give_up))
    late.close()
    assert sum(one.given_up for one in askers) >= MAX_LATE
    assert not late.add(askers[0].offer, askers[0].give_up)
