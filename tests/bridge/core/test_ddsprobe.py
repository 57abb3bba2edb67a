"""What both ends of the probe through DDS agree on."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.ddsprobe import decode, encode, is_ping_to, ping_name, pong_name, topic_of
from bridge.errors import InvalidName, WireError


def test_the_topics_are_named_after_the_echo():
    ping = ping_name("c10d")
    assert (ping, pong_name(ping)) == ("/zenlink/probe/to_c10d/ping", "/zenlink/probe/to_c10d/pong")
    assert topic_of(ping) == "rt/zenlink/probe/to_c10d/ping"


def test_an_echo_knows_its_own_topic_under_any_namespace():
    assert is_ping_to("c10d", ping_name("c10d"))
    assert is_ping_to("c10d", ping_name("c10d", "/site/robot1"))
    assert not is_ping_to("c10d", ping_name("c10d0"))
    assert not is_ping_to("10d", ping_name("c10d"))
    assert not is_ping_to("c10d", pong_name(ping_name("c10d")))


@pytest.mark.parametrize(
    ("echo", "namespace"),
    [("", "/"), ("C10D", "/"), ("a/b", "/"), ("*", "/"), ("a" * 33, "/"), ("a", "/1x"), ("a", "/a//b")],
)
def test_what_makes_no_ros_name_is_refused(echo, namespace):
    with pytest.raises(InvalidName):
        ping_name(echo, namespace)


@given(st.binary(max_size=200), st.binary(max_size=3))
def test_a_frame_comes_out_as_it_went_in_whatever_dds_padded(frame, padding):
    assert decode(encode(frame) + padding) == frame


def test_a_ros_node_reads_the_message():
    pytest.importorskip("rclpy", reason="ROS is not in this environment")
    from rclpy.serialization import deserialize_message, serialize_message
    from std_msgs.msg import UInt8MultiArray

    frame = bytes(range(67))
    message = deserialize_message(encode(frame), UInt8MultiArray)
    assert bytes(message.data) == frame
    assert decode(serialize_message(message)) == frame


@given(st.binary(max_size=40))
def test_bytes_of_strangers_are_refused_or_read_but_never_more(payload):
    with contextlib.suppress(WireError):
        assert decode(payload) in payload


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        encode(b"x" * 64)[:40],
        b"\x00\x00" + encode(b"x" * 64)[2:],
        encode(b"")[:4] + b"\x01" + encode(b"")[5:],
    ],
)
def test_what_is_cut_big_endian_or_has_dimensions_is_refused(payload):
    with pytest.raises(WireError):
        decode(payload)
