"""What is told of services and actions, of engines on fakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from bridge.core.events import Endpoint, EndpointKind
from bridge.core.gid import VENDOR_CYCLONE, VENDOR_FASTDDS
from bridge.core.requests import ServiceForm
from bridge.core.routespec import RouteState
from bridge.core.status import RouteInfo, Severity
from tests.bridge.engine_stage import WAIT_S, Place, place, running
from tests.bridge.routes.service_stage import message
from tests.builders import ACTION, SERVICE, action_client, action_server, client, server
from tests.fakes.dds import FakeDds
from tests.fakes.sink import RecordingSink
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually

T = TypeVar("T")
SET_BOOL = "std_srvs/srv/SetBool"


def node(at: Place, *endpoints: Endpoint, vendor: bytes = VENDOR_CYCLONE) -> FakeDds:
    """A node that has endpoints like these."""
    side = at.domain.side(user_data=b"enclave=/;", vendor=vendor)
    side.node = "/node"
    side.start(lambda _event: None)
    for one in endpoints:
        if one.kind is EndpointKind.READER:
            side.open_reader(
                dds_topic=one.dds_topic,
                dds_type=one.dds_type,
                keyed=False,
                qos=one.qos,
                sink=RecordingSink(),
            ).start()
        else:
            side.open_writer(dds_topic=one.dds_topic, dds_type=one.dds_type, keyed=False, qos=one.qos)
    return side


def echo(at: Place, *, form: ServiceForm = ServiceForm.CYCLONE) -> None:
    """The node's half that our client meets; the endpoints only tell of it."""
    nodes = at.services[form].domain.side(form=form)
    server = nodes.open_server(
        ros_name=SERVICE,
        ros_type=SET_BOOL,
        on_request=lambda request: server.reply(request.header, request.payload),
    )


def together(condition: Callable[[], T], *places: Place) -> T:
    """The first true value of a condition, with time passing everywhere."""

    def look() -> T:
        for one in places:
            one.clock.advance(0.1)
        return condition()

    return eventually(look, WAIT_S)


def route(at: Place, name: str = SERVICE) -> RouteInfo | None:
    return next((one for one in at.observer.routes() if one.spec.ros_name == name), None)


def active(at: Place, name: str = SERVICE) -> bool:
    found = route(at, name)
    return found is not None and found.active


@pytest.mark.parametrize("vendor", [VENDOR_CYCLONE, VENDOR_FASTDDS])
def test_a_call_crosses_two_engines_and_both_tell_of_it(vendor: bytes) -> None:
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    form = ServiceForm.CYCLONE if vendor == VENDOR_CYCLONE else ServiceForm.RCLPY
    with running(robot, station):
        node(robot, *server(), vendor=vendor)
        echo(robot, form=form)
        node(station, *client(), vendor=vendor)
        robot.until(lambda: active(robot))
        station.until(lambda: active(station))
        proxy = station.services[form].server(SERVICE)
        assert proxy is not None
        answers: list[bytes] = []
        proxy.ask(message(5), answered=answers.append)
        eventually(lambda: answers == [message(5)], WAIT_S)
        here, there = robot.observer.explain(SERVICE), station.observer.explain(SERVICE)
        counted = eventually(lambda: (one := route(robot)) and one.counters.messages and one, WAIT_S)
    assert counted.form == form.value
    assert here.crossing
    assert there.crossing
    assert any("client of the server here" in fact and form.value in fact for fact in here.facts)
    assert any("proxy here for the server elsewhere" in fact for fact in there.facts)


def test_when_the_server_goes_its_proxy_goes_too() -> None:
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        serving = node(robot, *server())
        echo(robot)
        together(lambda: active(station), robot, station)
        proxies = station.services[ServiceForm.CYCLONE].servers
        assert proxies
        serving.close()
        together(lambda: proxies == [], robot, station)
        assert robot.zenoh.services.queryables == []


def test_clients_of_both_vendors_are_a_finding() -> None:
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        node(robot, *server())
        echo(robot)
        node(station, *client(1), *client(2, participant=3))
        node(station, *client(), vendor=VENDOR_FASTDDS)
        [found] = together(
            lambda: [
                one for one in station.observer.status().findings if one.code == "service_mixed_vendors"
            ],
            robot,
            station,
        )
    assert found.severity is Severity.WARNING
    assert "RMW" in found.remedy


def test_a_type_that_is_not_installed_is_a_finding_and_is_tried_again() -> None:
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        robot.services[ServiceForm.CYCLONE].refusal = "package std_srvs is not there; install it"
        node(robot, *server())
        echo(robot)
        failed = robot.until(
            lambda: [one for one in robot.observer.status().findings if one.code == "route_failed"]
        )
        assert failed[0].text == "package std_srvs is not there; install it"
        robot.services[ServiceForm.CYCLONE].refusal = ""
        robot.until(lambda: active(robot))


def test_what_fails_for_one_reason_is_one_finding() -> None:
    robot = place()
    with running(robot):
        robot.services[ServiceForm.CYCLONE].refusal = "rclpy is not here"
        node(robot, *server(), *action_server(participant=1))
        [found] = robot.until(
            lambda: [one for one in robot.observer.status().findings if "1 more" in one.subject]
        )
    assert (found.code, found.text) == ("route_failed", "rclpy is not here")
    assert found.subject == "service /add (and 1 more)"


def test_an_action_is_told_with_its_parts_and_its_token_comes_last() -> None:
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        node(robot, *action_server())
        node(station, *action_client())
        robot.until(lambda: route(robot, ACTION))
        routes = robot.until(lambda: (found := robot.observer.routes()) and len(found) == 6 and found)
        assert {one.status.state for one in routes} == {RouteState.ROUTED}
        station.until(lambda: len(station.observer.routes()) == 6)
        told = station.observer.explain(ACTION)
    assert any("1 local action clients" in fact for fact in told.facts)
    assert any(fact.startswith("role: proxy here") for fact in told.facts)
