"""Type names: ROS to DDS and back, and which service or action a half belongs to."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.typenames import (
    action_type,
    check_ros_type,
    dds_type,
    request_dds_type,
    response_dds_type,
    ros_type,
    service_type,
)
from bridge.errors import InvalidName
from tests.strategies import damaged_text, ros_types
from tests.vectors import records

VECTORS = records("types_ros2dds.txt")
TO_ROS = {"topic": ros_type, "request": service_type, "response": service_type}
TO_DDS = {"topic": dds_type, "request": request_dds_type, "response": response_dds_type}


@pytest.mark.parametrize("record", VECTORS, ids=lambda r: r["dds_type"])
def test_types_map_as_in_the_upstream_bridge(record: dict[str, str]) -> None:
    assert TO_ROS[record["of"]](record["dds_type"]) == record["ros_type"]
    assert TO_DDS[record["of"]](record["ros_type"]) == record["dds_type"]


@pytest.mark.parametrize("record", VECTORS, ids=lambda r: r["dds_type"])
def test_an_action_is_learned_only_from_types_of_its_own(record: dict[str, str]) -> None:
    if "action_type" in record:
        assert action_type(record["dds_type"]) == record["action_type"]
    else:
        with pytest.raises(InvalidName, match="not an action's"):
            action_type(record["dds_type"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "String",
        "std_msgs::msg::String_",
        "std_msgs::msg::dds_::String",
        "dds_::String_",
        "a::dds_::B_",
        "a::msg::dds_::_",
        "a::msg::dds_::1_",
        "a::::dds_::B_",
        "a::msg::dds_::B_\n",
        "é::msg::dds_::B_",
        "a::msg::dds_::" + "B" * 300 + "_",
    ],
)
def test_dds_types_that_ros_did_not_make_are_refused(text: str) -> None:
    for convert in (ros_type, service_type, action_type):
        with pytest.raises(InvalidName, match="not made by ROS"):
            convert(text)


@pytest.mark.parametrize("text", ["std_msgs::msg::dds_::String_", "a::srv::dds_::_Request_"])
def test_a_message_is_no_half_of_a_service(text: str) -> None:
    with pytest.raises(InvalidName, match="not a service's request or response"):
        service_type(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "String",
        "msg/String",
        "/std_msgs/msg/String",
        "std_msgs/msg/",
        "std_msgs//String",
        "a/msg/B§",
        "a/msg/*",
    ],
)
def test_malformed_ros_type_is_refused_everywhere(text: str) -> None:
    for convert in (check_ros_type, dds_type, request_dds_type, response_dds_type):
        with pytest.raises(InvalidName, match="must read PACKAGE/msg/NAME"):
            convert(text)


def test_longest_type_that_dds_can_announce_comes_back_and_one_more_letter_is_refused() -> None:
    longest = "a/msg/" + "B" * (255 - len("a::msg::dds_::_"))
    assert ros_type(dds_type(longest)) == longest
    with pytest.raises(InvalidName, match="at most 255"):
        check_ros_type(longest + "B")


@given(ros_types)
def test_types_come_back_from_dds_equal(name: str) -> None:
    assert ros_type(dds_type(name)) == name
    assert service_type(request_dds_type(name)) == name == service_type(response_dds_type(name))


@given(ros_types)
def test_actions_come_back_from_each_type_of_their_own(name: str) -> None:
    for part in ("SendGoal", "GetResult"):
        assert action_type(request_dds_type(f"{name}_{part}")) == name
        assert action_type(response_dds_type(f"{name}_{part}")) == name
    assert action_type(dds_type(f"{name}_FeedbackMessage")) == name


@given(damaged_text(ros_types.map(dds_type)) | st.text(max_size=30))
def test_any_text_gives_a_sound_ros_type_or_an_invalid_name(text: str) -> None:
    for convert in (ros_type, service_type, action_type):
        try:
            check_ros_type(convert(text))
        except InvalidName:
            continue
    with contextlib.suppress(InvalidName):
        assert dds_type(ros_type(text)) == text


@given(damaged_text(ros_types) | st.text(max_size=30))
def test_any_text_is_a_ros_type_or_an_invalid_name(text: str) -> None:
    try:
        check_ros_type(text)
    except InvalidName:
        return
    assert ros_type(dds_type(text)) == text
