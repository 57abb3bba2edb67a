"""Every ROS message type crosses unchanged, between the real nodes of two ROS distributions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.support import JAZZY_PYTHON, RosNode, agent, domains, eventually, ros_node

PACKAGES = ["std_msgs", "geometry_msgs", "sensor_msgs", "nav_msgs", "diagnostic_msgs", "test_msgs"]
SEEDS = [1, 2, 3, 4, 5]
"""Messages a topic; another seed is another key, where a type has one."""
DEPTH = 10
KEYED = {f"/test_msgs/{name}" for name in ("ComplexNestedKey", "KeyedLong", "KeyedString")}
PADDINGS = (b"", b"\0", b"\0\0", b"\0\0\0")
FEWEST_TYPES = {"kilted": 115, "jazzy": 111}
"""What the locked packages have."""


@pytest.fixture(params=["kilted", "jazzy"])
def ros(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    """A ROS distribution and its interpreter."""
    python = Path(sys.executable) if request.param == "kilted" else JAZZY_PYTHON
    if not python.exists():
        pytest.skip(f"{python} is missing: `make test-env` makes it")
    return request.param, python


def all_match(talker: RosNode, listener: RosNode) -> bool:
    """Each publisher has the talker's own subscription and ours, each subscription its publisher."""
    waiting = [
        *talker.call("without_subscribers", fewer_than=2),
        *talker.call("without_publishers"),
        *listener.call("without_publishers"),
    ]
    assert not waiting, waiting
    return True


def same_body(here: str, there: str) -> bool:
    """Equal but for the option bits of the header and the padding behind the body."""
    one, other = bytes.fromhex(here), bytes.fromhex(there)
    short, long = sorted((one[4:], other[4:]), key=len)
    return one[:2] == other[:2] and long.startswith(short) and long[len(short) :] in PADDINGS


def in_order(found: dict[str, list[str]], *, header_chars: int = 0) -> dict[str, list[str]]:
    """As they came; of keyed topics by content, for DDS keeps order within an instance alone."""
    return {
        topic: sorted(texts, key=lambda one: one[header_chars:]) if topic in KEYED else texts
        for topic, texts in found.items()
    }


def test_every_message_type_arrives_unchanged(ros: tuple[str, Path]) -> None:
    """What a subscription in the publisher's own process receives, the one behind the agents does, too."""
    distribution, python = ros
    every_type = {"python": python, "packages": PACKAGES, "depth": DEPTH}
    with (
        domains(2) as (robot, station),
        agent(domain=robot) as left,
        agent(domain=station, connect=[left]),
        ros_node("all_types", domain=robot, role="talker", **every_type) as talker,
        ros_node("all_types", domain=station, role="listener", **every_type) as listener,
    ):
        eventually(lambda: all_match(talker, listener))
        sent = talker.call("publish", seeds=SEEDS)
        assert len(sent) >= FEWEST_TYPES[distribution]
        for node in (talker, listener):
            eventually(lambda node=node: node.call("count") >= len(sent) * len(SEEDS))

        # It also shows that the listener is alive.
        here, there = (in_order(node.call("raw"), header_chars=8) for node in (talker, listener))
        assert {topic: len(payloads) for topic, payloads in there.items()} == dict.fromkeys(sent, len(SEEDS))
        changed = {
            topic
            for topic in sent
            for one, other in zip(here[topic], there[topic], strict=True)
            if not same_body(one, other)
        }
        assert changed == set()
        assert in_order(listener.call("texts")) == in_order(sent)
        print(f"{distribution}: {len(sent)} message types, {len(SEEDS)} messages each, all unchanged")
