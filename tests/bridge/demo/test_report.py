"""What people and programs are shown."""

from __future__ import annotations

import dataclasses
import json

import pytest
from rich.console import Console

from bridge.demo import report
from bridge.demo.lines import CallKind, CallReport, NodeFlavour, Ready, Report, TopicType
from bridge.demo.messages import TOPICS
from bridge.demo.report import Outcome
from bridge.demo.tally import Tally
from bridge.demo.verdict import CallResult, TopicResult, judge_calls


def result(place: int, *problems: str) -> TopicResult:
    return TopicResult(
        topic=TOPICS[place],
        published=50,
        received=30,
        lost=len(problems),
        doubled=0,
        reordered=0,
        corrupt=0,
        messages_per_s=10.04,
        mb_per_s=1.5,
        first_after_s=0.2,
        p50_ms=None if TOPICS[place].latched else 1.234,
        p99_ms=None if TOPICS[place].latched else 5.678,
        problems=problems,
    )


def call(**changes: object) -> CallResult:
    values = {"called": 4, "answered": 4, "lost": 0, "wrong": 0, "flaw": "", "p50_ms": 7.25, "p99_ms": 9.5}
    seen = CallReport(**{"name": "/lights", "kind": CallKind.SERVICE} | values | changes)
    (found,) = judge_calls(Report(at_ns=0, topics=(), calls=(seen,)))
    return found


def outcome(*problems: str, tf_type: str = "tf2_msgs/msg/TFMessage") -> Outcome:
    types = tuple(
        TopicType(topic=topic.name, ros_type=tf_type if topic.latched else topic.kind.value)
        for topic in TOPICS
    )
    return Outcome(
        nodes=Ready(flavour=NodeFlavour.RCLPY, details="rclpy on rmw_x", types=types),
        domains=(3, 4),
        link="Zenoh on tcp/127.0.0.1:9",
        late_by_s=2.34,
        results=tuple(result(place, *(problems if place == 0 else ())) for place in range(len(TOPICS))),
        calls=(call(),),
        process_problems=(),
        hints=("the agent says no",) if problems else (),
    )


def shown(table: object) -> str:
    console = Console(width=80, file=None, record=True, quiet=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_a_good_end_says_passed_and_by_what():
    text = "\n".join(report.verdict_lines(outcome()))
    assert "PASSED" in text
    assert "tcp/127.0.0.1:9" in text
    assert "2.3 s late" in text
    assert "tf2_msgs" not in text


def test_a_bad_end_names_every_problem_and_what_the_agents_say():
    text = "\n".join(report.verdict_lines(outcome("/chatter: 1 lost")))
    assert "FAILED" in text
    assert "PASSED" not in text
    assert "/chatter: 1 lost" in text
    assert "the agent says no" in text


def test_a_bare_transform_is_owned_up_to():
    text = "\n".join(report.verdict_lines(outcome(tf_type="geometry_msgs/msg/TransformStamped")))
    assert "tf2_msgs is not installed" in text


def test_the_final_table_fits_an_ordinary_terminal():
    text = shown(report.final_table(outcome().results, outcome().calls))
    for words in ("/camera/image_raw", "latched", "msg/s", "doubled", "1.23", "5.68"):
        assert words in text


def test_the_live_table_shows_a_topic_before_its_first_message():
    now = Report(at_ns=1, topics=tuple(Tally(topic.name).report() for topic in TOPICS))
    text = shown(report.live_table(None, now, "4 s to go"))
    assert "/points" in text
    assert "4 s to go" in text


@pytest.mark.parametrize(("problems", "verdict"), [((), "passed"), (("/chatter: 1 lost",), "failed")])
def test_the_document_is_json_with_a_verdict(problems: tuple[str, ...], verdict: str):
    document = json.loads(json.dumps(report.document(outcome(*problems), exit_code=0, logs=None)))
    assert document["verdict"] == verdict
    assert document["problems"] == list(problems)
    assert document["nodes"] == "rclpy"
    assert [topic["topic"] for topic in document["topics"]] == [topic.name for topic in TOPICS]
    assert document["topics"][0]["p99_ms"] == 5.678


def test_a_demo_that_could_not_run_has_the_same_document_keys():
    document = report.failure_document("no place", verdict="cannot_run", exit_code=3, remedy="make room")
    assert (document["verdict"], document["exit_code"]) == ("cannot_run", 3)
    assert document["problems"] == ["no place"]


def test_services_and_actions_have_a_row_each():
    text = shown(report.final_table(outcome().results, [call(), call(name="/count", kind=CallKind.ACTION)]))
    assert [line.split()[:3] for line in text.splitlines() if "/lights" in line or "/count" in line] == [
        ["/lights", "service", "4"],
        ["/count", "action", "4"],
    ]
    live = shown(report.live_table(None, Report(at_ns=1, topics=(), calls=(call().seen,)), "4 s to go"))
    assert "/lights" in live


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"called": 0, "answered": 0}, "/lights: the service was never found"),
        ({"called": 5, "lost": 1}, "/lights: 1 without an answer"),
        ({"called": 5}, "/lights: 1 without an answer"),
        ({"called": 5, "wrong": 1, "flaw": "so"}, "/lights: 1 wrong, the first: so"),
    ],
)
def test_a_call_that_fails_fails_the_demo(changes, problem):
    found = dataclasses.replace(outcome(), calls=(call(**changes),))
    assert found.problems == (() if problem is None else (problem,))
    assert report.document(found, exit_code=0, logs=None)["calls"][0]["name"] == "/lights"
