"""Lines between the processes: what is written can be read, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from bridge.demo.lines import (
    NodeFlavour,
    Published,
    Ready,
    Report,
    TopicPublished,
    TopicType,
    decode,
    encode,
)
from bridge.demo.tally import Tally

LINES = [
    Ready(
        flavour=NodeFlavour.RCLPY,
        details="rclpy on rmw_fastrtps_cpp",
        types=(TopicType(topic="/chatter", ros_type="std_msgs/msg/String"),),
    ),
    Published(topics=(TopicPublished(topic="/chatter", last_seq=41),)),
    Report(at_ns=1, topics=(Tally("/chatter").report(),)),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.line)
def test_a_line_survives_the_pipe(line: Ready | Published | Report):
    text = encode(line)
    assert "\n" not in text
    assert decode(text) == line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[INFO] hello",
        "{",
        "{}",
        '{"line": "other"}',
        '{"line": "published"}',
        "[1]",
        '{"line": "ready", "x": 1}',
    ],
)
def test_anything_else_is_not_a_line(text: str):
    assert decode(text) is None
