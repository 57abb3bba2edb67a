"""Two engines on fakes: a robot's and a station's, each with a DDS domain of its own, one Zenoh network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from bridge.candidate import SETTLE_MAX_S
from bridge.core.policy import Policy
from bridge.core.requests import ServiceForm
from bridge.core.routespec import Direction
from bridge.core.status import AgentState
from bridge.core.tokens import Token, TokenKind, parse_token
from bridge.engine import Engine
from bridge.observe.observer import Observer
from bridge.routes.services import ServiceSides
from tests.builders import NAME, RELIABLE
from tests.fakes.clock import FakeClock
from tests.fakes.dds import FakeDds, FakeDomain, FakeReader, FakeWriter
from tests.fakes.services import FakeServiceDomain, FakeServices
from tests.fakes.sink import RecordingSink
from tests.fakes.zenoh import FakeNetwork, FakeZenoh
from tests.integration.support.waiting import eventually

T = TypeVar("T")

WAIT_S = 10.0
TOPIC = "rt/chatter"
TYPE = "std_msgs::msg::dds_::String_"


@dataclass
class Place:
    """One engine, the domain it serves, and a plain node there."""

    domain: FakeDomain
    dds: FakeDds
    zenoh: FakeZenoh
    clock: FakeClock
    engine: Engine
    observer: Observer
    services: dict[ServiceForm, FakeServices]
    """Ours, on the domain."""

    def node(self, full_name: str = "/node") -> FakeDds:
        """One more participant of the domain, started, with a node."""
        side = self.domain.side(user_data=b"enclave=/;")
        side.node = full_name
        side.start(lambda _event: None)
        return side

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and let the engine look at it."""
        self.clock.advance(seconds)
        self.engine.inbox.ask(lambda: None)
        self.engine.inbox.ask(lambda: None)  # the first was perhaps taken before the clock moved

    def until(self, condition: Callable[[], T]) -> T:
        """The first true value of a condition, with time passing."""
        return eventually(lambda: self.clock.advance(0.1) and condition(), WAIT_S)

    def settle(self) -> None:
        """Let it find that discovery is quiet."""
        self.pass_time(SETTLE_MAX_S + 0.1)
        eventually(lambda: self.engine.state is not AgentState.STARTING, WAIT_S)


def place(
    *,
    network: FakeNetwork | None = None,
    domain: FakeDomain | None = None,
    zid: str = "c3",
    policy: Policy | None = None,
    link_grace_s: float = 10.0,
    joined_for_s: float | None = None,
) -> Place:
    """An engine that is not started yet, perhaps on its domain for a while already."""
    domain, network, clock = domain or FakeDomain(), network or FakeNetwork(), FakeClock()
    dds = domain.side(user_data=f"enclave=/;zenlink={zid};".encode())
    zenoh = network.session(zid)
    local = FakeServiceDomain()
    services = [local.side(form=form, participant=dds.participant) for form in ServiceForm]
    engine = Engine(
        dds=dds,
        zenoh=zenoh,
        services=ServiceSides(
            local={side.form: side for side in services}, queries=zenoh.services, call_timeout_s=5.0
        ),
        clock=clock,
        policy=policy or Policy(),
        namespace="/",
        link_grace_s=link_grace_s,
        reliable_blocking=True,
        joined_s=None if joined_for_s is None else clock.monotonic_s() - joined_for_s,
    )
    observer = Observer(engine, mode="router", domain_id=0)
    return Place(
        domain=domain,
        dds=dds,
        zenoh=zenoh,
        clock=clock,
        engine=engine,
        observer=observer,
        services={side.form: side for side in services},
    )


@contextmanager
def running(*places: Place) -> Iterator[None]:
    """Started and routing; closed at the end."""
    for one in places:
        one.engine.start()
    try:
        for one in places:
            one.settle()
        yield
    finally:
        for one in places:
            one.engine.close()


@contextmanager
def crossing() -> Iterator[tuple[FakeNetwork, Place, Place]]:
    """A robot with a talker and a station with a listener, once that crosses both."""
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        talker(robot.node())
        listener(station.node())
        for one in (robot, station):
            eventually(lambda one=one: [route.active for route in one.observer.routes()] == [True], WAIT_S)
        yield network, robot, station


def talker(node: FakeDds) -> FakeWriter:
    return node.open_writer(dds_topic=TOPIC, dds_type=TYPE, keyed=False, qos=RELIABLE)


def listener(node: FakeDds) -> tuple[FakeReader, RecordingSink]:
    sink = RecordingSink()
    reader = node.open_reader(dds_topic=TOPIC, dds_type=TYPE, keyed=False, qos=RELIABLE, sink=sink)
    reader.start()
    return reader, sink


def announced(at: Place, kind: TokenKind) -> list[Token]:
    tokens = [parse_token(key) for key in list(at.zenoh.tokens) if "/@ros2_lv" in key]
    return [token for token in tokens if token.kind is kind]


def open_routes(at: Place) -> set[Direction]:
    return at.engine.inbox.ask(lambda: {spec.direction for spec in at.engine.routes.open_specs(NAME)})
