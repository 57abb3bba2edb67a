"""The time that identifies a sample: rising for new ones, the same for repeats, never far ahead."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.routes.source import Source

LATEST = 10_000


def source(*, depth: int = 10, keeps_history: bool = True) -> Source:
    return Source(gid=b"a" * 16, refused=None, depth=depth, keeps_history=keeps_history)


def sent(one: Source, *raw_times: int, latest_ns: int = LATEST) -> list[int]:
    times = []
    for raw_ns in raw_times:
        one.last_raw_ns = raw_ns
        times.append(one.identity_ns(raw_ns, latest_ns))
    return times


def test_sound_times_are_kept() -> None:
    assert sent(source(), 1, 5, 9) == [1, 5, 9]


def test_equal_and_falling_times_rise_by_one() -> None:
    assert sent(source(), 5, 5, 3, 100) == [5, 6, 7, 100]


def test_a_time_far_ahead_is_pulled_back_and_the_next_ones_still_rise() -> None:
    assert sent(source(), LATEST + 500, LATEST + 501, 7) == [LATEST, LATEST + 1, LATEST + 2]


def test_a_repeat_keeps_the_time_it_had() -> None:
    one = source()
    first = sent(one, 5, 5, LATEST + 9)
    one.expect_repeats()
    assert sent(one, 5, LATEST + 9, latest_ns=10 * LATEST) == [first[1], first[2]]


def test_after_the_repeats_new_samples_rise_again() -> None:
    one = source()
    sent(one, 5, 6)
    one.expect_repeats()
    assert sent(one, 5, 6, 7, 7, 6) == [5, 6, 7, 8, 9]


def test_a_repeat_older_than_what_is_remembered_keeps_its_own_time() -> None:
    one = source(depth=1)
    sent(one, 5, 6, 7)
    one.expect_repeats()
    assert sent(one, 5, 6, 7) == [5, 6, 7]


def test_a_volatile_writer_repeats_nothing() -> None:
    one = source(keeps_history=False)
    sent(one, 5)
    one.expect_repeats()
    assert sent(one, 5) == [6]
    assert one._sent_ns == {}


@given(st.lists(st.integers(0, 2 * LATEST), max_size=50), st.integers(-1, 5))
def test_times_of_new_samples_rise_strictly_and_memory_is_bounded(raw: list[int], depth: int) -> None:
    one = source(depth=depth)
    times = sent(one, *raw)
    assert times == sorted(set(times))
    assert len(one._sent_ns) <= (len(raw) if depth < 0 else depth)
    assert all(time <= LATEST + len(raw) for time in times)
