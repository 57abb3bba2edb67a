"""What the other integration tests stand on does what it says."""

from __future__ import annotations

import signal

import pytest

from tests.integration.support import Died, agent, domains, eventually, ros_node


def test_a_message_crosses_from_node_to_node_through_two_agents() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=robot) as left,
        agent(domain=station, connect=[left]) as right,
        ros_node("talker", domain=robot, topic="/chatter") as talker,
        ros_node("listener", domain=station, topic="/chatter") as listener,
    ):
        eventually(lambda: left.crosses("/chatter") and right.crosses("/chatter"))
        eventually(lambda: talker.call("subscribers") == [1])
        eventually(
            lambda: listener.call("publishers") == 1
        )  # a volatile reader has only what comes after that
        talker.call("publish", texts=["hello"])
        assert eventually(lambda: listener.call("received")) == ["w:hello"]


def test_no_domain_is_given_twice_at_a_time() -> None:
    with domains(5) as first, domains(5) as second:
        assert len({*first, *second}) == 10


def test_the_death_of_a_node_ends_a_wait_at_once() -> None:
    with domains(1) as (domain,), ros_node("listener", domain=domain, topic="/chatter") as node:
        node.process.signal(signal.SIGKILL)
        with pytest.raises(Died, match="exit code -9"):
            eventually(lambda: node.call("received"))


def test_a_crash_of_a_node_that_nobody_asks_any_more_is_a_failure() -> None:
    def crash(domain: int) -> None:
        with ros_node("listener", domain=domain, topic="/chatter") as node:
            node.process.signal(signal.SIGSEGV)
            node.process.wait()

    with domains(1) as (domain,), pytest.raises(AssertionError, match="exit code -11"):
        crash(domain)


def test_a_failing_call_tells_why() -> None:
    with domains(1) as (domain,), ros_node("listener", domain=domain, topic="/chatter") as node:
        with pytest.raises(AssertionError, match="IndexError"):
            node.call("received", subscription=7)
        assert node.call("received") == []
