"""Late joiners get each writer's own history, bounded, and nothing of a writer that is gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.ports import ZenohSample
from bridge.routes.history import MAX_DEPTH, HistoryCache

ONE, OTHER = b"a" * 16, b"b" * 16


def sample(number: int, source: bytes = ONE, *, size: int = 1) -> ZenohSample:
    return ZenohSample(bytes(size), number, source)


def times(cache: HistoryCache, newest: int | None = None) -> list[int | None]:
    return [one.source_ns for one in cache.history(newest)]


def test_each_writer_keeps_as_many_as_it_offers() -> None:
    cache = HistoryCache()
    for number in range(1, 6):
        cache.store(sample(number), depth=2)
        cache.store(sample(number * 10, OTHER), depth=1)
    assert times(cache) == [4, 5, 50]
    assert len(cache) == 3


def test_of_25_static_writers_a_late_joiner_gets_25_samples() -> None:
    cache = HistoryCache()
    for number in range(25):
        cache.store(sample(number, bytes([number]) * 16), depth=1)
    assert len(cache.history(1)) == 25


def test_history_is_told_from_the_oldest_across_writers() -> None:
    cache = HistoryCache()
    for number, source in ((3, ONE), (1, OTHER), (2, OTHER)):
        cache.store(sample(number, source), depth=10)
    assert times(cache) == [1, 2, 3]


def test_newest_counts_for_each_writer() -> None:
    cache = HistoryCache()
    for number in range(1, 4):
        cache.store(sample(number), depth=10)
        cache.store(sample(number * 10, OTHER), depth=10)
    assert times(cache, 1) == [3, 30]
    assert times(cache, 0) == []


def test_keep_all_is_bounded_too() -> None:
    cache = HistoryCache()
    for number in range(MAX_DEPTH + 5):
        cache.store(sample(number), depth=-1)
    assert times(cache)[0] == 5
    assert len(cache) == MAX_DEPTH


def test_a_depth_of_zero_keeps_one() -> None:
    cache = HistoryCache()
    cache.store(sample(1), depth=0)
    assert times(cache) == [1]


def test_a_forgotten_writer_takes_its_history_along() -> None:
    cache = HistoryCache()
    cache.store(sample(1), depth=1)
    cache.store(sample(2, OTHER), depth=1)
    cache.forget(ONE)
    cache.forget(ONE)
    assert times(cache) == [2]
    cache.clear()
    assert times(cache) == []


def test_over_the_bytes_the_oldest_of_all_gives_way_and_one_sample_always_stays() -> None:
    cache = HistoryCache(max_bytes=100)
    cache.store(sample(2, size=60), depth=10)
    cache.store(sample(1, OTHER, size=60), depth=10)
    assert times(cache) == [2]
    cache.store(sample(3, size=500), depth=10)
    assert times(cache) == [3]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([ONE, OTHER]),
            st.integers(0, 80),
            st.integers(-1, 4),
            st.sampled_from(["store", "forget"]),
        ),
        max_size=40,
    )
)
def test_the_bound_in_bytes_holds_whatever_is_stored(actions: list[tuple[bytes, int, int, str]]) -> None:
    cache = HistoryCache(max_bytes=100)
    for number, (source, size, depth, action) in enumerate(actions, 1):
        if action == "forget":
            cache.forget(source)
        else:
            cache.store(sample(number, source, size=size), depth=depth)
        kept = cache.history(None)
        assert sum(len(one.payload) for one in kept) <= 100
        assert cache._bytes == sum(len(one.payload) for one in kept)
