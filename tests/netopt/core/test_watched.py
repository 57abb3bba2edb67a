"""A target under watch, on times made by hand."""

from __future__ import annotations

import pytest

from netopt.core.clockoffset import OffsetEstimator
from netopt.core.histogram import EDGES_S
from netopt.core.probeframe import UNKNOWN_ERROR_US, Echo, Reply
from netopt.core.schedule import NS_PER_S
from netopt.core.verdict import Target
from netopt.core.watched import WINDOW, LinkState, Watched

MS = 1_000_000
WALL_NS = 1_700_000_000 * NS_PER_S
PERIOD_NS = NS_PER_S // 2


class Link:
    """A far echo with delays and a clock of its own."""

    def __init__(self, *, there_ms: float = 2.0, back_ms: float = 2.0, limit_ms: float = 10.0) -> None:
        self.there_ns, self.back_ns = round(there_ms * MS), round(back_ms * MS)
        self.ahead_ns = 0
        self.now_ns = 0
        self.watched = Watched(
            Target(limit_ms=limit_ms),
            run=7,
            period_ns=PERIOD_NS,
            begin_ns=0,
            estimator=OffsetEstimator(clock_id=1, max_error_us=UNKNOWN_ERROR_US),
        )

    def ping(self, *, lost: bool = False, twice: bool = False) -> None:
        self.now_ns = max(self.now_ns, self.watched.due_ns)
        request = self.watched.send(self.now_ns, WALL_NS + self.now_ns)
        arrived_ns = self.now_ns + self.there_ns
        reply = Reply(
            run=request.run,
            sequence=request.sequence,
            sent_wall_ns=request.sent_wall_ns,
            echo_received_wall_ns=WALL_NS + arrived_ns + self.ahead_ns,
            echo_sent_wall_ns=WALL_NS + arrived_ns + self.ahead_ns,
            echo_monotonic_ns=arrived_ns,
            echo=Echo(clock_id=2),
        )
        self.now_ns = arrived_ns + self.back_ns
        for _ in range(0 if lost else 2 if twice else 1):
            self.watched.received(reply, self.now_ns, WALL_NS + self.now_ns)
        self.watched.expire(self.now_ns)

    @property
    def figures(self):
        return self.watched.figures(self.now_ns)


def test_before_anything_is_sent_there_is_no_echo():
    assert Link().figures.state is LinkState.NO_ECHO


def test_a_quick_link_meets_its_target():
    link = Link(there_ms=2.0, back_ms=3.0)
    for _ in range(20):
        link.ping()
    found = link.figures
    assert (found.state, found.sent, found.lost) == (LinkState.MET, 20, 0)
    assert found.window.round_trip.p50_ms == pytest.approx(5.0)
    one_way = found.window.one_way
    assert abs(one_way.forward.p50_ms - 2.0) <= one_way.bound_ms
    assert abs(one_way.offset_ms) <= one_way.bound_ms < 2.6


def test_a_slow_link_misses_it():
    link = Link(there_ms=40.0, back_ms=40.0)
    for _ in range(20):
        link.ping()
    assert link.figures.state is LinkState.MISSED
    assert "missed" in link.figures.verdict.text


def test_the_bound_one_way_does_not_grow_over_the_window():
    """Four minutes with clocks that may drift: half the round trip, and what drifts in between."""
    link = Link(there_ms=10.0, back_ms=10.0)
    for _ in range(2 * WINDOW):
        link.ping()
    assert link.figures.window.one_way.bound_ms < 10.2


def test_silence_is_told_within_two_seconds_and_ends_with_a_reply():
    link = Link()
    link.ping()
    cut_ns = link.now_ns
    while link.figures.state is not LinkState.SILENT:
        link.now_ns += 100 * MS
        link.watched.expire(link.now_ns)
        if link.now_ns >= link.watched.due_ns:
            link.watched.send(link.now_ns, WALL_NS + link.now_ns)
        assert link.now_ns - cut_ns < 2 * NS_PER_S
    assert link.figures.silent_s > 1.4
    link.ping()
    assert link.figures.state is not LinkState.SILENT


def test_what_is_lost_counts_and_is_beyond_every_value():
    link = Link()
    for number in range(40):
        link.ping(lost=number == 20)
    link.now_ns += 2 * NS_PER_S
    link.watched.expire(link.now_ns)
    found = link.figures
    assert (found.lost, found.window.lost) == (1, 1)
    assert found.window.round_trip.p99_ms is None
    assert found.window.round_trip.p50_ms == pytest.approx(4.0)


def test_a_reply_that_comes_twice_is_a_duplicate():
    link = Link()
    link.ping(twice=True)
    assert link.figures.duplicates == 1


def test_a_stepped_clock_voids_what_was_known_one_way():
    link = Link()
    for _ in range(10):
        link.ping()
    link.ahead_ns = 3 * NS_PER_S
    link.ping()
    found = link.figures
    assert found.clock_steps == 1
    assert found.window.one_way.forward.count == 1, "those before are void"
    for _ in range(5):
        link.ping()
    assert link.figures.window.one_way.offset_ms == pytest.approx(3000.0, abs=3.0)
    assert link.figures.window.one_way.forward.count == 6
    assert link.figures.window.round_trip.count == 16


def test_a_late_sender_sends_no_burst_afterwards():
    link = Link()
    link.watched.send(10 * NS_PER_S + 1, WALL_NS)
    assert 10 * NS_PER_S < link.watched.due_ns <= 10 * NS_PER_S + 1 + PERIOD_NS
    assert link.watched.due_ns % PERIOD_NS == 0, "it stays in step"


def test_a_target_without_an_echo_is_neither_silent_nor_lost():
    link = Link()
    link.ping()
    link.watched.pause(link.now_ns)
    link.now_ns += 60 * NS_PER_S
    link.watched.expire(link.now_ns)
    assert (link.figures.state, link.figures.lost) == (LinkState.NO_ECHO, 0)


def test_histograms_have_the_targets_as_edges_and_keep_every_reply():
    assert {0.01, 0.1} <= set(EDGES_S)
    link = Link(there_ms=5.0, back_ms=5.0)
    for _ in range(WINDOW + 10):
        link.ping()
    found = link.figures.round_trip
    assert found.counts[EDGES_S.index(0.01)] == WINDOW + 10, "exactly 10 ms is within 10 ms"
    assert found.sum_s == pytest.approx(0.01 * (WINDOW + 10))
    assert sum(link.figures.there.counts) == sum(found.counts)
