"""Slices of work, by what is counted and not by the clock."""

from __future__ import annotations

from bridge.pace import SLICE_SHARE, SLICE_STEPS, Pace, hurried


def slices(items: int, *, steps: int = 1) -> list[int]:
    """Items between rests."""
    done, found = [0], [0]

    def rest() -> None:
        found.append(done[0])

    for _ in Pace(rest).over(range(items), steps=steps):
        done[0] += 1
    return [after - before for before, after in zip(found, [*found[1:], items], strict=True)]


def test_every_item_comes_in_order() -> None:
    assert list(Pace(lambda: None).over(range(1000))) == list(range(1000))
    assert list(hurried().over("abc")) == ["a", "b", "c"]


def test_little_work_is_done_at_once() -> None:
    assert slices(SLICE_STEPS - 1) == [SLICE_STEPS - 1]


def test_no_slice_is_longer_than_its_share_of_the_work_so_far() -> None:
    done = 0
    for made in slices(20_000):
        assert made <= max(SLICE_STEPS, done * SLICE_SHARE + 1)
        done += made


def test_much_work_has_few_rests() -> None:
    assert len(slices(20_000)) < 50


def test_larger_items_make_shorter_slices() -> None:
    assert set(slices(SLICE_STEPS, steps=SLICE_STEPS)[:5]) == {1}


def test_the_steps_of_several_loops_are_counted_together() -> None:
    rests: list[None] = []
    pace = Pace(lambda: rests.append(None))
    for _ in range(SLICE_STEPS):
        list(pace.over(["one"]))
    assert len(rests) == 1
