"""Brings what is open in line with what is wanted, one ROS name at a time.

A name is planned anew when anything about it was touched, when a refused route is to be tried again, and
when a route that is wanted no more has lingered long enough.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from bridge.core.graph import Graph
from bridge.core.naming import Naming
from bridge.core.planner import plan_topic
from bridge.core.policy import Policy
from bridge.core.routespec import RouteKind, RouteSpec, Subject
from bridge.core.serviceplan import Planned
from bridge.core.serviceplanner import plan_action, plan_service
from bridge.errors import InvalidName
from bridge.nodetokens import NodeTokens
from bridge.ports import Clock
from bridge.routes.table import RouteTable, in_closing_order

log = logging.getLogger(__name__)

CLOSE_LINGER_S = 0.5
"""A route whose reason to exist has gone is kept that long: a restarting node finds it still open."""
RETRY_FIRST_S = 1.0
RETRY_MAX_S = 30.0


class Reconciler:
    """Plans names, and opens and closes their routes. Thread: engine.

    Args:
        zid: our Zenoh id.
        graph: what is there.
        routes: what is open.
        node_tokens: follow the routes.
        clock: for everything that waits.
    """

    def __init__(
        self,
        *,
        zid: str,
        graph: Graph,
        routes: RouteTable,
        node_tokens: NodeTokens,
        clock: Clock,
    ) -> None:
        self._zid = zid
        self._graph = graph
        self._routes = routes
        self._node_tokens = node_tokens
        self._clock = clock
        self.on_planned: Callable[[str, tuple[Planned, ...]], None] = lambda _name, _planned: None
        """Told what was planned for a name; never blocks for long, never raises."""
        self.plans: dict[str, tuple[Planned, ...]] = {}
        """What should exist, by ROS name."""
        self._touched: set[str] = set()
        self._close_at_s: dict[RouteSpec, float] = {}
        self._retry_at_s: dict[str, float] = {}
        self._retry_delay_s: dict[str, float] = {}

    def touch(self, names: AbstractSet[str]) -> None:
        """These are to be looked at."""
        self._touched |= names

    def touch_all(self) -> None:
        """Every name there is, and every one that was planned."""
        self._touched |= self._graph.names() | self.plans.keys()

    @property
    def behind(self) -> bool:
        """Whether a name is still to be looked at."""
        return bool(self._touched)

    def planned(self) -> dict[RouteSpec, Planned]:
        """Every planned route."""
        return {route.spec: route for plan in self.plans.values() for route in plan}

    def reconcile(
        self, now_s: float, *, policy: Policy, naming: Naming, routing: bool, slice_s: float = math.inf
    ) -> None:
        """Bring the routes of all touched names in line; what does not fit in the slice stays touched.

        Args:
            now_s: monotonic time.
            policy: the rules.
            naming: how names are called on the other side.
            routing: whether anything is to be open at all.
            slice_s: how long this may take.
        """
        due = {name for name, due_s in self._retry_at_s.items() if due_s <= now_s}
        closing = {spec.plan_name for spec, due_s in self._close_at_s.items() if due_s <= now_s}
        names, self._touched = self._touched | due | closing, set()
        until_s = self._clock.monotonic_s() + slice_s
        waiting = deque(sorted(names))
        while waiting and self._clock.monotonic_s() <= until_s:
            name = waiting.popleft()
            self._retry_at_s.pop(name, None)
            planned = self._plan(name, policy, naming) if routing else ()
            self._bring_in_line(name, planned, now_s, policy=policy, routing=routing)
        self._touched |= set(waiting)
        self._node_tokens.announce()

    def _plan(self, name: str, policy: Policy, naming: Naming) -> tuple[Planned, ...]:
        graph, zid = self._graph, self._zid
        try:
            return (
                *plan_topic(graph.topic(name), policy, naming=naming, zid=zid),
                *plan_service(graph.service(name), policy, naming=naming, zid=zid),
                *plan_action(graph.action(name), policy, naming=naming, zid=zid),
            )
        except InvalidName as error:
            log.warning("%s does not cross: %s", name, error)
            return ()

    def _bring_in_line(
        self, name: str, planned: tuple[Planned, ...], now_s: float, *, policy: Policy, routing: bool
    ) -> None:
        before = self.plans.pop(name, ())
        if planned:
            self.plans[name] = planned
        specs = {route.spec for route in planned}
        wanted = [route for route in planned if self._routes.wants(route)]
        for spec in in_closing_order(self._routes.open_specs(name) - {route.spec for route in wanted}):
            # A proxy must never be beside a real server, nor without one: only topics may linger.
            at_once = not routing or spec in specs or spec.subject[0] is not RouteKind.TOPIC
            self._close(spec, now_s, at_once=at_once)
        done = [
            self.guarded(subject, lambda routes=routes: self._apply(routes, now_s))  # type: ignore[misc]
            for subject, routes in _by_subject(wanted).items()
        ]
        self._node_tokens.follow(name, wanted, policy)
        self.on_planned(name, planned)
        if all(done):
            self._retry_delay_s.pop(name, None)
        known = {route.spec: route.status for route in before}
        for route in planned:
            if known.get(route.spec) != route.status:
                log.info("%s is %s", route.spec, route.status)

    def _apply(self, routes: Iterable[Planned], now_s: float) -> None:
        for route in routes:
            self._close_at_s.pop(route.spec, None)
            self._routes.apply(route, now_s)

    def _close(self, spec: RouteSpec, now_s: float, *, at_once: bool) -> None:
        due_s = self._close_at_s.setdefault(spec, now_s if at_once else now_s + CLOSE_LINGER_S)
        if at_once or due_s <= now_s:
            del self._close_at_s[spec]
            self._routes.close_route(spec)

    def guarded(self, subject: Subject, act: Callable[[], None]) -> bool:
        """Do something for a subject; a refusal marks its routes failed and is tried again later."""
        before = self._routes.failure(subject)
        error = self._routes.guarded(subject, act)
        if error is None:
            return True
        _, name = subject
        delay_s = self._retry_delay_s.get(name, RETRY_FIRST_S)
        self._retry_at_s[name] = self._clock.monotonic_s() + delay_s
        self._retry_delay_s[name] = min(delay_s * 2, RETRY_MAX_S)
        level = logging.DEBUG if str(error) == before else logging.WARNING  # it stays a finding
        log.log(level, "%s does not cross: %s; trying again in %.0f s", name, error, delay_s)
        return False

    def next_due_s(self) -> float | None:
        """When a name is to be looked at that nothing touched."""
        return min((*self._retry_at_s.values(), *self._close_at_s.values()), default=None)

    def close(self) -> None:
        """Close everything that is open."""
        self._node_tokens.close()
        self._routes.close()


def _by_subject(planned: Iterable[Planned]) -> dict[Subject, list[Planned]]:
    """Routes that stand or fall together, in the order they are to be opened."""
    found: dict[Subject, list[Planned]] = {}
    for route in planned:
        found.setdefault(route.spec.subject, []).append(route)
    return found
