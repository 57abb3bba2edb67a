"""An agent that answers as told, over a real control socket."""

from __future__ import annotations

import pytest

from bridge.control import ControlServer
from bridge.core.jsonform import to_json
from bridge.core.linkinfo import LinkInfo
from bridge.core.routespec import ROUTED, Direction, RouteSpec, RouteState, RouteStatus
from bridge.core.status import (
    AgentInfo,
    AgentState,
    Explanation,
    Finding,
    NodeInfo,
    RouteCounters,
    RouteInfo,
    Severity,
)

ZID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"


def route(name: str, **changes) -> RouteInfo:
    """A route that carries samples, but for `changes`."""
    values = {
        "spec": RouteSpec(direction=Direction.EGRESS, ros_name=name, key_expr=name[1:]),
        "ros_type": "std_msgs/msg/String",
        "status": ROUTED,
        "active": True,
        "idle_reason": "",
        "qos": "::,10:",
        "local": ("/talker",),
        "remote": (ZID,),
        "rule": "the implied last rule (allow everything)",
        "counters": RouteCounters(messages=120, payload_bytes=2400),
    }
    return RouteInfo(**(values | changes))


ROUTES = [
    route("/chatter"),
    route("/quiet", active=False, idle_reason="nobody on Zenoh subscribes"),
    route(
        "/secret/plan",
        active=False,
        status=RouteStatus(state=RouteState.NOT_ALLOWED, reason="denied by rules[0] (bridge.yaml:4)"),
        counters=RouteCounters(drops=(("queue_full", 2), ("malformed", 1))),
    ),
]
NODES = [
    NodeInfo(
        name="/talker", zid="d4", participant="01" * 16, publishers=("/chatter", "/rosout"), subscribers=()
    ),
    NodeInfo(name="/ns/listener", zid="", participant="02" * 16, publishers=(), subscribers=("/chatter",)),
]


def agent_info(**changes) -> AgentInfo:
    """A healthy agent, but for `changes`."""
    values = {
        "version": "0.1.0",
        "zid": ZID,
        "mode": "router",
        "domain_id": 0,
        "namespace": "/robot1",
        "participant": "01" * 16,
        "state": AgentState.ACTIVE,
        "state_reason": "",
        "uptime_s": 3723.4,
        "listen": ("tcp/127.0.0.1:7447",),
        "links": (LinkInfo(zid=ZID, whatami="router", src="tcp/127.0.0.1:7447", dst="tcp/127.0.0.1:9"),),
        "peers": (ZID,),
        "routes": (("routed", 2), ("not_allowed", 1)),
        "active_routes": 1,
        "wire_errors": (),
        "findings": (),
    }
    return AgentInfo(**(values | changes))


FINDING = Finding(
    code="qos_conflict",
    severity=Severity.ERROR,
    subject="/scan",
    text="offered BEST_EFFORT, requested RELIABLE",
    remedy="make the publisher reliable",
)
EXPLANATIONS = {
    "/chatter": Explanation(
        name="/chatter",
        crossing=True,
        verdict="/chatter crosses from DDS to Zenoh",
        facts=("1 local publisher", "1 bridge on Zenoh subscribes"),
        remedy="",
    ),
    "/nothing": Explanation(
        name="/nothing",
        crossing=False,
        verdict="/nothing does not cross: no publisher on either side",
        facts=("0 local publishers",),
        remedy="start its publisher",
    ),
}


@pytest.fixture
def serve(tmp_path):
    """Starts an agent that says `info`; gives the path of its socket."""
    servers = []

    def start(info: AgentInfo | None = None, *, routes=ROUTES, nodes=NODES, name="agent.sock"):
        handlers = {
            "status": lambda _: to_json(info or agent_info()),
            "routes": lambda _: [to_json(one) for one in routes],
            "nodes": lambda _: [to_json(one) for one in nodes],
            "explain": lambda args: to_json(EXPLANATIONS[args["name"]]),
        }
        path = tmp_path / "zenlink" / name
        server = ControlServer(path, handlers)
        server.start()
        servers.append(server)
        return path

    yield start
    for server in servers:
        server.close()
