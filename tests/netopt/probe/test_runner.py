"""The runner on simulated time."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from netopt.core.probeframe import Echo, Request
from netopt.core.schedule import NS_PER_S, Schedule
from netopt.probe.runner import Progress, Runner
from netopt.probe.selftest import simulate
from netopt.probe.simulation import Faults, SimulatedClock, SimulatedLink

SCHEDULE = Schedule(rate_hz=100.0, messages=200, warmup=10)


def test_warm_up_is_sent_and_is_not_part_of_the_result():
    result, injected = simulate(Faults(), SCHEDULE)
    assert injected.sent == 210
    assert (result.warmup_sent, result.summary.sent, result.summary.received) == (10, 200, 200)


def test_a_slow_reply_delays_no_later_message():
    """The schedule is not reply-driven: a stall of 0.5 s is in 50 latencies, not in one."""
    result, _ = simulate(Faults(stall_at_s=1.0, stall_ms=500.0), SCHEDULE)
    slow = [shot for shot in result.shots if shot.latency_ns > 20_000_000]
    assert len(slow) > 40
    assert all(shot.late_ns == 0 for shot in result.shots)


def test_the_first_message_is_reported_by_itself():
    result, _ = simulate(Faults(there_ms=3.0, back_ms=4.0), SCHEDULE)
    assert result.first_message_ms == pytest.approx(7.0)


def test_a_reply_behind_the_timeout_is_lost_and_called_late():
    result, _ = simulate(Faults(stall_at_s=1.0, stall_ms=300.0), replace(SCHEDULE, timeout_s=0.1))
    assert result.summary.lost > 10
    assert result.summary.late == result.summary.lost
    assert result.summary.latency.p99_ms is None


def test_a_link_that_goes_silent_is_reported_while_the_run_goes_on():
    seen: list[Progress] = []
    clock = SimulatedClock()
    link = SimulatedLink(clock=clock, faults=Faults(stall_at_s=1.0, stall_ms=60_000.0))
    runner = Runner(link, replace(SCHEDULE, messages=500), clock=clock, own=Echo())
    result = runner.run(threading.Event(), on_progress=seen.append)
    silent = [number for number, progress in enumerate(seen) if progress.silent_s]
    assert silent
    assert 1.0 <= seen[silent[0]].silent_s <= 2.0
    [(begin_s, length_s)] = result.silences
    assert begin_s == pytest.approx(1.0, abs=0.05)
    assert length_s > 3.0


def test_stopping_early_keeps_what_there_is_and_calls_nothing_lost():
    stop = threading.Event()
    clock = SimulatedClock()
    link = SimulatedLink(clock=clock, faults=Faults(there_ms=50.0, back_ms=50.0))

    def look(progress: Progress) -> None:
        if progress.received >= 100:
            stop.set()

    result = Runner(link, SCHEDULE, clock=clock, own=Echo()).run(stop, on_progress=look, every_s=0.01)
    assert not result.complete
    assert 100 <= result.summary.received < 200
    assert result.summary.lost == 0


class Strange(SimulatedLink):
    """A link on which a stranger sends, too."""

    def send(self, frame: bytes) -> None:
        super().send(frame)
        for other in (b"", b"x" * 64, frame, Request(run=1, sequence=0, sent_wall_ns=0).encode()):
            self.deliver(other)


def test_frames_of_others_are_counted_and_change_nothing():
    clock = SimulatedClock()
    runner = Runner(Strange(clock=clock, faults=Faults()), SCHEDULE, clock=clock, own=Echo())
    result = runner.run(threading.Event())
    assert (result.summary.received, result.summary.duplicates) == (200, 0)
    assert runner.foreign == 4 * SCHEDULE.total


def test_progress_tells_the_newest_latencies():
    seen: list[Progress] = []
    clock = SimulatedClock()
    link = SimulatedLink(clock=clock, faults=Faults(there_ms=5.0, back_ms=5.0))
    Runner(link, SCHEDULE, clock=clock, own=Echo()).run(threading.Event(), on_progress=seen.append)
    last = seen[-1]
    assert last.last_ms[-1] == pytest.approx(10.0)
    assert last.p50_ms == pytest.approx(10.0, rel=1e-3)
    assert clock.monotonic_ns() >= 2 * NS_PER_S
