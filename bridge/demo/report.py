"""How the demo shows itself: a live table, the final one with its verdict, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from bridge.core.jsonform import Json
from bridge.demo.lines import CallReport, Ready, Report
from bridge.demo.messages import TOPICS
from bridge.demo.stage import ChildFailed
from bridge.demo.verdict import CallResult, TopicResult, flows

_COLUMNS = ("msg/s", "MB/s", "received", "lost", "doubled", "p50 ms", "p99 ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All there is to say about a demo that ran to its end."""

    nodes: Ready
    domains: tuple[int, ...]
    """The robot's and the station's; one alone without agents."""
    link: str
    """What lies between the domains, for people."""
    late_by_s: float
    """How long after the robot the station was up."""
    results: tuple[TopicResult, ...]
    calls: tuple[CallResult, ...]
    process_problems: tuple[str, ...]
    hints: tuple[str, ...]
    """What the agents say about topics with a problem."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Every reason for which the verdict is not good."""
        found = (problem for result in self.results for problem in result.problems)
        called = (problem for result in self.calls for problem in result.problems)
        return (*found, *called, *self.process_problems)


def live_table(before: Report | None, now: Report, caption: str) -> Table:
    """The state of the run, with the rates between two reports."""
    table = _empty_table()
    table.caption = caption
    latched = {topic.name for topic in TOPICS if topic.latched}
    for flow in flows(before, now):
        seen = flow.seen
        table.add_row(
            seen.topic,
            *_rates(flow.messages_per_s, flow.mb_per_s, latched=seen.topic in latched),
            str(seen.received),
            _count(seen.missing),
            _count(seen.doubled),
            _milliseconds(seen.p50_ms),
            _milliseconds(seen.p99_ms),
        )
    _add_calls(table, now.calls)
    return table


def final_table(results: Iterable[TopicResult], calls: Iterable[CallResult]) -> Table:
    """The whole run."""
    table = _empty_table()
    for result in results:
        table.add_row(
            result.topic.name,
            *_rates(result.messages_per_s, result.mb_per_s, latched=result.topic.latched),
            str(result.received),
            _count(result.lost),
            _count(result.doubled),
            _milliseconds(result.p50_ms),
            _milliseconds(result.p99_ms),
        )
    _add_calls(table, [call.seen for call in calls])
    return table


def _add_calls(table: Table, calls: Iterable[CallReport]) -> None:
    """A row for each: what came back, what did not, and how long it took."""
    for seen in calls:
        table.add_row(
            seen.name,
            seen.kind.value,
            "",
            str(seen.answered),
            _count(seen.lost),
            _count(seen.wrong),
            _milliseconds(seen.p50_ms),
            _milliseconds(seen.p99_ms),
        )


def _empty_table() -> Table:
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("topic", no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    return table


def _rates(messages_per_s: float, mb_per_s: float, *, latched: bool) -> tuple[str, str]:
    return ("latched", "") if latched else (f"{messages_per_s:.1f}", f"{mb_per_s:.2f}")


def _count(number: int) -> Text:
    return Text(str(number), style="bold red" if number else "")


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def verdict_lines(outcome: Outcome) -> tuple[str, ...]:
    """The end of the output for people."""
    nodes = f"nodes: {outcome.nodes.details}"
    tf_type = next((line.ros_type for line in outcome.nodes.types if line.topic == "/tf_static"), "")
    if tf_type.startswith("geometry_msgs/"):
        nodes += f"; /tf_static carries {tf_type}, for tf2_msgs is not installed"
    lines = [nodes, *([outcome.nodes.note] if outcome.nodes.note else [])]
    if outcome.problems:
        return (
            *lines,
            "FAILED",
            *(f"  {problem}" for problem in outcome.problems),
            *(f"  {hint}" for hint in outcome.hints),
        )
    return (
        *lines,
        f"PASSED: nothing lost, doubled or corrupt over {outcome.link}",
        f"  the station, {outcome.late_by_s:.1f} s late, still got /tf_static",
    )


def document(outcome: Outcome, *, exit_code: int, logs: Path | None) -> dict[str, Json]:
    """The outcome as JSON."""
    types = {line.topic: line.ros_type for line in outcome.nodes.types}
    return {
        "verdict": "failed" if outcome.problems else "passed",
        "exit_code": exit_code,
        "problems": list(outcome.problems),
        "hints": list(outcome.hints),
        "nodes": outcome.nodes.flavour.value,
        "nodes_details": outcome.nodes.details,
        "note": outcome.nodes.note,
        "domains": list(outcome.domains),
        "link": outcome.link,
        "station_late_by_s": round(outcome.late_by_s, 3),
        "topics": [_topic(result, types[result.topic.name]) for result in outcome.results],
        "calls": [result.seen.model_dump(mode="json") for result in outcome.calls],
        "logs": None if logs is None else str(logs),
    }


def _topic(result: TopicResult, ros_type: str) -> Json:
    return {
        "topic": result.topic.name,
        "ros_type": ros_type,
        "rate_hz": result.topic.rate_hz,
        "latched": result.topic.latched,
        "published": result.published,
        "received": result.received,
        "lost": result.lost,
        "doubled": result.doubled,
        "reordered": result.reordered,
        "corrupt": result.corrupt,
        "messages_per_s": round(result.messages_per_s, 2),
        "mb_per_s": round(result.mb_per_s, 3),
        "first_after_s": None if result.first_after_s is None else round(result.first_after_s, 3),
        "p50_ms": result.p50_ms,
        "p99_ms": result.p99_ms,
    }


def failure_lines(failed: ChildFailed) -> tuple[str, ...]:
    """Who failed, and the end of its log."""
    return (f"{failed}; the end of its log:", *(f"  {line}" for line in failed.last_lines))


def failure_document(
    problem: str,
    *,
    verdict: str,
    exit_code: int,
    remedy: str = "",
    failed: ChildFailed | None = None,
    logs: Path | None = None,
) -> dict[str, Json]:
    """A demo without an outcome as JSON."""
    return {
        "verdict": verdict,
        "exit_code": exit_code,
        "problems": [problem],
        "remedy": remedy,
        "child": failed.child.name if failed else None,
        "child_exit_code": failed.exit_code if failed else None,
        "child_log": list(failed.last_lines) if failed else [],
        "logs": None if logs is None else str(logs),
    }
