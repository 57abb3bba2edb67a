"""Either bridge is killed and comes back: traffic resumes, nothing comes twice, and no node notices."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node
from tests.interop.support import RATE_HZ, RustBridge, increasing, numbers, rust_bridge

DEEP = {"depth": 1000}
HISTORY = 5


@pytest.mark.parametrize("killed", ["rust", "ours"])
def test_streams_in_both_directions_resume(killed: str) -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours]) as rust,
        ros_node("talker", domain=robot, topic="/up", **DEEP) as up,
        ros_node("listener", domain=station, topic="/up", **DEEP) as up_end,
        ros_node("talker", domain=station, topic="/down", **DEEP) as down,
        ros_node("listener", domain=robot, topic="/down", **DEEP) as down_end,
    ):
        for talker in (up, down):
            talker.call("start_stream", rate_hz=RATE_HZ)
        eventually(lambda: numbers(up_end) and numbers(down_end))
        _wait_until_announced(ours, rust)
        with _restarted(killed, ours, rust):
            before = {end: numbers(end)[-1] for end in (up_end, down_end)}
        resumed = {end: eventually(lambda end=end: _first_after(end, before[end])) for end in before}
        for end, number in resumed.items():
            eventually(lambda end=end, number=number: numbers(end)[-1] > number + RATE_HZ)
        for talker, end in ((up, up_end), (down, down_end)):
            count = talker.call("stop_stream")
            eventually(lambda end=end, count=count: numbers(end)[-1] == count - 1)
            found = numbers(end)
            assert increasing(found)
            assert found[found.index(resumed[end]) :] == list(range(resumed[end], count))


@pytest.mark.parametrize("killed", ["rust", pytest.param("ours", marks=pytest.mark.second_case)])
def test_history_is_there_again_for_late_joiners(killed: str) -> None:
    qos = {"transient_local": True, "depth": HISTORY}
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours]) as rust,
        ros_node("talker", domain=robot, topic="/up", **qos) as up,
        ros_node("talker", domain=station, topic="/down", **qos) as down,
    ):
        for talker in (up, down):
            talker.call("publish", texts=[str(number) for number in range(HISTORY)])
        _wait_until_announced(ours, rust)
        with _restarted(killed, ours, rust):
            pass
        _wait_until_announced(ours, rust)
        eventually(lambda: ours.route("/down", "egress"))
        with (
            ros_node("listener", domain=station, topic="/up", **qos) as up_end,
            ros_node("listener", domain=robot, topic="/down", **qos) as down_end,
        ):
            for end in (up_end, down_end):
                eventually(lambda end=end: numbers(end) == list(range(HISTORY)))


def test_our_history_reaches_a_subscriber_behind_the_rust_bridge_once_although_we_restart() -> None:
    """Our time stamps name writer and time, so the Rust bridge knows what it has had."""
    qos = {"transient_local": True, "depth": HISTORY}
    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours]) as rust,
        ros_node("talker", domain=station, topic="/map", **qos) as talker,
        ros_node("listener", domain=robot, topic="/map", **qos) as listener,
    ):
        talker.call("publish", texts=[str(number) for number in range(HISTORY)])
        eventually(lambda: numbers(listener) == list(range(HISTORY)))
        with _restarted("ours", ours, rust):
            pass
        eventually(lambda: (route := ours.route("/map", "egress")) and route["active"])
        talker.call("publish", texts=[str(HISTORY)])
        eventually(lambda: numbers(listener)[-1] == HISTORY)
        assert numbers(listener) == list(range(HISTORY + 1))


def _wait_until_announced(ours: Agent, rust: RustBridge) -> None:
    """The Rust bridge knows the node of ``/up``.

    A publisher route of it that has no node yet when its last subscriber's bridge goes is removed, but not
    quite: it wakes with the next subscriber, and from then on every sample crosses twice.
    """
    eventually(lambda: (route := ours.route("/up", "ingress")) and route["remote"] == [rust.zid])


@contextlib.contextmanager
def _restarted(killed: str, ours: Agent, rust: RustBridge) -> Iterator[None]:
    """Within the context it is dead, and the other one has noticed."""
    if killed == "rust":
        gone = rust.zid
        rust.kill()
        eventually(lambda: gone not in {link["zid"] for link in ours.status()["links"]})
        yield
        rust.start()
    else:
        ours.kill()
        yield
        ours.start()


def _first_after(listener: RosNode, number: int) -> int | None:
    return next((one for one in numbers(listener) if one > number), None)
