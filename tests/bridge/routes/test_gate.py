"""History goes first, in order of time, then what came live meanwhile."""

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


def test_history_of_all_queries_comes_by_time_before_what_was_live() -> None:
    gate = HistoryGate()
    gate.query_begins()
    gate.query_begins()
    assert gate.hold(sample(9)) == 0
    gate.query_ended([sample(3), sample(1)])
    assert gate.hold(sample(8)) == 0
    gate.query_ended([sample(2)])
    assert released(gate) == [(1, True), (2, True), (3, True), (9, False), (8, False)]
    assert released(gate) == []


def test_what_is_held_is_bounded_and_the_oldest_gives_way() -> None:
    gate = HistoryGate()
    gate.query_begins()
    dropped = sum(gate.hold(sample(number)) for number in range(10_001))
    gate.query_ended([])
    assert dropped == 1
    assert released(gate)[0] == (1, False)
