"""ROS names: what a DDS topic means, what a name and a namespace may be, and words for what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.core.names import (
    DdsTopic,
    TopicKind,
    action_of,
    check_namespace,
    check_ros_name,
    classify,
    dds_topic,
    is_hidden,
    reply_topic,
    request_topic,
)
from bridge.errors import InvalidName
from tests.strategies import damaged_text, namespaces, ros_names
from tests.vectors import records

dds_topics = st.builds(
    "{}{}{}".format,
    st.sampled_from(["rt", "rq", "rr", "rs", ""]),
    ros_names,
    st.sampled_from(["", "Request", "Reply", "/_action/status", "/_action/send_goalRequest"]),
)


@pytest.mark.parametrize("record", records("topics_ros2dds.txt"), ids=lambda r: r["dds_topic"])
def test_dds_topics_mean_what_the_upstream_bridge_reads_in_them(record: dict[str, str]) -> None:
    topic = classify(record["dds_topic"])
    assert (topic.kind.name, topic.ros_name) == (record["kind"], record["ros_name"])
    assert (topic.action, topic.action_part) == (record.get("action", ""), record.get("part", ""))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "r",
        "rt",
        "rt/",
        "rq",
        "rq/",
        "rq/Request",
        "rr/Reply",
        "rq/Reply",
        "rt/a/",
        "rt//a",
        "rtx/a",
        "RT/a",
        "rt/1a",
        "rt/a-b",
        "rq/a",
        "rr/aRequest",
        "rp/a",
        "ra/a",
        "DCPSTopic",
        "rt/_action/status",
        "rq/_action/send_goalRequest",
        "rt/é",
        "rt/a\n",
        "rt/" + "a" * 300,
    ],
)
def test_what_is_no_ros_name_behind_its_prefix_is_other(text: str) -> None:
    assert classify(text) == DdsTopic(kind=TopicKind.OTHER, ros_name=text)


@pytest.mark.parametrize(
    "ros_name", ["/my_action/status", "/fib/_action/statusx", "/fib/_action/feedback/x", "/status"]
)
def test_only_the_whole_part_action_makes_a_topic_part_of_an_action(ros_name: str) -> None:
    assert classify("rt" + ros_name) == DdsTopic(kind=TopicKind.TOPIC, ros_name=ros_name)


def test_service_whose_name_ends_in_request_keeps_it() -> None:
    assert classify("rq/RequestRequest").ros_name == "/Request"


@given(ros_names)
def test_dds_names_lead_back_to_the_ros_name(name: str) -> None:
    for made in (dds_topic(name), request_topic(name), reply_topic(name)):
        topic = classify(made)
        assert topic.ros_name in (name, made)
        assert (topic.kind is TopicKind.OTHER) == (topic.ros_name == made)
    assert (
        classify(request_topic(name)).kind.name.replace("REQUEST", "REPLY")
        == classify(reply_topic(name)).kind.name
    )


@given(damaged_text(dds_topics) | st.text(max_size=30))
def test_whatever_is_not_other_is_a_valid_ros_name(text: str) -> None:
    topic = classify(text)
    if topic.kind is TopicKind.OTHER:
        assert topic.ros_name == text
    else:
        check_ros_name(topic.ros_name)
    assert bool(topic.action) == bool(topic.action_part) == topic.kind.name.startswith("ACTION")


@pytest.mark.parametrize("maker", [dds_topic, request_topic, reply_topic])
def test_no_dds_topic_is_made_of_a_malformed_name(maker) -> None:
    with pytest.raises(InvalidName, match="must begin with '/'"):
        maker("chatter")


@pytest.mark.parametrize("name", ["/a", "/a__b", "/a/_b", "/_", "/A9/b_", "/" + "a" * 246])
def test_names_that_every_rmw_takes_pass(name: str) -> None:
    check_ros_name(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "must begin with '/'"),
        ("a", "must begin with '/'"),
        ("/", "must not end with '/'"),
        ("/a/", "must not end with '/'"),
        ("/a//b", "empty part at position 3"),
        ("/a-b", "character '-' at position 2; letters, digits"),
        ("/a b", "character ' ' at position 2; letters, digits"),
        ("/ä", "character 'ä' at position 1; letters, digits"),
        ("/a\n", r"character '\\n' at position 2; letters, digits"),
        ("/a/1b", "digit '1' at position 3"),
        ("/" + "a" * 247, "has 248 characters, at most 247"),
    ],
)
def test_refusal_names_the_fault_and_its_place(name: str, words: str) -> None:
    with pytest.raises(InvalidName, match=words):
        check_ros_name(name)


@given(damaged_text(ros_names) | st.text(max_size=20))
@example("/\u0661")
def test_any_text_is_a_ros_name_or_an_invalid_name(text: str) -> None:
    try:
        check_ros_name(text)
    except InvalidName:
        return
    assert text.isascii()
    assert all(part.isidentifier() for part in text[1:].split("/"))


@pytest.mark.parametrize("text", ["/", "/a", "/a/b"])
def test_normal_namespace_stays_as_it_is(text: str) -> None:
    assert check_namespace(text) == text


def test_slash_behind_a_namespace_is_dropped() -> None:
    assert check_namespace("/fleet/bot1/") == "/fleet/bot1"


@pytest.mark.parametrize("text", ["", "bot1", "//", "/a//", "/a//b", "/a b", "/1", "/*", "/" + "a" * 245])
def test_malformed_namespace_is_refused(text: str) -> None:
    with pytest.raises(InvalidName, match=r"^namespace "):
        check_namespace(text)


@given(damaged_text(namespaces) | st.text(max_size=20))
def test_a_namespace_that_passed_passes_again_unchanged(text: str) -> None:
    try:
        namespace = check_namespace(text)
    except InvalidName:
        return
    assert check_namespace(namespace) == namespace


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("/a", False), ("/a_b/c_", False), ("/_a", True), ("/a/_action/status", True), ("_a", True)],
)
def test_name_with_a_part_that_begins_with_underscore_is_hidden(name: str, hidden: bool) -> None:
    assert is_hidden(name) is hidden


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("/fib/_action/send_goal", "/fib"),
        ("/a/fib/_action/status", "/a/fib"),
        ("/fib/_action/other", ""),
        ("/fib/send_goal", ""),
        ("/my_action/status", ""),
        ("/_action/status", ""),
        ("status", ""),
    ],
)
def test_a_part_of_an_action_names_its_action(name: str, action: str) -> None:
    assert action_of(name) == action
