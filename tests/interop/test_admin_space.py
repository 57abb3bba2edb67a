"""The admin space against that of the Rust bridge, in the same situation on each side's own domain."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import zenoh

from tests.integration.support import agent, domains, eventually, ros_node
from tests.interop.support import rust_bridge
from tests.interop.support.watching import plain_session

HEX = re.compile(r"[0-9a-f]{31,32}")
FAR = {
    "MP/far_topic/std_msgs§msg§String/:1:1:0,10",
    "SS/far_service/test_msgs§srv§BasicTypes",
    "AS/far_action/test_msgs§action§Fibonacci",
}
"""What a bridge far away announces."""
OWN = {"priority"}
"""Ours gives ``/rosout`` and ``/parameter_events`` a low one."""


@contextlib.contextmanager
def situation(domain: int) -> Iterator[None]:
    """Nodes with one of everything."""
    with (
        ros_node("rmw_services", domain=domain, name="server", echo=["/echo"]) as server,
        ros_node("rmw_actions", domain=domain, name="counter", serves="/count"),
        ros_node("graph", domain=domain, name="near", subscribe_to=["/far_topic"], latched_on=["/map"]),
    ):
        server.call("available", service="/far_service")  # it has a client from now on
        yield


def told(session: zenoh.Session, zid: str, selector: str) -> dict[str, Any]:
    """Answers by the key below the root; ids are all alike, and so is the order of lists."""
    found = {}
    for reply in session.get(f"@/{zid}/ros2/{selector}", timeout=20.0):
        assert reply.ok is not None
        assert str(reply.ok.encoding) == "application/json"
        key = str(reply.ok.key_expr).removeprefix(f"@/{zid}/ros2/")
        found[HEX.sub("ID", key)] = same(json.loads(reply.ok.payload.to_bytes()))
    return found


def same(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: same(one) for key, one in value.items() if key not in OWN}
    if isinstance(value, list):
        return sorted((same(one) for one in value), key=json.dumps)
    return HEX.sub("ID", value) if isinstance(value, str) else value


@contextlib.contextmanager
def both() -> Iterator[list[tuple[zenoh.Session, str]]]:
    """A plain session beside each bridge that plays the far one, and that bridge's id."""
    with (
        domains(2) as (one, two),
        rust_bridge(domain=one) as theirs,
        agent(domain=two) as ours,
        plain_session(theirs.endpoint) as beside_theirs,
        plain_session(ours.endpoint) as beside_ours,
    ):
        sessions = [beside_theirs, beside_ours]
        kept = [
            session.liveliness().declare_token(f"@/{session.zid()}/@ros2_lv/{token}")
            for session in sessions
            for token in FAR
        ]
        kept += [  # type: ignore[misc]
            session.declare_queryable("far_service", lambda query: query.drop()) for session in sessions
        ]
        # The Rust bridge's route takes the durability of whom it hears of first.
        eventually(lambda: told(beside_theirs, theirs.zid, "route/topic/sub/far_topic"))
        with situation(one), situation(two):
            yield [(beside_theirs, theirs.zid), (beside_ours, ours.status()["zid"])]


def test_nodes_and_routes_are_told_as_the_rust_bridge_tells_them() -> None:
    with both() as sides:

        def alike(selector: str) -> bool:
            theirs, ours = (told(session, zid, selector) for session, zid in sides)
            assert theirs == ours
            return bool(theirs)

        for selector in (
            "node/*/server",
            "node/*/counter",
            "node/*/near",
            "route/topic/pub/map",
            "route/topic/sub/far_topic",
            "route/service/srv/echo",
            "route/service/cli/far_service",
            "route/action/srv/count",
            "route/action/cli/far_action",
        ):
            eventually(lambda selector=selector: alike(selector))


def test_endpoints_and_the_configuration_have_the_same_members() -> None:
    with both() as sides:
        eventually(lambda: all(told(session, zid, "dds/*/writer/*/rt/map") for session, zid in sides))
        for selector in ("dds/*/writer/*/rt/map", "dds/*/reader/*/rq/echoRequest"):
            [theirs], [ours] = (told(session, zid, selector).values() for session, zid in sides)
            assert theirs.keys() == ours.keys()
            for key in theirs.keys() - {"qos"}:
                assert theirs[key] == ours[key]
            for policy in ("durability", "history"):
                assert theirs["qos"].get(policy) == ours["qos"].get(policy)
            assert ours["qos"].keys() <= theirs["qos"].keys()
            assert ours["qos"]["reliability"].keys() == theirs["qos"]["reliability"].keys()
        theirs, ours = (told(session, zid, "config")["config"] for session, zid in sides)
        assert theirs.keys() == ours.keys()
        assert [told(session, zid, "version").keys() for session, zid in sides] == [{"version"}] * 2
