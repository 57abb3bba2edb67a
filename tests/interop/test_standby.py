"""A Rust bridge on our own DDS domain: one of the two may carry a topic, and it cannot be negotiated with."""

from __future__ import annotations

import pytest

from tests.integration.support import agent, domains, eventually, ros_node
from tests.interop.support import RATE_HZ, increasing, numbers, rust_bridge

DEEP = {"depth": 1000}


@pytest.mark.parametrize(
    "nodename", ["zenoh_bridge_ros2dds", pytest.param("my_bridge", marks=pytest.mark.second_case)]
)
def test_we_stand_by_for_a_rust_bridge_on_our_domain_and_take_over_when_it_dies(nodename: str) -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours], options={"nodename": nodename}) as rust,
        agent(domain=robot, connect=[ours]) as spare,
        ros_node("talker", domain=robot, topic="/odom", **DEEP) as talker,
        ros_node("listener", domain=station, topic="/odom", **DEEP) as listener,
    ):
        assert spare.status()["state"] == "standby"
        assert [finding["code"] for finding in spare.status()["findings"]] == ["foreign_bridge"]
        talker.call("start_stream", rate_hz=RATE_HZ)
        first = eventually(lambda: numbers(listener))[0]
        eventually(lambda: numbers(listener)[-1] > first + 2 * RATE_HZ)
        before = numbers(listener)
        assert before == list(range(first, before[-1] + 1))
        rust.kill()
        eventually(lambda: spare.status()["state"] == "active")
        resumed = eventually(lambda: [one for one in numbers(listener) if one > before[-1] + RATE_HZ])[0]
        count = talker.call("stop_stream")
        eventually(lambda: numbers(listener)[-1] == count - 1)
        found = numbers(listener)
        assert increasing(found)
        assert found[found.index(resumed) :] == list(range(resumed, count))


@pytest.mark.second_case
def test_we_give_way_to_a_rust_bridge_that_comes_later() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        agent(domain=robot, connect=[ours]) as first,
        ros_node("talker", domain=robot, topic="/odom", **DEEP) as talker,
        ros_node("listener", domain=station, topic="/odom", **DEEP) as listener,
    ):
        talker.call("start_stream", rate_hz=RATE_HZ)
        eventually(lambda: numbers(listener))
        with rust_bridge(domain=robot, connect=[ours]) as rust:
            eventually(lambda: first.status()["state"] == "standby")
            eventually(lambda: ours.route("/odom", "ingress")["remote"] == [rust.zid])
            handed_over = numbers(listener)[-1] + RATE_HZ  # for what is still on its way from us
            begin = eventually(lambda: [one for one in numbers(listener) if one > handed_over])[0]
            eventually(lambda: numbers(listener)[-1] > begin + RATE_HZ)
            found = [number for number in numbers(listener) if number >= begin]
            assert found == list(range(begin, found[-1] + 1))
        talker.call("stop_stream")
