"""The robot's timetable."""

from __future__ import annotations

from collections import Counter

from bridge.demo.messages import TOPICS, Kind, Topic
from bridge.demo.pace import Pace

S = 1_000_000_000


def turns(pace: Pace, *, start_ns: int, end_ns: int) -> Counter[str]:
    """How often each topic is due while the clock runs without a hitch."""
    counts: Counter[str] = Counter()
    now_ns = start_ns
    while now_ns < end_ns:
        while (topic := pace.take(now_ns)) is not None:
            counts[topic.name] += 1
        now_ns = pace.next_ns()
    return counts


def test_each_topic_keeps_its_rate():
    counts = turns(Pace(TOPICS, start_ns=5 * S), start_ns=5 * S, end_ns=15 * S)
    for topic in TOPICS:
        assert abs(counts[topic.name] - 10 * topic.rate_hz) <= 1


def test_a_latched_topic_has_no_turn():
    assert "/tf_static" not in turns(Pace(TOPICS, start_ns=0), start_ns=0, end_ns=S)


def test_nothing_is_due_before_its_time():
    pace = Pace(TOPICS, start_ns=100)
    assert pace.take(99) is None
    assert pace.next_ns() == 100
    assert pace.take(100) is not None


def test_after_a_stall_missed_turns_are_skipped_not_caught_up():
    pace = Pace([Topic(name="/t", kind=Kind.TEXT, rate_hz=10.0, depth=1)], start_ns=0)
    assert pace.take(0) is not None
    assert pace.take(5 * S) is not None
    assert pace.take(5 * S) is None
    assert pace.next_ns() == 5 * S + S // 10


def test_a_turn_a_little_late_does_not_shift_the_next():
    pace = Pace([Topic(name="/t", kind=Kind.TEXT, rate_hz=10.0, depth=1)], start_ns=0)
    pace.take(0)
    pace.take(S // 10 + 7)
    assert pace.next_ns() == 2 * S // 10
