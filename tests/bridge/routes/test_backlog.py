"""A bounded queue: first in, first out, the oldest give way, everything is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.routes.backlog import Backlog


def filled(*sizes: int, max_messages: int = 100, max_bytes: int = 1000) -> tuple[Backlog[int], int]:
    backlog: Backlog[int] = Backlog(max_messages=max_messages, max_bytes=max_bytes)
    return backlog, sum(backlog.push(number, size) for number, size in enumerate(sizes))


def drained(backlog: Backlog[int]) -> list[int]:
    return list(iter(backlog.pop, None))


def test_what_came_first_goes_first() -> None:
    backlog, dropped = filled(1, 1, 1)
    assert backlog.peek() == 0
    assert drained(backlog) == [0, 1, 2]
    assert dropped == 0
    assert backlog.peek() is None


def test_over_the_messages_the_oldest_give_way() -> None:
    backlog, dropped = filled(1, 1, 1, 1, max_messages=2)
    assert (drained(backlog), dropped) == ([2, 3], 2)


def test_over_the_bytes_the_oldest_give_way() -> None:
    backlog, dropped = filled(400, 400, 400, max_bytes=1000)
    assert (drained(backlog), dropped) == ([1, 2], 1)


def test_one_item_alone_may_exceed_the_bytes() -> None:
    backlog, dropped = filled(5, 5000, max_bytes=1000)
    assert (drained(backlog), dropped) == ([1], 1)


def test_cleared_it_is_empty_and_says_how_much_there_was() -> None:
    backlog, _ = filled(1, 2, 3)
    assert backlog.clear() == 3
    assert (len(backlog), backlog.payload_bytes) == (0, 0)


@given(st.lists(st.integers(0, 300) | st.none(), max_size=40))
def test_bytes_and_counts_are_right_whatever_comes_and_goes(actions: list[int | None]) -> None:
    backlog: Backlog[int] = Backlog(max_messages=5, max_bytes=600)
    kept: list[int] = []
    for size in actions:
        if size is None:
            assert backlog.pop() == (kept.pop(0) if kept else None)
            continue
        kept.append(size)
        dropped = backlog.push(size, size)
        del kept[:dropped]
        assert len(kept) == 1 or (len(kept) <= 5 and sum(kept) <= 600)
    assert (len(backlog), backlog.payload_bytes) == (len(kept), sum(kept))
