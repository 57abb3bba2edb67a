"""What the counts mean: per topic, and for the whole run. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.demo.lines import CallReport, Published, Report, TopicReport
from bridge.demo.messages import Topic

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicResult:
    """How one topic fared."""

    topic: Topic
    published: int
    """By the robot, from its start: the station joined later."""
    received: int
    lost: int
    """After the first message received, up to the last one published."""
    doubled: int
    reordered: int
    corrupt: int
    messages_per_s: float
    """Of the robot's time: messages that arrived in a burst still count as they were sent."""
    mb_per_s: float
    """Payload, 10^6 bytes a second."""
    first_after_s: float | None
    """From the station's start to its first message: discovery, on every hop."""
    p50_ms: float | None
    p99_ms: float | None
    problems: tuple[str, ...]


def judge(
    topics: Iterable[Topic], published: Published, report: Report, *, station_up_ns: int
) -> tuple[TopicResult, ...]:
    """The result of each topic, when all is over.

    Args:
        topics: all of them.
        published: how far the robot got.
        report: the station's last.
        station_up_ns: when its subscriptions existed, nanoseconds since the Unix epoch.
    """
    last_seqs = {line.topic: line.last_seq for line in published.topics}
    reports = {line.topic: line for line in report.topics}
    return tuple(_judge(topic, last_seqs[topic.name], reports[topic.name], station_up_ns) for topic in topics)


def _judge(topic: Topic, last_seq: int, seen: TopicReport, station_up_ns: int) -> TopicResult:
    lost = _lost(last_seq, seen)
    seconds = seen.span_ns / _NS_PER_S
    steady = seconds > 0 and seen.received > 1
    return TopicResult(
        topic=topic,
        published=last_seq + 1,
        received=seen.received,
        lost=lost,
        doubled=seen.doubled,
        reordered=seen.reordered,
        corrupt=seen.corrupt,
        messages_per_s=(seen.received - 1) / seconds if steady else 0.0,
        mb_per_s=seen.payload_bytes * (seen.received - 1) / seen.received / seconds / 1e6 if steady else 0.0,
        first_after_s=max(0, seen.first_ns - station_up_ns) / _NS_PER_S if seen.received else None,
        p50_ms=seen.p50_ms,
        p99_ms=seen.p99_ms,
        problems=tuple(_problems(topic, lost, seen)),
    )


def _lost(last_seq: int, seen: TopicReport) -> int:
    tail = 0 if seen.last_seq is None else max(0, last_seq - seen.last_seq)
    return seen.missing + tail


def _problems(topic: Topic, lost: int, seen: TopicReport) -> Iterable[str]:
    if seen.received == 0 and seen.corrupt == 0:
        kept = "the latched message never reached the late station" if topic.latched else "nothing arrived"
        yield f"{topic.name}: {kept}"
    if lost:
        yield f"{topic.name}: {lost} lost"
    if seen.doubled:
        yield f"{topic.name}: {seen.doubled} arrived twice"
    if seen.reordered:
        yield f"{topic.name}: {seen.reordered} arrived out of order"
    if seen.corrupt:
        yield f"{topic.name}: {seen.corrupt} corrupt, the first: {seen.flaw}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """How the calls of one service, or the goals of one action, fared."""

    seen: CallReport
    problems: tuple[str, ...]


def judge_calls(report: Report) -> tuple[CallResult, ...]:
    """The result of each service and action, when all is over."""
    return tuple(CallResult(seen=seen, problems=tuple(_call_problems(seen))) for seen in report.calls)


def _call_problems(seen: CallReport) -> Iterable[str]:
    if seen.called == 0:
        yield f"{seen.name}: the {seen.kind.value} was never found"
    if seen.called > seen.answered + seen.wrong:
        yield f"{seen.name}: {seen.called - seen.answered - seen.wrong} without an answer"
    if seen.wrong:
        yield f"{seen.name}: {seen.wrong} wrong, the first: {seen.flaw}"


def complete(published: Published, report: Report) -> bool:
    """Whether the station has everything the robot published, so that waiting longer brings nothing."""
    reports = {line.topic: line for line in report.topics}
    topics = all(
        reports[line.topic].last_seq is not None and _lost(line.last_seq, reports[line.topic]) == 0
        for line in published.topics
    )
    return topics and all(0 < one.called == one.answered + one.wrong + one.lost for one in report.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How one topic is doing just now."""

    seen: TopicReport
    messages_per_s: float
    mb_per_s: float


def flows(before: Report | None, now: Report) -> tuple[Flow, ...]:
    """Rates between two reports; 0 with only one."""
    if before is None or now.at_ns <= before.at_ns:
        return tuple(Flow(seen=seen, messages_per_s=0.0, mb_per_s=0.0) for seen in now.topics)
    seconds = (now.at_ns - before.at_ns) / _NS_PER_S
    return tuple(
        Flow(
            seen=new,
            messages_per_s=(new.received - old.received) / seconds,
            mb_per_s=(new.payload_bytes - old.payload_bytes) / seconds / 1e6,
        )
        for old, new in zip(before.topics, now.topics, strict=True)
    )
