"""QoS across the link: what matches at home matches through the agents, and changes of it cost no sample."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator

import pytest

from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node

TOPIC = "/qos"
RATE_HZ = 100.0
SOME = 50
"""Messages that show that a stream flows."""
DEPTH = 100
"""A second of the stream: a busy machine may keep a node waiting that long."""
RELIABLE = {"depth": DEPTH}
LATCHED = {"depth": DEPTH, "transient_local": True}
SENSOR_DATA = {"reliable": False, "depth": 5}
"""As ``rclpy.qos.qos_profile_sensor_data``."""


@contextlib.contextmanager
def two_agents() -> Iterator[tuple[Agent, Agent]]:
    with (
        domains(2) as (robot, station),
        agent(domain=robot) as left,
        agent(domain=station, connect=[left]) as right,
    ):
        yield left, right


def numbers(listener: RosNode, subscription: int = 0, writer: str = "w") -> list[int]:
    """What has come of one writer's stream."""
    found = [text.split(":") for text in listener.call("received", subscription=subscription)]
    return [int(number) for name, number in found if name == writer]


def wait_for_more(listener: RosNode, subscription: int = 0) -> None:
    """Until the stream has gone on for a while."""
    before = len(numbers(listener, subscription))
    eventually(lambda: len(numbers(listener, subscription)) >= before + SOME)


def stop(talker: RosNode, listener: RosNode) -> int:
    """The number of messages in the stream, when the last one has come."""
    count = talker.call("stop_stream")
    eventually(lambda: numbers(listener)[-1] == count - 1)
    return count


def is_rising(values: list[int]) -> bool:
    """In order, none doubled."""
    return all(before < after for before, after in itertools.pairwise(values))


def is_whole(values: list[int], count: int) -> bool:
    """From the first that came to the last of the stream none is lost, none doubled."""
    return values == list(range(values[0], count))


@pytest.mark.parametrize(
    ("writer_qos", "reader_qos"),
    [(SENSOR_DATA, RELIABLE), (SENSOR_DATA, SENSOR_DATA), (RELIABLE, SENSOR_DATA)],
    ids=["best_effort_to_reliable", "sensor_data", "reliable_to_best_effort"],
)
def test_best_effort_crosses_in_order_and_once(writer_qos: dict, reader_qos: dict) -> None:
    with (
        two_agents() as (left, right),
        ros_node("talker", domain=left.domain, topic=TOPIC, **writer_qos) as talker,
        ros_node("listener", domain=right.domain, topic=TOPIC, **reader_qos) as listener,
    ):
        talker.call("start_stream", rate_hz=RATE_HZ)
        wait_for_more(listener)
        talker.call("stop_stream")
        assert is_rising(numbers(listener))


def test_a_transient_local_reader_gets_all_of_a_volatile_writer_from_the_moment_it_joins() -> None:
    """At home the two would not match."""
    with (
        two_agents() as (left, right),
        ros_node("talker", domain=left.domain, topic=TOPIC, **RELIABLE) as talker,
        ros_node("listener", domain=right.domain, topic=TOPIC, **LATCHED) as listener,
    ):
        talker.call("start_stream", rate_hz=RATE_HZ)
        wait_for_more(listener)
        count = stop(talker, listener)
        assert is_whole(numbers(listener), count)


@pytest.mark.parametrize("reader_qos", [RELIABLE, LATCHED], ids=["volatile", "transient_local"])
@pytest.mark.parametrize("writer_qos", [RELIABLE, LATCHED], ids=["volatile", "transient_local"])
def test_what_is_published_once_a_subscriber_is_seen_arrives(writer_qos: dict, reader_qos: dict) -> None:
    """The agent's reader matches the publisher only when the way behind it is open."""
    with (
        two_agents() as (left, right),
        ros_node("listener", domain=right.domain, topic=TOPIC, **reader_qos) as listener,
    ):
        for attempt in range(3):
            writer = f"w{attempt}"
            with ros_node(
                "talker", domain=left.domain, topic=TOPIC, writers=[writer], **writer_qos
            ) as talker:
                eventually(lambda node=talker: node.call("subscribers") == [1])
                talker.call("publish", texts=["0"])
                eventually(lambda name=writer: numbers(listener, writer=name) == [0])


@pytest.mark.parametrize(
    "joining",
    [LATCHED, RELIABLE | {"deadline_s": 1.0}, SENSOR_DATA],
    ids=["transient_local", "with_deadline", "best_effort"],
)
def test_a_subscription_that_comes_and_goes_with_other_qos_costs_the_first_nothing(joining: dict) -> None:
    with (
        two_agents() as (left, right),
        ros_node("talker", domain=left.domain, topic=TOPIC, **RELIABLE) as talker,
        ros_node("listener", domain=right.domain, topic=TOPIC, **RELIABLE) as listener,
    ):
        talker.call("start_stream", rate_hz=RATE_HZ)
        wait_for_more(listener)
        for _ in range(2):
            second = listener.call("subscribe", **joining)
            wait_for_more(listener, second)
            listener.call("unsubscribe", subscription=second)
            wait_for_more(listener)
        count = stop(talker, listener)
        assert is_whole(numbers(listener), count)
        assert is_rising(numbers(listener, second))


@pytest.mark.parametrize(
    ("first", "joining"),
    [
        (RELIABLE, SENSOR_DATA),
        (RELIABLE | {"deadline_s": 1.0}, RELIABLE),
        (LATCHED, RELIABLE),
        (RELIABLE, LATCHED),
    ],
    ids=[
        "best_effort_beside_reliable",
        "no_deadline_beside_deadline",
        "volatile_beside_transient_local",
        "transient_local_beside_volatile",
    ],
)
def test_a_publisher_that_comes_and_goes_with_other_qos_costs_the_first_nothing(
    first: dict, joining: dict
) -> None:
    with (
        two_agents() as (left, right),
        ros_node("talker", domain=left.domain, topic=TOPIC, **first) as talker,
        ros_node("listener", domain=right.domain, topic=TOPIC, **RELIABLE) as listener,
    ):
        talker.call("start_stream", rate_hz=RATE_HZ)
        wait_for_more(listener)
        for attempt in range(2):
            writer = f"second{attempt}"
            with ros_node("talker", domain=left.domain, topic=TOPIC, writers=[writer], **joining) as second:
                second.call("start_stream", rate_hz=RATE_HZ)
                eventually(lambda name=writer: len(numbers(listener, writer=name)) >= SOME)
                second.call("stop_stream")
            assert is_rising(numbers(listener, writer=writer))
            wait_for_more(listener)
        count = stop(talker, listener)
        assert is_whole(numbers(listener), count)
