"""Rules and namespaces hold for services and actions as they do for topics."""

from __future__ import annotations

from tests.integration.support import agent, domains, eventually, ros_node


def test_a_denied_service_is_offered_when_a_reload_allows_it_and_withdrawn_when_not() -> None:
    denied = [{"match": {"name": "/echo"}, "allow": False}]
    with (
        domains(2) as (one, two),
        agent(domain=one, rules=denied) as left,
        agent(domain=two, connect=[left]),
        ros_node("services", domain=one, name="server", echo=["/echo", "/other"]),
        ros_node("services", domain=two, name="client") as client,
    ):
        eventually(lambda: client.call("available", service="/other"))
        assert "denied by rules[0]" in eventually(lambda: left.ask("explain", name="/echo"))["verdict"]
        assert not client.call("available", service="/echo")
        assert left.reload([]) is not None
        eventually(lambda: client.call("available", service="/echo"))
        assert client.call("call", service="/echo", clients=1, count=10)["answered"] == 10
        left.reload(denied)
        eventually(lambda: not client.call("available", service="/echo"))
        assert client.call("call", service="/other", clients=1, count=10)["answered"] == 10


def test_a_namespace_is_part_of_the_names_of_services_and_actions_elsewhere() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=robot, settings={"ros": {"namespace": "/bot1"}}) as left,
        agent(domain=station, connect=[left]),
        ros_node("services", domain=robot, name="server", echo=["/echo"]),
        ros_node("services", domain=station, name="client") as client,
        ros_node("actions", domain=robot, name="counter", serves="/count"),
        ros_node("actions", domain=station, name="operator") as operator,
    ):
        assert client.call("call", service="/bot1/echo", clients=2, count=20)["answered"] == 40
        assert operator.call("send", action="/bot1/count", order=5) == {"goal": 0, "accepted": True}
        ended = eventually(
            lambda: (found := operator.call("outcome", goal=0))["status"] is not None and found
        )
        assert ended["sequence"] == [0, 1, 2, 3, 4]
        assert not operator.call("available", action="/count")
