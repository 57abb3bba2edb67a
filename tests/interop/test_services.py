"""Services, parameters and actions between the Rust bridge and ours; its nodes are of the Cyclone form."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.integration.support import RosNode, agent, domains, eventually, ros_node
from tests.interop.support import rust_bridge

ECHO, ACTION = "/echo", "/count"
SUCCEEDED, CANCELED = 4, 5
MIB = 1 << 20


@contextlib.contextmanager
def nodes(kind: str, *, server_behind: str, form: str, **args: object) -> Iterator[tuple[RosNode, RosNode]]:
    """A server and a client, one behind the Rust bridge, the other behind ours and of any form."""
    with (
        domains(2) as (theirs, ours),
        agent(domain=ours) as side,
        rust_bridge(domain=theirs, connect=[side]),
        ros_node(
            f"rmw_{kind}" if server_behind == "rust" else f"{form}{kind}",
            domain=theirs if server_behind == "rust" else ours,
            name="server",
            **args,
        ) as server,
        ros_node(
            f"{form}{kind}" if server_behind == "rust" else f"rmw_{kind}",
            domain=ours if server_behind == "rust" else theirs,
            name="client",
        ) as client,
    ):
        yield server, client


@pytest.mark.parametrize("server_behind", ["rust", "ours"])
@pytest.mark.parametrize("form", ["", "rmw_"], ids=["fastdds", "cyclone"])
def test_calls_and_parameters_cross(server_behind: str, form: str) -> None:
    with nodes("services", server_behind=server_behind, form=form, echo=[ECHO], set_bool=["/switch"]) as (
        server,
        client,
    ):
        found = client.call("call", service=ECHO, clients=4, count=100)
        print(f"server behind {server_behind}: p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms")
        assert (found["answered"], found["wrong"], found["unanswered"]) == (400, 0, 0), found
        assert server.call("executed", service=ECHO) == {"calls": 400, "different": 400}
        found = client.call("call", service=ECHO, clients=1, count=3, chars=MIB)
        assert (found["answered"], found["wrong"]) == (3, 0), found
        assert client.call("call_set_bool", service="/switch", data=True) == [True, "data was True"]
        assert client.call("set_label", of="/server", text="crossed")
        assert client.call("get_label", of="/server") == "crossed"


@pytest.mark.parametrize("server_behind", ["rust", "ours"])
@pytest.mark.parametrize("form", ["", "rmw_"], ids=["fastdds", "cyclone"])
def test_goals_report_end_and_are_cancelled(server_behind: str, form: str) -> None:
    with nodes("actions", server_behind=server_behind, form=form, serves=ACTION, period_s=0.02) as (
        _,
        client,
    ):
        feedback_flows(client)
        goal = client.call("send", action=ACTION, order=50)["goal"]
        found = eventually(lambda: (told := client.call("outcome", goal=goal))["status"] and told)
        assert (found["status"], found["sequence"]) == (SUCCEEDED, list(range(50)))
        eventually(lambda: fed_back(client.call("outcome", goal=goal)["feedback"]))
        assert client.call("send", action=ACTION, order=-1)["accepted"] is False
        goal = client.call("send", action=ACTION, order=5000)["goal"]
        eventually(lambda: len(client.call("outcome", goal=goal)["feedback"]) >= 3)
        assert client.call("cancel", goal=goal) == 1
        eventually(lambda: client.call("outcome", goal=goal)["status"] == CANCELED)


def feedback_flows(client: RosNode) -> None:
    """The Rust bridge shows an action before it has asked for its feedback: the first of it may be lost."""

    def tried() -> bool:
        goal = client.call("send", action=ACTION, order=5)["goal"]
        eventually(lambda: client.call("outcome", goal=goal)["status"] is not None)
        return bool(client.call("outcome", goal=goal)["feedback"])

    eventually(tried)


def fed_back(steps: list[int]) -> bool:
    assert steps == list(range(1, 51))
    return True
