"""Open calls are bounded in number, bytes and time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.routes.calls import OpenCalls


def test_no_more_than_so_many_are_open() -> None:
    calls: OpenCalls[int, str] = OpenCalls(max_open=2)
    assert [calls.add(n, "call", size_bytes=1, due_s=1.0) for n in (1, 2, 3)] == [True, True, False]
    assert calls.pop(1) == "call"
    assert calls.add(3, "call", size_bytes=1, due_s=1.0)


def test_no_more_than_so_many_bytes_wait_but_one_alone_may() -> None:
    calls: OpenCalls[int, str] = OpenCalls(max_bytes=10)
    assert calls.add(1, "huge", size_bytes=11, due_s=1.0)
    assert not calls.add(2, "tiny", size_bytes=1, due_s=1.0)
    calls.pop(1)
    assert calls.payload_bytes == 0
    assert calls.add(2, "tiny", size_bytes=1, due_s=1.0)


def test_a_key_is_open_once() -> None:
    calls: OpenCalls[int, str] = OpenCalls()
    assert calls.add(1, "first", size_bytes=1, due_s=1.0)
    assert not calls.add(1, "second", size_bytes=1, due_s=1.0)
    assert calls.get(1) == "first"


def test_what_expired_is_over() -> None:
    calls: OpenCalls[int, str] = OpenCalls()
    for number in (1, 2, 3):
        calls.add(number, "call", size_bytes=5, due_s=float(number))
    assert calls.next_due_s() == 1.0
    assert [key for key, _ in calls.expired(2.0)] == [1, 2]
    assert (len(calls), calls.payload_bytes, calls.next_due_s()) == (1, 5, 3.0)
    assert calls.pop(1) is None


@given(st.lists(st.tuples(st.sampled_from(["add", "pop", "expire", "clear"]), st.integers(0, 9))))
def test_whatever_happens_the_bounds_hold_and_bytes_are_those_of_what_is_open(
    steps: list[tuple[str, int]],
) -> None:
    calls: OpenCalls[int, int] = OpenCalls(max_open=4, max_bytes=20)
    for now, (what, number) in enumerate(steps):
        if what == "add":
            calls.add(number, number, size_bytes=number, due_s=now + 3.0)
        elif what == "pop":
            calls.pop(number)
        elif what == "expire":
            calls.expired(float(now))
        else:
            calls.clear()
        assert len(calls) <= 4
        assert calls.payload_bytes == sum(call for _, call in calls.items()) <= 20
