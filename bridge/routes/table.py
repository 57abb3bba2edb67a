"""The open routes and what is done with all of them.

The engine says which routes should exist; the table opens, updates and closes them, and remembers why one
could not be opened.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet

from bridge.core.events import MatchingChanged
from bridge.core.farnodes import StandIn
from bridge.core.gid import Gid
from bridge.core.latency import ClockOffsets
from bridge.core.plan import PlannedRoute
from bridge.core.routespec import Direction, RouteKind, RouteSpec, RouteState, RouteStatus, Subject
from bridge.core.serviceplan import Planned, PlannedAction, PlannedService
from bridge.core.status import RouteCounters
from bridge.errors import BridgeError, DdsError, InvalidName, UsageError, ZenohError
from bridge.ports import Clock, DdsSide, EventSink, ZenohSide
from bridge.routes.action import ActionRoute
from bridge.routes.asking import IngressService
from bridge.routes.egress import EgressRoute
from bridge.routes.ingress import IngressRoute
from bridge.routes.past import PastCounters
from bridge.routes.retry import RetryThread
from bridge.routes.services import ServiceRoute, ServiceRoutes
from bridge.routes.serving import EgressService

log = logging.getLogger(__name__)

Route = EgressRoute | IngressRoute | ServiceRoute
REPORT_S = 1.0
"""How often routes tell, and look, what became of their samples."""


class RouteTable:
    """Every open route by its spec. Thread: engine."""

    def __init__(
        self,
        *,
        dds: DdsSide,
        zenoh: ZenohSide,
        clock: Clock,
        retry: RetryThread,
        emit: EventSink,
        agent_prefixes: Callable[[], frozenset[bytes]],
        reliable_blocking: bool,
        services: ServiceRoutes,
    ) -> None:
        self._dds = dds
        self._zenoh = zenoh
        self._clock = clock
        self._retry = retry
        self._emit = emit
        self._agent_prefixes = agent_prefixes
        self._reliable_blocking = reliable_blocking
        self._services = services
        self._open: dict[RouteSpec, Route] = {}
        self._by_name: dict[str, set[RouteSpec]] = {}
        self._ticking: set[RouteSpec] = set()
        self._failed: dict[Subject, str] = {}
        self._past = PastCounters()
        self._report_at_s = 0.0

    def __iter__(self) -> Iterator[Route]:
        return iter(self._open.values())

    def compare_clocks(self, offsets: ClockOffsets) -> None:
        """The clocks of other agents were compared with ours."""
        for route in self._open.values():
            if isinstance(route, EgressRoute | IngressRoute):
                route.compare_clocks(offsets)

    def get(self, spec: RouteSpec) -> Route | None:
        """An open route."""
        return self._open.get(spec)

    def counters(self, spec: RouteSpec) -> RouteCounters:
        """What the routes of a spec counted since the agent's start, whether one is open or not."""
        route = self._open.get(spec)
        return self._past.counters(spec, None if route is None else route.counters())

    def counted(self, *, but: AbstractSet[RouteSpec]) -> tuple[tuple[RouteSpec, RouteCounters], ...]:
        """The same of all other routes than those, as far as it is remembered."""
        specs = [spec for spec in (*self._open, *self._past.specs()) if spec not in but]
        return tuple((spec, self.counters(spec)) for spec in specs)

    def forgotten(self) -> tuple[tuple[RouteKind, RouteCounters], ...]:
        """What the closed routes counted together that are remembered no more, by kind."""
        return self._past.forgotten()

    def failure(self, subject: Subject) -> str | None:
        """Why the routes of a subject could not be brought in line, when they could not."""
        return self._failed.get(subject)

    def open_specs(self, name: str) -> set[RouteSpec]:
        """The open routes of a ROS name, those of an action's parts under the action's."""
        return set(self._by_name.get(name, ()))

    @staticmethod
    def wants(planned: Planned) -> bool:
        """Whether a planned route is to be open. With a QoS conflict it is: later readers may match."""
        return planned.status.state in (RouteState.ROUTED, RouteState.QOS_CONFLICT)

    def apply(self, planned: Planned, now_s: float) -> None:
        """Open the route, or bring the open one in line.

        Raises:
            DdsError, ZenohError: refused.
        """
        spec = planned.spec
        route = self._open.get(spec)
        if route is not None and _other_kind(route.planned, planned):
            self.close_route(spec)
            route = None
        if route is not None:
            if planned != route.planned or spec.subject in self._failed:
                _update(route, planned, now_s)
                self._ticking.add(spec)
            return
        self._open[spec] = self._opened(planned)
        self._past.opened(spec)
        self._by_name.setdefault(spec.plan_name, set()).add(spec)
        self._ticking.add(spec)

    def _opened(self, planned: Planned) -> Route:
        if not isinstance(planned, PlannedRoute):
            return self._services.opened(planned)
        if planned.spec.direction is Direction.INGRESS:
            return IngressRoute(
                planned, dds=self._dds, zenoh=self._zenoh, retry=self._retry, clock=self._clock
            )
        spec, emit = planned.spec, self._emit
        return EgressRoute(
            planned,
            dds=self._dds,
            zenoh=self._zenoh,
            clock=self._clock,
            may_block=self._reliable_blocking,
            agent_prefixes=self._agent_prefixes,
            on_matching=lambda matching: emit(MatchingChanged(spec=spec, matching=matching)),
        )

    def close_route(self, spec: RouteSpec) -> None:
        """Close one route, passing on what it has taken."""
        route = self._open.pop(spec, None)
        if route is None:
            return
        self._by_name[spec.plan_name].discard(spec)
        if not self._by_name[spec.plan_name]:
            del self._by_name[spec.plan_name]
        self._ticking.discard(spec)
        try:
            route.close()
        except (DdsError, ZenohError) as error:
            log.warning("closing %s: %s", spec, error)
        counters = route.counters()
        self._past.closed(spec, counters)
        if counters.messages or counters.drops:
            dropped = ", ".join(f"{count} {cause}" for cause, count in counters.drops) or "nothing"
            what = "messages" if spec.kind is RouteKind.TOPIC else "calls"
            log.info("closed %s: passed on %d %s, dropped %s", spec, counters.messages, what, dropped)

    def set_matching(self, spec: RouteSpec, matching: bool, now_s: float) -> None:  # noqa: FBT001 - an event's value
        """Tell an egress route whether somebody wants its samples, an ingress service whether it is served.

        Raises:
            DdsError: its reader, or the proxy, cannot be created.
        """
        route = self._open.get(spec)
        if isinstance(route, EgressRoute | IngressService):
            route.set_matching(matching, now_s)
            self._ticking.add(spec)

    def refresh_history(self, key_expr: str) -> None:
        """A remote writer of that key came back: ask what was missed."""
        for route in self._open.values():
            if isinstance(route, IngressRoute) and route.planned.spec.key_expr == key_expr:
                route.refresh_history()

    def bridge_gone(self, zid: str) -> None:
        """The way to another agent broke, or it ended."""
        for route in self._of_topics():
            route.bridge_gone(zid)

    def bridge_back(self, zid: str) -> None:
        """There is a way to another agent again."""
        for route in self._open.values():
            if isinstance(route, EgressRoute):
                route.bridge_back(zid)

    def _of_topics(self) -> Iterator[EgressRoute | IngressRoute]:
        return (one for one in self._open.values() if isinstance(one, (EgressRoute, IngressRoute)))

    def forget_sources(self) -> None:
        """Another agent was discovered: look anew whose samples the egress routes pass on."""
        for route in self._open.values():
            if isinstance(route, EgressRoute):
                route.forget_sources()

    def guarded(self, subject: Subject, act: Callable[[], None]) -> BridgeError | None:
        """Do something for a subject, remembering a refusal as the reason why it does not cross."""
        try:
            act()
        except (DdsError, ZenohError, InvalidName) as error:
            self._failed[subject] = str(error)
            return error
        self._failed.pop(subject, None)
        return None

    def status(self, planned: Planned) -> RouteStatus:
        """The status of a planned route, failures to open included."""
        failure = self._failed.get(planned.spec.subject)
        if failure is not None and planned.status.state is RouteState.ROUTED:
            return RouteStatus(state=RouteState.FAILED, reason=failure)
        return planned.status

    def endpoint_gids(self) -> tuple[tuple[Gid, ...], tuple[Gid, ...]]:
        """All our (readers, writers)."""
        of_services = self._services.endpoint_gids()
        readers, writers = list(of_services[0]), list(of_services[1])
        for route in self._open.values():
            route_readers, route_writers = route.endpoint_gids()
            readers += route_readers
            writers += route_writers
        return tuple(readers), tuple(writers)

    def stand_ins(self) -> list[StandIn]:
        """All our endpoints, with what they stand for."""
        return [one for route in self._open.values() for one in route.stand_ins()]

    def tick(self, now_s: float) -> None:
        """Let the routes with something due do it."""
        if now_s >= self._report_at_s:
            self._report_at_s = now_s + REPORT_S
            for one in self._of_topics():
                one.report(now_s)
        for spec in list(self._ticking):
            route = self._open[spec]
            route.tick(now_s)
            if route.next_tick_s() is None:
                self._ticking.discard(spec)

    def next_tick_s(self) -> float | None:
        """When :meth:`tick` has something to do."""
        due = [self._open[spec].next_tick_s() for spec in self._ticking]
        return min((one for one in due if one is not None), default=None)

    def close(self) -> None:
        """Close every route: egress first, so that what it still sends has a session to go through."""
        for direction in (Direction.EGRESS, Direction.INGRESS):
            for spec in in_closing_order(known for known in self._open if known.direction is direction):
                self.close_route(spec)
        self._services.close()


def in_closing_order(specs: Iterable[RouteSpec]) -> list[RouteSpec]:
    """Actions before their parts: the token is retired first."""
    return sorted(specs, key=lambda spec: (spec.kind is not RouteKind.ACTION, spec.ros_name))


def _update(route: Route, planned: Planned, now_s: float) -> None:
    """A route is only ever planned again as what it is: its spec says that."""
    match route, planned:
        case EgressRoute() | IngressRoute(), PlannedRoute():
            route.update(planned, now_s)
        case EgressService() | IngressService(), PlannedService():
            route.update(planned, now_s)
        case ActionRoute(), PlannedAction():
            route.update(planned, now_s)
        case _:
            raise UsageError(f"{planned.spec} is no plan for {type(route).__name__}")


def _other_kind(before: Planned, after: Planned) -> bool:
    """Whether the endpoints cannot be carried over, because they are declared with what differs."""
    if isinstance(before, PlannedRoute) and isinstance(after, PlannedRoute):
        return (before.dds_type, before.keyed) != (after.dds_type, after.keyed)
    if isinstance(before, PlannedService) and isinstance(after, PlannedService):
        return (before.ros_type, before.form) != (after.ros_type, after.form)
    return False
