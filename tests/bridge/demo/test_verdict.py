"""From counts to a verdict."""

from __future__ import annotations

import pytest

from bridge.demo.lines import Published, Report, TopicPublished, TopicReport
from bridge.demo.messages import Kind, Topic
from bridge.demo.tally import Tally
from bridge.demo.verdict import TopicResult, complete, flows, judge

S = 1_000_000_000
CHATTER = Topic(name="/chatter", kind=Kind.TEXT, rate_hz=10.0, depth=10)
STATIC = Topic(name="/tf_static", kind=Kind.TRANSFORM, depth=1)
PERFECT = TopicReport(
    topic="/chatter",
    received=11,
    payload_bytes=1_100,
    missing=0,
    doubled=0,
    reordered=0,
    corrupt=0,
    flaw="",
    last_seq=30,
    first_ns=12 * S,
    span_ns=1 * S,
    p50_ms=1.0,
    p99_ms=2.0,
)


def published(topic: Topic, last_seq: int) -> Published:
    return Published(topics=(TopicPublished(topic=topic.name, last_seq=last_seq),))


def result(topic: Topic = CHATTER, *, sent: int = 30, **changes: object) -> TopicResult:
    """The result for a perfect report with some changes, when message `sent` was the last one published."""
    seen = PERFECT.model_copy(update={"topic": topic.name, **changes})
    report = Report(at_ns=0, topics=(seen,))
    return judge([topic], published(topic, sent), report, station_up_ns=10 * S)[0]


def test_everything_once_and_intact_is_no_problem():
    assert result().problems == ()
    assert result().lost == 0


def test_rates_are_those_of_the_robots_time():
    assert result().messages_per_s == pytest.approx(10.0)
    assert result().mb_per_s == pytest.approx(0.001)


def test_time_to_the_first_message_counts_from_the_stations_start():
    assert result().first_after_s == pytest.approx(2.0)


def test_a_single_message_has_no_rate():
    assert result(STATIC, sent=0, received=1, last_seq=0, span_ns=0).messages_per_s == 0.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"missing": 2}, "2 lost"),
        ({"doubled": 3}, "3 arrived twice"),
        ({"reordered": 1}, "1 arrived out of order"),
        ({"corrupt": 1, "flaw": "torn"}, "torn"),
        ({"received": 0, "last_seq": None}, "nothing arrived"),
    ],
)
def test_each_fault_is_a_problem_that_names_the_topic(changes: dict[str, object], words: str):
    (problem,) = result(**changes).problems
    assert problem.startswith("/chatter: ")
    assert words in problem


def test_what_was_published_after_the_last_arrival_is_lost():
    assert result(sent=33, missing=2).lost == 5


def test_a_late_station_without_the_latched_message_is_a_problem():
    (problem,) = result(STATIC, sent=0, received=0).problems
    assert "latched" in problem


@pytest.mark.parametrize(
    ("sent", "changes", "done"),
    [(30, {}, True), (31, {}, False), (30, {"missing": 1}, False), (30, {"last_seq": None}, False)],
)
def test_waiting_ends_when_all_that_was_published_is_there(sent: int, changes: dict, done: bool):
    report = Report(at_ns=0, topics=(PERFECT.model_copy(update=changes),))
    assert complete(published(CHATTER, sent), report) is done


def test_live_rates_are_between_two_reports():
    before = Report(at_ns=0, topics=(PERFECT,))
    more = PERFECT.model_copy(update={"received": 16, "payload_bytes": 2_001_100})
    (flow,) = flows(before, Report(at_ns=S // 2, topics=(more,)))
    assert (flow.messages_per_s, flow.mb_per_s) == (pytest.approx(10.0), pytest.approx(4.0))


def test_one_report_alone_has_no_rate():
    (flow,) = flows(None, Report(at_ns=5, topics=(Tally("/chatter").report(),)))
    assert (flow.messages_per_s, flow.mb_per_s) == (0.0, 0.0)
