"""The admin space of a running agent, as a tool for zenoh-bridge-ros2dds asks for it."""

from __future__ import annotations

import json
from typing import Any

import zenoh

from tests.integration.support import agent, domains, eventually, ros_node
from tests.integration.support.outsiders import outsider

ECHO, ACTION = "/echo", "/count"
BASIC_TYPES, FIBONACCI = "test_msgs/srv/BasicTypes", "test_msgs/action/Fibonacci"


def asked(session: zenoh.Session, selector: str) -> dict[str, Any]:
    """Answers by whole key."""
    found = {}
    for reply in session.get(selector, timeout=20.0):
        assert reply.ok is not None
        found[str(reply.ok.key_expr)] = json.loads(reply.ok.payload.to_bytes())
    return found


def test_every_agent_tells_its_nodes_and_routes() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=robot, settings={"ros": {"namespace": "/bot1"}}) as left,
        agent(domain=station, connect=[left]) as right,
        ros_node("rmw_services", domain=robot, name="server", echo=[ECHO]),
        ros_node("actions", domain=robot, name="counter", serves=ACTION),
        ros_node("graph", domain=robot, name="talker", latched_on=["/map"]),
        ros_node("services", domain=station, name="client") as client,
        outsider(right) as session,
    ):
        assert client.call("call", service=f"/bot1{ECHO}", clients=1, count=1)["answered"] == 1
        zids = {one.status()["zid"] for one in (left, right)}
        eventually(lambda: {key.split("/")[1] for key in asked(session, "@/*/ros2/version")} == zids)
        here, there = (f"@/{one.status()['zid']}/ros2" for one in (left, right))
        assert asked(session, f"{here}/config")[f"{here}/config"]["namespace"] == "/bot1"

        def has(node: str, kind: str, name: str, ros_type: str) -> bool:
            found = [one for key, one in asked(session, f"{here}/node/*/{node}").items()]
            return bool(found) and {"name": name, "type": ros_type} in found[0][kind]

        eventually(lambda: has("server", "service_servers", ECHO, BASIC_TYPES))
        eventually(lambda: has("counter", "action_servers", ACTION, FIBONACCI))
        eventually(lambda: has("talker", "publishers", "/map", "std_msgs/msg/String"))
        expected = {
            f"{here}/route/service/srv/bot1{ECHO}": {"local_nodes": ["/server"]},
            f"{here}/route/action/srv/bot1{ACTION}": {"zenoh_key_expr": f"bot1{ACTION}/*"},
            f"{here}/route/topic/pub/bot1/map": {"ros2_name": "/map", "local_nodes": ["/talker"]},
            f"{there}/route/service/cli/bot1{ECHO}": {
                "ros2_name": f"/bot1{ECHO}",
                "remote_routes": [f"{left.status()['zid']}:bot1{ECHO}"],
            },
        }

        def told(key: str, values: dict[str, Any]) -> bool:
            found = asked(session, key).get(key, {})
            assert {name: found.get(name) for name in values} == values
            return True

        for key, values in expected.items():
            eventually(lambda key=key, values=values: told(key, values))
        assert expected.keys() <= asked(session, "@/*/ros2/route/**").keys()
        [writer] = asked(session, f"{here}/dds/*/writer/*/rt/map").values()
        assert writer["qos"]["durability"] == {"kind": "TRANSIENT_LOCAL"}


def test_what_is_put_or_deleted_there_changes_nothing() -> None:
    with (
        domains(1) as (domain,),
        agent(domain=domain) as one,
        outsider(one) as session,
    ):
        root = f"@/{one.status()['zid']}/ros2"
        before = eventually(lambda: asked(session, f"{root}/config"))
        session.put(f"{root}/config", b"{}")
        session.delete(f"{root}/config")
        assert asked(session, f"{root}/config") == before
