"""The control thread: events in, routes opened and closed.

Takes events from both sides out of one inbox, folds them into the graph, asks the planner about the names
that were touched, and brings the open routes in line with the plan. It alone changes graph and routes;
samples never pass through it. Knows the ports, not the libraries behind them.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable

from bridge.core.election import Election, Verdict
from bridge.core.events import (
    Event,
    ExtensionAnnounced,
    ExtensionRetired,
    InputRejected,
    MatchingChanged,
    ParticipantDiscovered,
    TokenAnnounced,
    TokenRetired,
)
from bridge.core.graph import Graph
from bridge.core.naming import Naming
from bridge.core.plan import plan_changes
from bridge.core.planner import plan_topic
from bridge.core.policy import Policy
from bridge.core.rosgraph import WIDTH_IRON
from bridge.core.routespec import Direction, RouteKind, RouteSpec, Subject
from bridge.core.serviceplan import Planned
from bridge.core.serviceplanner import plan_action, plan_service
from bridge.core.status import AgentState
from bridge.core.tokens import AgentToken, Token, TokenKind, WriterToken
from bridge.errors import InvalidName
from bridge.inbox import Inbox, Question
from bridge.nodes import NodePublisher, NodeTokens
from bridge.ports import Announcement, Clock, DdsSide, ZenohSide
from bridge.retirement import Retirements
from bridge.routes.retry import RetryThread
from bridge.routes.services import ServiceRoutes, ServiceSides
from bridge.routes.table import RouteTable, in_closing_order

log = logging.getLogger(__name__)

SETTLE_S = 0.5
"""After joining the domain, before anything is bridged: who else is here must be known first."""
QUIET_S = 0.25
"""… and this long without a new participant, at most :data:`SETTLE_MAX_S`."""
SETTLE_MAX_S = 2.0
CLOSE_LINGER_S = 0.5
"""A route whose reason to exist has gone is kept that long: a restarting node finds it still open."""
RETRY_FIRST_S = 1.0
RETRY_MAX_S = 30.0
PLAN_SLICE_S = 0.25
"""Planning pauses after that long for new events and questions: ten thousand announcements at once take a
minute of opening DDS writers, and a question is given up after 5 s."""
_IDLE_S = 1.0
"""The engine looks around at least that often, whatever was signalled."""
_JOIN_S = 5.0


class Engine:
    """Owns the ``engine`` thread, the graph and the route table."""

    def __init__(  # noqa: PLR0913 - what an agent is made of
        self,
        *,
        dds: DdsSide,
        zenoh: ZenohSide,
        services: ServiceSides,
        clock: Clock,
        policy: Policy,
        namespace: str,
        link_grace_s: float,
        reliable_blocking: bool,
        gid_width: int = WIDTH_IRON,
    ) -> None:
        """Not started yet.

        Args:
            dds: the domain.
            zenoh: the network.
            services: what services need of both.
            clock: for everything that waits.
            policy: the rules to begin with.
            namespace: prefix on Zenoh for every name of this side.
            link_grace_s: how long an agent whose link broke may take to return.
            reliable_blocking: whether reliable topics wait for a full link.
            gid_width: of the domain's ROS nodes, while none has been heard of.
        """
        self.dds = dds
        self.zenoh = zenoh
        self.clock = clock
        self.policy = policy
        self.namespace = namespace
        self.naming = _naming(namespace, policy)
        self.graph = Graph(naming=self.naming)
        self.inbox = Inbox()
        self.state = AgentState.STARTING
        self.verdict = Verdict(route=False, reason="discovery is settling")
        self.rejected: Counter[str] = Counter()
        """Malformed input dropped, by the decoder that refused it."""
        self.retirements = Retirements(grace_s=link_grace_s)
        self.on_planned: Callable[[str, tuple[Planned, ...]], None] = lambda _name, _planned: None
        """Told what was planned for a name; never blocks for long, never raises. Thread: engine."""
        self._retry_thread = RetryThread()
        self.routes = RouteTable(
            dds=dds,
            zenoh=zenoh,
            clock=clock,
            retry=self._retry_thread,
            emit=self.inbox.put,
            agent_prefixes=lambda: self.graph.agent_prefixes,
            reliable_blocking=reliable_blocking,
            services=ServiceRoutes(
                sides=services,
                zenoh=zenoh,
                clock=clock,
                emit=self.inbox.put,
                agent_ids=lambda: self.graph.agent_ids,
            ),
        )
        self._plans: dict[str, tuple[Planned, ...]] = {}
        self._touched: set[str] = set()
        self._close_at_s: dict[RouteSpec, float] = {}
        self._retry_at_s: dict[str, float] = {}
        self._retry_delay_s: dict[str, float] = {}
        self._tokens: list[Announcement] = []
        self._agent_token: Announcement | None = None
        self._node_tokens = NodeTokens(zenoh=zenoh, graph=self.graph, namespace=namespace)
        self._node_publisher = NodePublisher(
            dds=dds,
            graph=self.graph,
            stand_ins=self.routes.stand_ins,
            namespace=namespace,
            default_width=gid_width,
            clock_s=clock.monotonic_s,
        )
        self._started_s = 0.0
        self._last_participant_s = 0.0
        self._election = Election(zid=zenoh.zid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin: join both sides, then route as soon as discovery has settled."""
        self._started_s = self._last_participant_s = self.clock.monotonic_s()
        self._tokens.append(self.zenoh.announce(str(Token(zid=self.zenoh.zid, kind=TokenKind.BRIDGE))))
        self._announce_agent(active=False)
        self._retry_thread.start()
        self._thread.start()
        self.dds.start(self.inbox.put)
        self.zenoh.start(self.inbox.put)

    def close(self) -> None:
        """Stop routing: everything taken is passed on or counted, every token retired. Idempotent.

        Thread: any but the engine's.
        """
        if self._stop.is_set():
            return
        self._stop.set()
        self.inbox.wake()
        if self._thread.ident is None:
            self._drain()  # start() failed on the way there
        else:
            self._thread.join(_JOIN_S)
        if self._thread.is_alive():
            log.error("the engine did not end in %.0f s; routes are left to the end of the process", _JOIN_S)
        self._retry_thread.close()

    def reload(self, policy: Policy) -> tuple[str, ...]:
        """Take other rules; only routes whose plan differs are touched.

        Returns:
            What changed, one line a route.

        Thread: any but the engine's; waits for it.
        """
        return self.inbox.ask(lambda: self._reload(policy))

    def _reload(self, policy: Policy) -> tuple[str, ...]:
        before = {route.spec: route for plan in self._plans.values() for route in plan}
        self.policy = policy
        self.naming = _naming(self.namespace, policy)
        self._touched |= self.graph.rename(self.naming) | self.graph.names() | set(self._plans)
        self._plan(self.clock.monotonic_s())
        after = {route.spec: route for plan in self._plans.values() for route in plan}
        return plan_changes(before, after)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn(self.inbox.take(self._wait_s()))
            except Exception:
                log.exception("the engine met a fault; it goes on and looks at everything anew")
                self._touched |= self.graph.names()
        self._drain()

    def _drain(self) -> None:
        self.state = AgentState.DRAINING
        self._node_tokens.close()
        self.routes.close()
        for token in (self._agent_token, *self._tokens):
            if token is not None:
                token.close()

    def _turn(self, items: list[Event | Question[object]]) -> None:
        questions = [item for item in items if isinstance(item, Question)]
        try:
            self._work([item for item in items if not isinstance(item, Question)])
        finally:
            for question in questions:  # after the work, so that answers are up to date; also after a fault
                question.run()

    def _work(self, events: list[Event]) -> None:
        now_s = self.clock.monotonic_s()
        for event in events:
            self._take_in(event, now_s)
        for retired in self.retirements.due(now_s):
            self._touched |= self.graph.fold(retired)
        self._decide(now_s)
        self._plan(now_s, slice_s=PLAN_SLICE_S)
        self.routes.tick(now_s)
        self._node_publisher.publish(
            now_s,
            policy=self.policy,
            naming=self.naming,
            routing=self.verdict.route,
            gids=self.routes.endpoint_gids(),
        )

    def _take_in(self, event: Event, now_s: float) -> None:  # noqa: C901 - one case for each event
        match event:
            case MatchingChanged():
                self._guarded(
                    event.spec.subject, lambda: self.routes.set_matching(event.spec, event.matching, now_s)
                )
                return
            case InputRejected():
                self.rejected[event.codec] += 1
                return
            case TokenRetired(token=token) if token.kind is not TokenKind.BRIDGE:
                self.retirements.retired(token, now_s)
                return
            case ExtensionRetired(token=WriterToken() as source):
                self.retirements.retired(source, now_s)
                return
            case TokenRetired(token=token):
                self.retirements.retired(token, now_s)
                self.routes.bridge_gone(token.zid)
            case TokenAnnounced(token=token):
                if self.retirements.announced(token, now_s):
                    self.routes.refresh_history(token.key_expr)
                if token.kind is TokenKind.BRIDGE:
                    self.routes.bridge_back(token.zid)
            case ExtensionAnnounced(token=WriterToken() as source):
                self.retirements.announced(source, now_s)
            case ParticipantDiscovered():
                self._last_participant_s = now_s
            case _:
                pass
        agents = self.graph.agent_prefixes
        self._touched |= self.graph.fold(event)
        if self.graph.agent_prefixes != agents:
            self.routes.forget_sources()

    def _decide(self, now_s: float) -> None:
        """Route, stand by, or wait: see :mod:`bridge.core.election`."""
        if self.state is AgentState.STARTING and not self._settled(now_s):
            return
        verdict = self._election.decide(
            now_s,
            rivals=self.graph.agents_on_domain(),
            on_domain=self.graph.agent_zids(),
            foreign=self.graph.foreign_bridges(),
            routing=self.verdict.route,
            linked=lambda: any(link.whatami != "client" for link in self.zenoh.links()),
        )
        if verdict != self.verdict or self.state is AgentState.STARTING:
            self._change_state(verdict)

    def _settled(self, now_s: float) -> bool:
        age_s = now_s - self._started_s
        quiet = now_s - self._last_participant_s >= QUIET_S
        # An agent on our domain may be one of our Zenoh network as well, whose link takes a moment.
        introduced = {token.participant.prefix for token in self.graph.agents.values()}
        strangers = self.graph.agent_prefixes - self.graph.rclpy_prefixes - introduced
        return age_s >= SETTLE_MAX_S or (age_s >= SETTLE_S and quiet and not strangers)

    def _change_state(self, verdict: Verdict) -> None:
        was_routing, self.verdict = self.verdict.route, verdict
        self.state = AgentState.ACTIVE if verdict.route else AgentState.STANDBY
        if verdict.route:
            log.info("routing domain side %s as agent %s", self.namespace, self.zenoh.zid)
        else:
            log.warning("standing by: %s", verdict.reason)
        self._touched |= self.graph.names() | set(self._plans)
        if not verdict.route and was_routing:
            # Nothing of ours may write any more before the others are told.
            self._plan(self.clock.monotonic_s())
        self._announce_agent(active=verdict.route)

    def _announce_agent(self, *, active: bool) -> None:
        token = AgentToken(zid=self.zenoh.zid, participant=self.dds.participant, active=active)
        before, self._agent_token = self._agent_token, self.zenoh.announce(str(token))
        if before is not None:
            before.close()

    def _plan(self, now_s: float, *, slice_s: float = math.inf) -> None:
        """Bring the routes of all touched names in line; what does not fit in the slice stays touched."""
        due = {name for name, due_s in self._retry_at_s.items() if due_s <= now_s}
        closing = {spec.plan_name for spec, due_s in self._close_at_s.items() if due_s <= now_s}
        if self.state is AgentState.STARTING:
            return
        names, self._touched = self._touched | due | closing, set()
        until_s = self.clock.monotonic_s() + slice_s
        waiting = deque(sorted(names))
        while waiting and self.clock.monotonic_s() <= until_s:
            name = waiting.popleft()
            self._retry_at_s.pop(name, None)
            self._plan_name(name, now_s)
        self._touched |= set(waiting)

    def _plan_name(self, name: str, now_s: float) -> None:
        planned = self._planned(name) if self.verdict.route else ()
        before = self._plans.pop(name, ())
        if planned:
            self._plans[name] = planned
        specs = {route.spec for route in planned}
        wanted = [route for route in planned if self.routes.wants(route)]
        for spec in in_closing_order(self.routes.open_specs(name) - {route.spec for route in wanted}):
            # A proxy must never be beside a real server, nor without one: only topics may linger.
            at_once = not self.verdict.route or spec in specs or spec.subject[0] is not RouteKind.TOPIC
            self._close(spec, now_s, at_once=at_once)
        done = [
            self._guarded(subject, lambda routes=routes: self._apply(routes, now_s))  # type: ignore[misc]
            for subject, routes in _by_subject(wanted).items()
        ]
        self._node_tokens.follow(name, wanted, self.policy)
        self.on_planned(name, planned)
        if all(done):
            self._retry_delay_s.pop(name, None)
        if {route.spec: route.status for route in before} != {route.spec: route.status for route in planned}:
            for route in planned:
                log.info("%s is %s", route.spec, route.status)

    def _planned(self, name: str) -> tuple[Planned, ...]:
        graph, policy, naming, zid = self.graph, self.policy, self.naming, self.zenoh.zid
        try:
            return (
                *plan_topic(graph.topic(name), policy, naming=naming, zid=zid),
                *plan_service(graph.service(name), policy, naming=naming, zid=zid),
                *plan_action(graph.action(name), policy, naming=naming, zid=zid),
            )
        except InvalidName as error:
            log.warning("%s does not cross: %s", name, error)
            return ()

    def _apply(self, routes: Iterable[Planned], now_s: float) -> None:
        for route in routes:
            self._close_at_s.pop(route.spec, None)
            self.routes.apply(route, now_s)

    def _close(self, spec: RouteSpec, now_s: float, *, at_once: bool) -> None:
        due_s = self._close_at_s.setdefault(spec, now_s if at_once else now_s + CLOSE_LINGER_S)
        if at_once or due_s <= now_s:
            del self._close_at_s[spec]
            self.routes.close_route(spec)

    def _guarded(self, subject: Subject, act: Callable[[], None]) -> bool:
        """Do something for a subject; a refusal marks its routes failed and is tried again later."""
        before = self.routes.failure(subject)
        error = self.routes.guarded(subject, act)
        if error is None:
            return True
        _, name = subject
        delay_s = self._retry_delay_s.get(name, RETRY_FIRST_S)
        self._retry_at_s[name] = self.clock.monotonic_s() + delay_s
        self._retry_delay_s[name] = min(delay_s * 2, RETRY_MAX_S)
        level = logging.DEBUG if str(error) == before else logging.WARNING  # it stays a finding
        log.log(level, "%s does not cross: %s; trying again in %.0f s", name, error, delay_s)
        return False

    def _wait_s(self) -> float:
        if self._touched and self.state is not AgentState.STARTING:
            return 0.0
        now_s = self.clock.monotonic_s()
        due = [now_s + _IDLE_S, *self._retry_at_s.values(), *self._close_at_s.values()]
        due += [
            due_s
            for due_s in (
                self.retirements.next_due_s(),
                self.routes.next_tick_s(),
                self._node_publisher.next_due_s(),
            )
            if due_s is not None
        ]
        if self.state is not AgentState.ACTIVE or self._election.watching:
            due.append(now_s + 0.05)  # settling and elections are a matter of tenths of a second
        return max(0.0, min(due) - now_s)

    @property
    def plans(self) -> dict[str, tuple[Planned, ...]]:
        """What should exist, by ROS name. Thread: engine."""
        return self._plans

    def uptime_s(self) -> float:
        """Since :meth:`start`."""
        return self.clock.monotonic_s() - self._started_s


def _by_subject(planned: Iterable[Planned]) -> dict[Subject, list[Planned]]:
    """Routes that stand or fall together, in the order they are to be opened."""
    found: dict[Subject, list[Planned]] = {}
    for route in planned:
        found.setdefault(route.spec.subject, []).append(route)
    return found


def _naming(namespace: str, policy: Policy) -> Naming:
    return Naming(
        namespace=namespace,
        egress=policy.remaps(Direction.EGRESS),
        ingress=policy.remaps(Direction.INGRESS),
    )
