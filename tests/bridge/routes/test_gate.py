"""History and what came live meanwhile, in order of time."""

from __future__ import annotations

from bridge.ports import ZenohSample
from bridge.routes.gate import HistoryGate


def sample(number: int) -> ZenohSample:
    return ZenohSample(b"x", number, b"a" * 16)


def released(gate: HistoryGate) -> list[tuple[int | None, bool]]:
    return [(one.source_ns, history) for one, history in gate.release()]


def test_it_is_open_until_a_query_begins_and_after_the_last_one_ended() -> None:
    gate = HistoryGate()
    assert not gate.shut
    gate.query_begins()
    gate.query_begins()
    gate.query_ended([])
    assert gate.shut
    gate.query_ended([])
    assert not gate.shut


def test_history_of_all_queries_and_what_was_live_come_by_time() -> None:
    gate = HistoryGate()
    gate.query_begins()
    gate.query_begins()
    assert gate.hold(sample(9)) == 0
    gate.query_ended([sample(3), sample(1)])
    assert gate.hold(sample(8)) == 0
    gate.query_ended([sample(2)])
    assert released(gate) == [(1, True), (2, True), (3, True), (8, False), (9, False)]
    assert released(gate) == []


def test_what_came_live_alone_is_not_overtaken_by_later_history() -> None:
    """A burst of four, of which a writer of depth 2 keeps the last two."""
    gate = HistoryGate()
    gate.query_begins()
    untimed = ZenohSample(b"x", None, b"")
    for live in (untimed, *map(sample, (1, 2, 3, 4))):
        gate.hold(live)
    gate.query_ended([sample(3), sample(4)])
    order = [(1, False), (2, False), (3, True), (3, False), (4, True), (4, False), (None, False)]
    assert released(gate) == order


def test_what_is_held_is_bounded_and_the_oldest_gives_way() -> None:
    gate = HistoryGate()
    gate.query_begins()
    dropped = sum(gate.hold(sample(number)) for number in range(10_001))
    gate.query_ended([])
    assert dropped == 1
    assert released(gate)[0] == (1, False)
