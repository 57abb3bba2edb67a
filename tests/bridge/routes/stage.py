"""A stage for one route: a node and our side on a DDS domain, our session and a far one on Zenoh."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.core.plan import PlannedRoute
from bridge.core.policy import Policy
from bridge.core.qos import Qos
from bridge.core.requests import ServiceForm
from bridge.core.routespec import DropCause
from bridge.ports import CacheReader, EventSink, ZenohSample
from bridge.routes.egress import EgressRoute
from bridge.routes.ingress import IngressRoute
from bridge.routes.ingressflow import IngressFlow
from bridge.routes.services import ServiceRoutes, ServiceSides
from tests.builders import FAR_ZID, KEY, OWN_ZID, RELIABLE, plan
from tests.fakes.clock import FakeClock
from tests.fakes.dds import FakeDds, FakeDomain, FakeReader, FakeWriter
from tests.fakes.services import FakeServiceDomain
from tests.fakes.sink import RecordingSink
from tests.fakes.zenoh import FakeNetwork, FakeZenoh
from tests.fakes.zenoh_halves import FakePublisher, FakeSubscriber

TOPIC = "rt/chatter"
TYPE = "std_msgs::msg::dds_::String_"
START_NS = 1_700_000_000_000_000_000
"""Where the fake wall clock starts."""
CALL_TIMEOUT_S = 5.0


def nobody(_event: object) -> None:
    """A side that nobody listens to."""


class Offers:
    """Stands for the retry thread: remembers who asked; the test offers."""

    def __init__(self) -> None:
        self.waiting: list[IngressFlow] = []

    def add(self, route: IngressFlow) -> None:
        self.waiting.append(route)

    def discard(self, route: IngressFlow) -> None:
        self.waiting = [one for one in self.waiting if one is not route]


@dataclass
class Stage:
    """Everything around one route."""

    clock: FakeClock = field(default_factory=FakeClock)
    domain: FakeDomain = field(default_factory=FakeDomain)
    network: FakeNetwork = field(default_factory=FakeNetwork)
    offers: Offers = field(default_factory=Offers)
    agents: set[bytes] = field(default_factory=set)
    """GID prefixes of other agents."""
    agent_ids: set[str] = field(default_factory=set)
    """Their Zenoh ids."""
    matching: list[bool] = field(default_factory=list)
    received: list[ZenohSample] = field(default_factory=list)
    """By the far side."""

    def __post_init__(self) -> None:
        self.dds: FakeDds = self.domain.side()
        self.node: FakeDds = self.domain.side()
        self.zenoh: FakeZenoh = self.network.session(OWN_ZID)
        self.local = FakeServiceDomain()
        self.services = [self.local.side(form=form) for form in ServiceForm]
        self.far: FakeZenoh = self.network.session(FAR_ZID)
        for side in (self.dds, self.node):
            side.start(nobody)
        for session in (self.zenoh, self.far):
            session.start(nobody)

    @property
    def now_s(self) -> float:
        return self.clock.monotonic_s()

    def talker(self, qos: Qos = RELIABLE, *, keyed: bool = False) -> FakeWriter:
        """A writer of the node."""
        return self.node.open_writer(dds_topic=TOPIC, dds_type=TYPE, keyed=keyed, qos=qos)

    def listener(self, qos: Qos = RELIABLE) -> tuple[FakeReader, RecordingSink]:
        """A reader of the node."""
        sink = RecordingSink()
        reader = self.node.open_reader(dds_topic=TOPIC, dds_type=TYPE, keyed=False, qos=qos, sink=sink)
        reader.start()
        return reader, sink

    def far_subscriber(self) -> FakeSubscriber:
        """Somebody on Zenoh wants the samples."""
        return self.far.open_subscriber(key_expr=KEY, on_sample=self.received.append)

    def far_publisher(self, cache: CacheReader | None = None) -> FakePublisher:
        """Somebody on Zenoh has the samples."""
        return self.far.open_publisher(
            key_expr=KEY, block=True, priority=5, express=False, cache=cache, on_matching=nobody
        )

    def service_routes(self, emit: EventSink = nobody) -> ServiceRoutes:
        """What opens the routes of services: in both forms, on a domain of services that is our own."""
        sides = ServiceSides(
            local={side.form: side for side in self.services},
            queries=self.zenoh.services,
            call_timeout_s=CALL_TIMEOUT_S,
        )
        return ServiceRoutes(
            sides=sides,
            zenoh=self.zenoh,
            clock=self.clock,
            emit=emit,
            agent_ids=lambda: frozenset(self.agent_ids),
        )

    def egress(self, planned: PlannedRoute, *, block: bool = True) -> EgressRoute:
        """A route that hears at once whether somebody wants its samples."""
        opened: list[EgressRoute] = []

        def told(matching: bool) -> None:
            self.matching.append(matching)
            for route in opened:
                route.set_matching(matching, self.now_s)

        route = EgressRoute(
            planned,
            dds=self.dds,
            zenoh=self.zenoh,
            clock=self.clock,
            may_block=block,
            agent_prefixes=lambda: frozenset(self.agents),
            on_matching=told,
        )
        opened.append(route)
        for matching in self.matching[-1:]:
            route.set_matching(matching, self.now_s)
        return route

    def ingress(self, planned: PlannedRoute) -> IngressRoute:
        """A route whose full writers are offered to when the test says so."""
        return IngressRoute(planned, dds=self.dds, zenoh=self.zenoh, retry=self.offers, clock=self.clock)


def planned(*things: object, policy: Policy | None = None) -> PlannedRoute:
    """The one route that follows; fakes may stand for their endpoints."""
    known = [thing.endpoint if isinstance(thing, (FakeReader, FakeWriter)) else thing for thing in things]
    (route,) = plan(*known, policy=policy)
    return route


def drops(route: EgressRoute | IngressRoute) -> dict[DropCause, int]:
    """What the route dropped, by cause."""
    return {DropCause(cause): count for cause, count in route.counters().drops}


def numbers(samples: list[ZenohSample]) -> list[int]:
    """What the payloads count."""
    return [int.from_bytes(sample.payload[4:8], "little") for sample in samples]
