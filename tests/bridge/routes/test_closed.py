"""What a closed route held is gone by its references alone, on the real adapters and in every kind of route.

Routes come and go with the nodes of a robot; what is left as a cycle waits for Python's collector, which
looks for old garbage once in many minutes.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bridge.clock import SystemClock
from bridge.core.events import Endpoint, Event, MatchingChanged
from bridge.core.gid import VENDOR_CYCLONE, VENDOR_FASTDDS
from bridge.core.naming import Naming
from bridge.core.policy import Policy
from bridge.core.qos import Qos
from bridge.core.requests import attachment
from bridge.core.serviceplan import Planned
from bridge.core.serviceplanner import plan_service
from bridge.core.tokens import Token
from bridge.dds.participant import CycloneSide
from bridge.dds.services import CycloneServices
from bridge.errors import DdsError
from bridge.routes.retry import RetryThread
from bridge.routes.services import ServiceRoutes, ServiceSides
from bridge.routes.table import RouteTable
from tests.bridge.routes.stage import TOPIC, TYPE, nobody
from tests.builders import (
    KEY,
    LATCHED,
    OWN_ZID,
    RELIABLE,
    SERVICE,
    client,
    graph,
    offered,
    payload,
    plan,
    publisher,
    reader,
    server,
    source,
    writer,
)
from tests.contracts.pairs import real_dds_pair, real_zenoh_pair
from tests.contracts.services import ROS_TYPE, ServicesPair, rclpy_services, request, response
from tests.integration.support.waiting import eventually

SERVICE_KEY = "add"
OURS = (
    "bridge.routes",
    "bridge.dds",
    "bridge.zenoh",
    "bridge.ros",
    "cyclonedds.pub.DataWriter",
    "cyclonedds.sub.DataReader",
    "cyclonedds.topic.Topic",
)
REMEMBERED = {"bridge.routes.answers._Answer", "bridge.dds.endpoints.Peer"}
"""So many of them, and for so long: to know them again."""
WAIT_S = 20.0


class Robot:
    """A table of routes between nodes on DDS and a far session on Zenoh."""

    def __init__(self, closing: contextlib.ExitStack, form: str) -> None:
        dds, zenoh = closing.enter_context(real_dds_pair()), closing.enter_context(real_zenoh_pair())
        self.node, self.far = dds.start().right, zenoh.start().right
        if form == "rclpy":
            self.services = closing.enter_context(rclpy_services())
        else:
            assert isinstance(dds.left, CycloneSide)
            assert isinstance(dds.right, CycloneSide)
            self.services = ServicesPair(CycloneServices(dds.left), CycloneServices(dds.right))
            closing.callback(self.services.left.close)
            closing.callback(self.services.right.close)
        self.vendor = VENDOR_FASTDDS if form == "rclpy" else VENDOR_CYCLONE
        self.clock, self.retry, self.events = SystemClock(), RetryThread(), list[Event]()
        local = {self.services.left.form: self.services.left}
        sides = ServiceSides(local=local, queries=zenoh.left.services, call_timeout_s=WAIT_S)
        self.table = RouteTable(
            dds=dds.left,
            zenoh=zenoh.left,
            clock=self.clock,
            retry=self.retry,
            emit=self.events.append,
            agent_prefixes=frozenset,
            reliable_blocking=True,
            services=ServiceRoutes(
                sides=sides,
                zenoh=zenoh.left,
                clock=self.clock,
                emit=self.events.append,
                agent_ids=frozenset,
            ),
        )
        self.retry.start()
        closing.callback(self.retry.close)
        closing.callback(self.table.close)

    def carry(self, planned: Planned, prompt: Callable[[int], object]) -> None:
        """Open the route, have it pass on some of what it is prompted with, close it."""
        self.table.apply(planned, self.clock.monotonic_s())
        before = self.table.counters(planned.spec).messages
        numbers = itertools.count(1)

        def crossed() -> bool:
            self._turn()
            prompt(next(numbers))
            return self.table.counters(planned.spec).messages > before + 1

        eventually(crossed, WAIT_S)
        self.table.close_route(planned.spec)

    def _turn(self) -> None:
        """What the engine does all the time."""
        events, self.events[:] = list(self.events), []
        now_s = self.clock.monotonic_s()
        for event in events:
            assert isinstance(event, MatchingChanged)
            self.table.set_matching(event.spec, event.matching, now_s)
        self.table.tick(now_s)


Carry = Callable[[], None]


def egress(robot: Robot, qos: Qos) -> Carry:
    talker = robot.node.open_writer(dds_topic=TOPIC, dds_type=TYPE, keyed=False, qos=qos)
    robot.far.open_subscriber(key_expr=KEY, on_sample=nobody)
    [planned] = plan(replace(writer(qos=qos), gid=talker.gid))
    return lambda: robot.carry(planned, lambda number: talker.write(payload(number), time.time_ns()))


def ingress(robot: Robot, qos: Qos) -> Carry:
    options = {"block": True, "priority": 5, "express": False, "cache": None}
    far = robot.far.open_publisher(key_expr=KEY, on_matching=nobody, **options)
    one = source()
    [planned] = plan(reader(qos=qos), publisher(qos=qos), one)
    return lambda: robot.carry(
        planned, lambda number: far.put(payload(number), time.time_ns(), one.writer.value)
    )


def service(*things: Endpoint | Token) -> Planned:
    [planned] = plan_service(graph(*things).service(SERVICE), Policy(), naming=Naming(), zid=OWN_ZID)
    return planned


def serving(robot: Robot) -> Carry:
    node = robot.services.right.open_server(
        ros_name=SERVICE,
        ros_type=ROS_TYPE,
        on_request=lambda asked: node.reply(asked.header, response("done")),
    )
    far = robot.far.services.open_querier(key_expr=SERVICE_KEY, timeout_s=1.0, on_matching=nobody)

    def ask(number: int) -> None:
        header = number.to_bytes(8, "little") + time.monotonic_ns().to_bytes(8, "little")
        far.get(request("do"), attachment(header), lambda _payload, _why: None)

    planned = service(*server(ros_type=ROS_TYPE, vendor=robot.vendor))
    return lambda: robot.carry(planned, ask)


def asking(robot: Robot) -> Carry:
    robot.far.services.open_queryable(
        key_expr=SERVICE_KEY, on_query=lambda query: query.reply(response("done"))
    )
    node = robot.services.right.open_client(
        ros_name=SERVICE, ros_type=ROS_TYPE, on_reply=lambda _number, _payload: None
    )

    def call(_number: int) -> None:
        with contextlib.suppress(DdsError):  # too many are open already
            if node.ready():
                node.call(request("do"))

    planned = service(offered(ros_type=ROS_TYPE), *client(ros_type=ROS_TYPE, vendor=robot.vendor))
    return lambda: robot.carry(planned, call)


KINDS: dict[str, tuple[str, Callable[[Robot], Carry]]] = {
    "egress": ("cyclone", lambda robot: egress(robot, RELIABLE)),
    "latched egress": ("cyclone", lambda robot: egress(robot, LATCHED)),
    "ingress": ("cyclone", lambda robot: ingress(robot, RELIABLE)),
    "latched ingress": ("cyclone", lambda robot: ingress(robot, LATCHED)),
    "server here": ("cyclone", serving),
    "server elsewhere": ("cyclone", asking),
    "server here, rclpy": ("rclpy", serving),
    "server elsewhere, rclpy": ("rclpy", asking),
}


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing is collected unless it is asked for."""
    gc.disable()
    yield
    gc.enable()


def ours() -> Counter[str]:
    """How many objects there are of each class of routes and adapters."""
    found = (type(one) for one in gc.get_objects())
    names = (f"{one.__module__}.{one.__qualname__}" for one in found)
    return Counter(name for name in names if name.startswith(OURS) and name not in REMEMBERED)


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_closed_route_held_is_gone(kind: str) -> None:
    form, opened = KINDS[kind]
    with contextlib.ExitStack() as closing:
        robot = Robot(closing, form)
        carry = opened(robot)
        carry()  # threads and such that the first of its kind starts are there to stay
        gc.collect()
        before = ours()
        carry()

        def gone() -> bool:
            robot.far.links()  # what Zenoh dropped on a thread of its own it lets go with its next call
            assert ours() - before == Counter()
            return True

        eventually(gone, WAIT_S)
