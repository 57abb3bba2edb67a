"""Topics cross between the Rust bridge and an agent of ours, both ways, under every name and QoS."""

from __future__ import annotations

import pytest

from tests.integration.support import JAZZY_PYTHON, agent, domains, eventually, ros_node
from tests.interop.support import carried, carried_between, rust_bridge

HISTORY = 5


@pytest.mark.parametrize("transient_local", [False, True], ids=["volatile", "transient-local"])
def test_every_message_crosses_once_in_both_directions(transient_local: bool) -> None:
    qos = {"transient_local": transient_local, "depth": 200}
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours]),
        ros_node("listener", domain=station, topic="/up", **qos) as listener,
        ros_node("talker", domain=station, topic="/down", **qos) as talker,
        ros_node("talker", domain=robot, topic="/up", python=JAZZY_PYTHON, **qos) as far_talker,
        ros_node("listener", domain=robot, topic="/down", python=JAZZY_PYTHON, **qos) as far_listener,
    ):
        carried_between(far_talker, listener)
        carried_between(talker, far_listener)


def test_a_late_joiner_gets_the_history_of_a_writer_behind_the_rust_bridge() -> None:
    """As much as the writer keeps, which Cyclone announces and Fast DDS does not."""
    qos = {"transient_local": True, "depth": HISTORY}
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours]),
        ros_node("cyclone", domain=robot, publish_on=[{"topic": "/map", **qos}]) as talker,
        ros_node("listener", domain=station, topic="/map", **qos) as first,
    ):
        eventually(lambda: talker.call("subscribers", topic="/map") == 1)
        texts = [str(number) for number in range(2 * HISTORY)]
        for text in texts:  # one by one: a burst beyond its depth may lose samples in the Rust bridge
            talker.call("publish", topic="/map", texts=[text])
            eventually(lambda text=text: text in first.call("received"))
        with ros_node("listener", domain=station, topic="/map", **qos) as second:
            eventually(lambda: _same(second.call("received"), texts[-HISTORY:]))


def test_history_that_crossed_nowhere_yet_reaches_our_late_joiner() -> None:
    """Published before anybody subscribed here: the Rust bridge gets it from DDS, or has it in its cache."""
    qos = {"transient_local": True, "depth": HISTORY}
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours]),
        ros_node("talker", domain=robot, topic="/map", **qos) as talker,
    ):
        talker.call("publish", texts=[str(number) for number in range(2 * HISTORY)])
        eventually(lambda: ours.route("/map", "ingress"))
        with ros_node("listener", domain=station, topic="/map", **qos) as listener:
            expected = [f"w:{number}" for number in range(HISTORY, 2 * HISTORY)]
            eventually(lambda: _same(listener.call("received"), expected))


def test_a_late_joiner_behind_the_rust_bridge_gets_the_history_of_each_of_our_writers() -> None:
    qos = {"transient_local": True, "depth": HISTORY}
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours]),
        ros_node("talker", domain=station, topic="/map", writers=["a", "b"], **qos) as talker,
    ):
        talker.call("publish", texts=[str(number) for number in range(2 * HISTORY)])
        eventually(lambda: ours.route("/map", "egress"))
        listener_qos = {"transient_local": True, "depth": 10 * HISTORY}
        with ros_node("listener", domain=robot, topic="/map", **listener_qos) as listener:
            expected = sorted(f"{name}:{number}" for name in "ab" for number in range(HISTORY, 2 * HISTORY))
            eventually(lambda: _same(sorted(listener.call("received")), expected))


@pytest.mark.parametrize("side", ["rust", "ours"])
def test_a_namespaced_robot_talks_with_a_station_without_namespace(side: str) -> None:
    robot_is_rust = side == "rust"
    with (
        domains(2) as (theirs, own),
        agent(domain=own, settings=None if robot_is_rust else {"ros": {"namespace": "/bot1"}}) as ours,
        rust_bridge(domain=theirs, connect=[ours], options={"namespace": "/bot1"} if robot_is_rust else None),
    ):
        robot, station = (theirs, own) if robot_is_rust else (own, theirs)
        with (
            ros_node("talker", domain=station, topic="/bot1/cmd_vel", depth=200) as pilot,
            ros_node("listener", domain=robot, topic="/cmd_vel", depth=200) as wheels,
            ros_node("talker", domain=robot, topic="/odom", depth=200) as odometer,
            ros_node("listener", domain=station, topic="/bot1/odom", depth=200) as display,
        ):
            carried_between(pilot, wheels)
            carried_between(odometer, display)


@pytest.mark.parametrize("transient_local", [False, True], ids=["volatile", "transient-local"])
def test_a_humble_robot_without_type_hashes_talks_with_a_kilted_station(transient_local: bool) -> None:
    qos = {"transient_local": transient_local, "depth": 200}
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours], distro="humble"),
        ros_node("listener", domain=station, topic="/up", **qos) as listener,
        ros_node("talker", domain=station, topic="/down", **qos) as talker,
        ros_node(
            "cyclone",
            domain=robot,
            humble=True,
            publish_on=[{"topic": "/up", **qos}],
            subscribe_to=[{"topic": "/down", **qos}],
        ) as far,
    ):
        carried(
            lambda texts: far.call("publish", topic="/up", texts=texts), lambda: listener.call("received")
        )
        carried(
            lambda texts: talker.call("publish", texts=texts), lambda: far.call("received", topic="/down")
        )


def _same(found: list[str], expected: list[str]) -> bool:
    assert found == expected
    return True
