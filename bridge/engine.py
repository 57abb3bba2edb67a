"""The control thread: events in, routes opened and closed.

Takes events from both sides out of one inbox, has the intake fold them into the graph, the candidate decide
whether this agent routes at all, and the reconciler bring the routes of the names that were touched in line.
It alone changes graph and routes; samples never pass through it. Knows the ports, not the libraries behind
them.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

from bridge.candidate import Candidate
from bridge.core.election import Verdict
from bridge.core.events import Event
from bridge.core.graph import Graph
from bridge.core.naming import Naming
from bridge.core.plan import plan_changes
from bridge.core.policy import Policy
from bridge.core.rosgraph import WIDTH_IRON
from bridge.core.routespec import Direction
from bridge.core.serviceplan import Planned
from bridge.core.status import AgentState
from bridge.core.tokens import Token, TokenKind
from bridge.inbox import Inbox, Question
from bridge.intake import Intake
from bridge.nodes import NodePublisher
from bridge.nodetokens import NodeTokens
from bridge.ports import Announcement, Clock, DdsSide, ZenohSide
from bridge.reconciler import Reconciler
from bridge.routes.retry import RetryThread
from bridge.routes.services import ServiceRoutes, ServiceSides
from bridge.routes.table import RouteTable

log = logging.getLogger(__name__)

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
        joined_s: float | None = None,
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
            joined_s: since when ``dds`` has listened, by the clock; None: since :meth:`start`.
        """
        self.dds = dds
        self.zenoh = zenoh
        self.clock = clock
        self.policy = policy
        self.namespace = namespace
        self.naming = _naming(namespace, policy)
        self.graph = Graph(naming=self.naming)
        self.inbox = Inbox()
        self._retry_thread = RetryThread()
        self.routes = RouteTable(
            dds=dds,
            zenoh=zenoh,
            clock=clock,
            retry=self._retry_thread,
            emit=self.inbox.put,
            agent_prefixes=lambda: self.graph.participants.agent_prefixes,
            reliable_blocking=reliable_blocking,
            services=ServiceRoutes(
                sides=services,
                zenoh=zenoh,
                clock=clock,
                emit=self.inbox.put,
                agent_ids=lambda: self.graph.agent_ids,
            ),
        )
        self._candidate = Candidate(
            participant=dds.participant, zenoh=zenoh, graph=self.graph, joined_s=joined_s
        )
        self._reconciler = Reconciler(
            zid=zenoh.zid,
            graph=self.graph,
            routes=self.routes,
            node_tokens=NodeTokens(zenoh=zenoh, graph=self.graph, namespace=namespace),
            clock=clock,
        )
        self.intake = Intake(
            graph=self.graph,
            routes=self.routes,
            reconciler=self._reconciler,
            candidate=self._candidate,
            link_grace_s=link_grace_s,
        )
        self._bridge_token: Announcement | None = None
        self._node_publisher = NodePublisher(
            dds=dds,
            graph=self.graph,
            stand_ins=self.routes.stand_ins,
            namespace=namespace,
            default_width=gid_width,
            clock_s=clock.monotonic_s,
        )
        self._started_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def on_planned(self, told: Callable[[str, tuple[Planned, ...]], None]) -> None:
        """Have somebody told what was planned for a name.

        Args:
            told: never blocks for long, never raises. Thread: engine.

        Thread: any, before the start.
        """
        self._reconciler.on_planned = told

    def start(self) -> None:
        """Begin: join both sides, then route as soon as discovery has settled."""
        self._started_s = self.clock.monotonic_s()
        self._bridge_token = self.zenoh.announce(str(Token(zid=self.zenoh.zid, kind=TokenKind.BRIDGE)))
        self._candidate.start(self._started_s)
        self._retry_thread.start()
        # Before the thread, which may route at once: who is on the domain already must be known to it.
        self.dds.start(self.inbox.put)
        self.zenoh.start(self.inbox.put)
        self._thread.start()

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
        before = self._reconciler.planned()
        self.policy = policy
        self.naming = _naming(self.namespace, policy)
        self._reconciler.touch(self.graph.rename(self.naming))
        self._reconciler.touch_all()
        self._reconcile(self.clock.monotonic_s())
        return plan_changes(before, self._reconciler.planned())

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn(self.inbox.take(self._wait_s()))
            except Exception:
                log.exception("the engine met a fault; it goes on and looks at everything anew")
                self._reconciler.touch(self.graph.names())
        self._drain()

    def _drain(self) -> None:
        self._candidate.drain()
        self._reconciler.close()
        self._candidate.close()
        if self._bridge_token is not None:
            self._bridge_token.close()

    def _wait_s(self) -> float:
        """For events, until something else is due."""
        if self._reconciler.behind and self.state is not AgentState.STARTING:
            return 0.0
        now_s = self.clock.monotonic_s()
        due = (
            self._reconciler.next_due_s(),
            self.intake.retirements.next_due_s(),
            self.routes.next_tick_s(),
            self._node_publisher.next_due_s(),
            self._candidate.next_due_s(now_s),
            now_s + _IDLE_S,
        )
        return max(0.0, min(due_s for due_s in due if due_s is not None) - now_s)

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
            self.intake.take(event, now_s)
        self.intake.take_due(now_s)
        self._decide(now_s)
        self._reconcile(now_s, slice_s=PLAN_SLICE_S)
        self.routes.tick(now_s)
        self._node_publisher.publish(
            now_s,
            policy=self.policy,
            naming=self.naming,
            routing=self.verdict.route,
            gids=self.routes.endpoint_gids,
        )

    def _decide(self, now_s: float) -> None:
        """Begin to route, or to stand by, where the candidate says so."""
        was_routing = self.verdict.route
        if not self._candidate.decide(now_s):
            return
        if self.verdict.route:
            log.info("routing domain side %s as agent %s", self.namespace, self.zenoh.zid)
        else:
            log.warning("standing by: %s", self.verdict.reason)
        self._reconciler.touch_all()
        if was_routing and not self.verdict.route:
            # Nothing of ours may write any more before the others are told.
            self._reconcile(self.clock.monotonic_s())
        self._candidate.announce()

    def _reconcile(self, now_s: float, *, slice_s: float = math.inf) -> None:
        """Nothing is opened before it is decided who routes."""
        if self.state is not AgentState.STARTING:
            self._reconciler.reconcile(
                now_s, policy=self.policy, naming=self.naming, routing=self.verdict.route, slice_s=slice_s
            )

    @property
    def state(self) -> AgentState:
        """What it does now. Thread: any."""
        return self._candidate.state

    @property
    def verdict(self) -> Verdict:
        """Whether it routes, and if not, why. Thread: any."""
        return self._candidate.verdict

    @property
    def plans(self) -> dict[str, tuple[Planned, ...]]:
        """What should exist, by ROS name. Thread: engine."""
        return self._reconciler.plans

    def uptime_s(self) -> float:
        """Since :meth:`start`."""
        return self.clock.monotonic_s() - self._started_s


def _naming(namespace: str, policy: Policy) -> Naming:
    return Naming(
        namespace=namespace,
        egress=policy.remaps(Direction.EGRESS),
        ingress=policy.remaps(Direction.INGRESS),
    )
