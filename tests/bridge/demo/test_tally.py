"""Counting: lost, doubled and reordered are three different faults, and being late is none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.demo.lines import TopicReport
from bridge.demo.messages import Payload
from bridge.demo.tally import Tally

MS = 1_000_000


def counted(*seqs: int, latency_ms: float = 2.0) -> TopicReport:
    """The report on messages that arrive in this order, published 10 ms apart."""
    tally = Tally("/t")
    for place, seq in enumerate(seqs):
        stamp_ns = 1_000 * MS + seq * 10 * MS
        now_ns = max(stamp_ns, 1_000 * MS + place * 10 * MS) + int(latency_ms * MS)
        tally.take(Payload(seq=seq, stamp_ns=stamp_ns, body=b"1234"), now_ns=now_ns)
    return tally.report()


def faults(report: TopicReport) -> tuple[int, int, int]:
    return report.missing, report.doubled, report.reordered


def test_nothing_received_is_an_empty_report():
    report = Tally("/t").report()
    assert (report.received, report.last_seq, report.p50_ms, report.p99_ms) == (0, None, None, None)


def test_joining_late_is_no_loss():
    assert faults(counted(100, 101, 102)) == (0, 0, 0)


def test_a_gap_is_missing():
    report = counted(3, 4, 8)
    assert faults(report) == (3, 0, 0)
    assert (report.received, report.last_seq) == (3, 8)


def test_a_copy_is_doubled_and_counted_once():
    report = counted(3, 4, 4, 3)
    assert faults(report) == (0, 2, 0)
    assert (report.received, report.payload_bytes) == (2, 8)


def test_a_straggler_fills_its_gap_and_is_out_of_order():
    assert faults(counted(3, 5, 4)) == (0, 0, 1)


def test_a_straggler_from_before_the_first_one_moves_the_start():
    assert faults(counted(5, 6, 3)) == (1, 0, 1)
    assert faults(counted(5, 6, 3, 4)) == (0, 0, 2)


def test_a_leap_of_absurd_width_is_corrupt_and_costs_no_memory():
    report = counted(1, 2**60, 2)
    assert faults(report) == (0, 0, 0)
    assert (report.corrupt, report.received) == (1, 2)
    assert str(2**60) in report.flaw


def test_the_first_flaw_is_kept():
    tally = Tally("/t")
    tally.spoil("torn")
    tally.spoil("worn")
    assert (tally.report().corrupt, tally.report().flaw) == (2, "torn")


def test_latency_is_measured_from_the_stamp():
    report = counted(*range(50), latency_ms=3.0)
    assert report.p50_ms is not None
    assert abs(report.p50_ms - 3.0) < 0.1


def test_a_message_older_than_the_first_arrival_has_no_latency():
    tally = Tally("/tf_static")
    tally.take(Payload(seq=0, stamp_ns=1, body=b""), now_ns=5_000 * MS)
    assert tally.report().p50_ms is None
    assert tally.report().received == 1


def test_a_clock_set_back_gives_no_negative_latency():
    tally = Tally("/t")
    tally.take(Payload(seq=0, stamp_ns=10, body=b""), now_ns=5)
    assert tally.report().p50_ms == 0.001


def test_the_span_is_the_robots_time_not_that_of_the_burst():
    assert counted(0, 1, 2, 10).span_ns == 100 * MS


@given(arrivals=st.lists(st.integers(0, 30), max_size=60))
def test_the_counts_always_add_up(arrivals: list[int]):
    report = counted(*arrivals)
    different = set(arrivals)
    assert report.received == len(different)
    assert report.doubled == len(arrivals) - len(different)
    expected = max(different) - min(different) + 1 if different else 0
    assert report.missing == expected - len(different)
    assert report.reordered == sum(
        seq < max(arrivals[:place], default=-1) and seq not in arrivals[:place]
        for place, seq in enumerate(arrivals)
    )
