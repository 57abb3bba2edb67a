"""What a running agent tells about itself: status, routes, nodes, findings, and why a name crosses or not.

Reads the engine's state on the engine's thread and returns values; formats nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge import __version__
from bridge.core import names
from bridge.core.farnodes import FarNode
from bridge.core.gid import VENDOR_FASTDDS, Gid
from bridge.core.latency import ClockOffsets
from bridge.core.names import TopicKind, classify
from bridge.core.plan import PlannedRoute
from bridge.core.qostext import qos_text
from bridge.core.routespec import Direction, RouteKind, RouteSpec, RouteState, Subject
from bridge.core.serviceplan import Planned
from bridge.core.status import (
    AgentFacts,
    AgentInfo,
    AgentState,
    CertificateInfo,
    ConnectionsInfo,
    Counts,
    Explanation,
    Finding,
    LinkLatency,
    NodeInfo,
    ProbeInfo,
    RouteCounters,
    RouteInfo,
    Severity,
)
from bridge.core.tokens import TokenKind
from bridge.engine import Engine
from bridge.errors import InvalidName
from bridge.observe_services import failed_services, owners, service_facts, service_findings
from bridge.ports import ZenohSide
from bridge.routes.ingress import IngressRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """What links and certificates have to tell. Thread: any."""

    findings: Callable[[], tuple[Finding, ...]]
    handshakes_refused: Callable[[], Counts]
    connections: Callable[[], ConnectionsInfo] = ConnectionsInfo
    certificates: Callable[[], tuple[CertificateInfo, ...]] = tuple
    probe: Callable[[], ProbeInfo] = ProbeInfo
    host_settings: Callable[[], Counts] = tuple
    faults: Callable[[], Counts] = tuple


NO_SECURITY = Security(findings=tuple, handshakes_refused=tuple)


class Observer:
    """Answers questions about one engine. Thread: any; the engine's state is read on its own thread."""

    def __init__(
        self, engine: Engine, *, mode: str, domain_id: int, security: Security = NO_SECURITY
    ) -> None:
        self._engine = engine
        self._security = security
        self._mode = mode
        self._domain_id = domain_id
        self.page = ""
        """Address of the status page, once there is one."""

    def status(self) -> AgentInfo:
        """The agent as a whole."""
        return self._status(*self._engine.inbox.ask(lambda: (self._routes(), self._findings())))

    def facts(self) -> AgentFacts:
        """All that is told, of one moment."""
        routes, findings, nodes, past = self._engine.inbox.ask(
            lambda: (self._routes(), self._findings(), self._nodes(), self._past())
        )
        return AgentFacts(agent=self._status(routes, findings), routes=routes, nodes=nodes, past=past)

    def _status(self, routes: tuple[RouteInfo, ...], findings: tuple[Finding, ...]) -> AgentInfo:
        links = self._engine.zenoh.links()
        listen = self._engine.zenoh.listening()
        states: dict[str, int] = {}
        for route in routes:
            states[route.status.state.value] = states.get(route.status.state.value, 0) + 1
        engine = self._engine
        return AgentInfo(
            version=__version__,
            zid=engine.zenoh.zid,
            mode=self._mode,
            domain_id=self._domain_id,
            namespace=engine.namespace,
            participant=str(engine.dds.participant),
            state=engine.state,
            state_reason=engine.verdict.reason,
            uptime_s=round(engine.uptime_s(), 3),
            listen=listen,
            links=links,
            peers=tuple(engine.graph.bridges.copy()),
            routes=tuple(sorted(states.items())),
            active_routes=sum(route.active for route in routes),
            wire_errors=tuple(sorted(engine.rejected.copy().items())),
            findings=_ordered((*findings, *self._security.findings())),
            handshakes_refused=self._security.handshakes_refused(),
            faults=self._security.faults(),
            connections=self._security.connections(),
            certificates=self._security.certificates(),
            probe=self._security.probe(),
            host_settings=self._security.host_settings(),
            page=self.page,
        )

    def compare_clocks(self, offsets: ClockOffsets) -> None:
        """Take over how far the clocks of other agents are ahead, for the latency of what they send."""
        self._engine.inbox.ask(lambda: self._engine.routes.compare_clocks(offsets))

    def probe(self) -> tuple[LinkLatency, ...]:
        """What is measured all the time on the links."""
        return self._security.probe().latencies

    def routes(self) -> tuple[RouteInfo, ...]:
        """Every planned route, open or not, by name."""
        return self._engine.inbox.ask(self._routes)

    def nodes(self) -> tuple[NodeInfo, ...]:
        """Every node of the local domain and behind other agents, by name."""
        return self._engine.inbox.ask(self._nodes)

    def explain(self, name: str) -> Explanation:
        """Why a topic, service or action crosses or does not."""
        return self._engine.inbox.ask(lambda: self._explain(name))

    def _routes(self) -> tuple[RouteInfo, ...]:
        planned = [route for plan in self._engine.plans.values() for route in plan]
        return tuple(
            self._route(one) for one in sorted(planned, key=lambda one: (one.spec.ros_name, str(one.spec)))
        )

    def _route(self, planned: Planned) -> RouteInfo:
        route = self._engine.routes.get(planned.spec)
        status = self._engine.routes.status(planned)
        graph = self._engine.graph
        return RouteInfo(
            spec=planned.spec,
            ros_type=planned.ros_type,
            status=status,
            active=route is not None and route.active and status.state is RouteState.ROUTED,
            idle_reason=route.idle_reason if route is not None and status.state is RouteState.ROUTED else "",
            qos=qos_text(planned.qos, keyed=planned.keyed, with_user_data=False)
            if isinstance(planned, PlannedRoute)
            else "",
            form="" if isinstance(planned, PlannedRoute) else planned.form.value,
            local=owners(graph, planned),
            remote=tuple(token.zid for token in planned.remote),
            rule=planned.rule.label,
            counters=self._engine.routes.counters(planned.spec),
        )

    def _past(self) -> tuple[tuple[RouteSpec, RouteCounters], ...]:
        planned = {route.spec for plan in self._engine.plans.values() for route in plan}
        return self._engine.routes.counted(but=planned)

    def _nodes(self) -> tuple[NodeInfo, ...]:
        found = [
            NodeInfo(
                name=node.full_name,
                zid="",
                participant=str(entities.participant),
                publishers=self._topic_names(node.writers),
                subscribers=self._topic_names(node.readers),
            )
            for entities in self._engine.graph.participants_with_nodes()
            if entities.participant.prefix not in self._engine.graph.agent_prefixes
            for node in entities.nodes
        ]
        found += [self._far_node(node) for node in self._engine.graph.nodes_elsewhere()]
        return tuple(sorted(found, key=lambda node: (node.name, node.zid, node.participant)))

    def _far_node(self, node: FarNode) -> NodeInfo:
        return NodeInfo(
            name=node.local_name(self._engine.namespace) or f"/{node.node}",
            zid=node.zids[0],
            participant=str(node.participant),
            publishers=self._far_names(node, TokenKind.PUBLISHER),
            subscribers=self._far_names(node, TokenKind.SUBSCRIBER),
        )

    def _far_names(self, node: FarNode, kind: TokenKind) -> tuple[str, ...]:
        """What its interfaces of a kind are called here; those without a name here are left out."""
        direction = Direction.INGRESS if kind is TokenKind.PUBLISHER else Direction.EGRESS
        keys = (interface.key_expr for interface in node.interfaces if interface.kind is kind)
        names_here = (self._engine.naming.local_name(key, direction) for key in keys)
        return tuple(sorted({name for name in names_here if name is not None}))

    def _topic_names(self, gids: tuple[Gid, ...]) -> tuple[str, ...]:
        endpoints = [self._engine.graph.endpoint(gid) for gid in gids]
        topics = (classify(one.dds_topic) for one in endpoints if one is not None)
        return tuple(sorted({topic.ros_name for topic in topics if topic.kind is TopicKind.TOPIC}))

    def _findings(self) -> tuple[Finding, ...]:
        return (*self._agent_findings(), *self._route_findings())

    def _agent_findings(self) -> list[Finding]:
        engine, graph = self._engine, self._engine.graph
        own, rival = engine.zenoh.zid, engine.verdict.rival
        found = []
        if engine.state is AgentState.STANDBY:
            found.append(
                Finding(
                    code="foreign_bridge" if engine.verdict.foreign else "standing_by",
                    severity=Severity.WARNING,
                    subject=rival,
                    text=f"agent {own} stands by: {engine.verdict.reason}",
                    remedy=f"nothing, if a spare is meant; else stop one of {own} and {rival}",
                )
            )
        elif spares := ", ".join(sorted(graph.agents_on_domain())):
            found.append(
                Finding(
                    code="spare_agent",
                    severity=Severity.INFO,
                    subject=spares,
                    text=f"agent {own} routes, {spares} on the same domain stands by",
                    remedy="nothing, if a spare is meant",
                )
            )
        found += [
            _away_finding(zid, grace_s=engine.retirements.grace_s)
            for zid in sorted(engine.retirements.away())
        ]
        known = {token.participant.prefix for token in graph.agents.values()}
        strangers = sorted(prefix.hex() for prefix in graph.agent_prefixes - graph.rclpy_prefixes - known)
        if strangers:
            found.append(
                Finding(
                    code="agent_on_domain",
                    severity=Severity.INFO,
                    subject=strangers[0],
                    text=f"agent {own} shares the DDS domain with {len(strangers)} agent(s) of another Zenoh "
                    f"network (participant {', '.join(strangers)}); both route, neither bridges the other",
                    remedy="nothing, if two Zenoh networks are meant; else connect their routers",
                )
            )
        if engine.inbox.dropped:
            found.append(
                Finding(
                    code="events_dropped",
                    severity=Severity.ERROR,
                    subject="engine",
                    text=f"{engine.inbox.dropped} discovery events were dropped, the inbox was full",
                    remedy="restart the agent; deny what floods it by rules",
                )
            )
        return found

    def _route_findings(self) -> list[Finding]:
        found = []
        refused: dict[str, dict[Subject, None]] = {}
        for planned in (route for plan in self._engine.plans.values() for route in plan):
            status, subject = self._engine.routes.status(planned), planned.spec.subject
            if status.state is RouteState.FAILED and subject[0] is not RouteKind.TOPIC:
                refused.setdefault(status.reason, {})[subject] = None
            elif status.state in (RouteState.FAILED, RouteState.QOS_CONFLICT):
                found.append(_route_finding(planned.spec, status.state, status.reason))
            if not isinstance(planned, PlannedRoute):
                found += service_findings(planned)
                continue
            found += [_partial_finding(planned.spec, note) for note in planned.notes]
            route = self._engine.routes.get(planned.spec)
            if isinstance(route, IngressRoute) and route.silent:
                found.append(_silent_finding(planned.spec, route.rebuilds))
            if planned.keyed and planned.spec.direction is Direction.INGRESS:
                found.append(_keyed_finding(planned.spec))
        return [*found, *(failed_services(reason, list(these)) for reason, these in refused.items())]

    def _explain(self, name: str) -> Explanation:
        try:
            names.check_ros_name(name)
        except InvalidName as error:
            return Explanation(
                name=name,
                crossing=False,
                verdict=f"{name} is not a ROS name",
                facts=(str(error),),
                remedy="give the absolute name, e.g. /chatter",
            )
        engine = self._engine
        plan = engine.plans.get(name, ())
        facts = [
            f"agent {engine.zenoh.zid} is {engine.state.value}"
            + (f": {engine.verdict.reason}" if engine.verdict.reason else "")
        ]
        facts += self._endpoint_facts(name)
        facts += service_facts(engine, name)
        infos = [self._route(planned) for planned in plan]
        for planned, info in zip(plan, infos, strict=True):
            way = str(info.spec) if info.form else info.spec.direction.value
            facts.append(f"{way} on key {info.spec.key_expr}: {info.status}; decided by {info.rule}")
            facts += planned.notes
            if info.idle_reason:
                facts.append(f"{way} is idle: {info.idle_reason}")
            if info.counters.messages or info.counters.drops:
                drops = ", ".join(f"{count} {cause}" for cause, count in info.counters.drops) or "none"
                passed, lost = ("answered", "calls; failed") if info.form else ("passed", "messages; dropped")
                facts.append(f"{way} {passed} {info.counters.messages} {lost}: {drops}")
            facts += _latency_facts(way, info.counters)
            if info.counters.lost:
                missing = ", ".join(f"{count} {cause}" for cause, count in info.counters.lost)
                facts.append(f"{way} lost on the way: {missing}")
        crossing = any(info.active and not info.idle_reason for info in infos)
        verdict, remedy = _verdict(name, crossing=crossing, infos=infos, state=engine.state)
        return Explanation(name=name, crossing=crossing, verdict=verdict, facts=tuple(facts), remedy=remedy)

    def _endpoint_facts(self, name: str) -> list[str]:
        view = self._engine.graph.topic(name)
        facts = []
        for word, endpoints in (("publishers", view.writers), ("subscribers", view.readers)):
            vendors = sum(endpoint.gid.vendor == VENDOR_FASTDDS for endpoint in endpoints)
            by = f" ({vendors} on Fast DDS)" if vendors else ""
            facts.append(f"{len(endpoints)} local {word}{by}")
        for word, kind in (("publishers", TokenKind.PUBLISHER), ("subscribers", TokenKind.SUBSCRIBER)):
            zids = [token.zid for token in view.announced if token.kind is kind]
            facts.append(
                f"{word} announced by {len(zids)} other bridge(s)" + (f": {', '.join(zids)}" if zids else "")
            )
        return facts


def _latency_facts(way: str, counters: RouteCounters) -> list[str]:
    latency = counters.latency
    if latency is None or not counters.messages:
        return []
    if latency.void:
        return [f"{way} latency is unknown: {latency.void}"]
    if not latency.samples:
        return []
    bound = f" ± {latency.bound_ms:g} ms" if latency.bound_ms else ""
    return [
        f"{way} latency: p50 {latency.p50_ms:g} ms, p99 {latency.p99_ms:g} ms{bound} since the writer's stamp"
    ]


def _ordered(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (finding.code, finding.subject)))


def router_status(
    zenoh: ZenohSide, *, mode: str, domain_id: int, uptime_s: float, security: Security = NO_SECURITY
) -> AgentInfo:
    """Status of an agent with ``ros.enabled: false``, which only routes between Zenoh links."""
    return AgentInfo(
        version=__version__,
        zid=zenoh.zid,
        mode=mode,
        domain_id=domain_id,
        namespace="/",
        participant="",
        state=AgentState.ACTIVE,
        state_reason="a router without DDS",
        uptime_s=round(uptime_s, 3),
        listen=zenoh.listening(),
        links=zenoh.links(),
        peers=(),
        routes=(),
        active_routes=0,
        wire_errors=(),
        findings=_ordered(security.findings()),
        handshakes_refused=security.handshakes_refused(),
        faults=security.faults(),
        connections=security.connections(),
        certificates=security.certificates(),
        probe=security.probe(),
        host_settings=security.host_settings(),
    )


def _verdict(name: str, *, crossing: bool, infos: list[RouteInfo], state: AgentState) -> tuple[str, str]:
    if crossing:
        ways = " and ".join(
            info.spec.direction.value for info in infos if info.active and not info.idle_reason
        )
        return f"{name} crosses ({ways})", ""
    if state is not AgentState.ACTIVE:
        return f"{name} does not cross through this agent, which is {state.value}", "see `zenlink status`"
    if not infos:
        return (
            f"{name} does not cross: nobody here or on Zenoh has it",
            "start its node; check the name, the domain id and the discovery range",
        )
    stuck = [info for info in infos if info.status.state is not RouteState.ROUTED]
    if stuck:
        remedies = {
            RouteState.NOT_ALLOWED: "change the rule, then `zenlink reload`",
            RouteState.QOS_CONFLICT: "give publisher and subscriber QoS that match",
            RouteState.FAILED: "see the reason; the agent tries again by itself",
            RouteState.ROUTED: "",
        }
        return f"{name} does not cross: {stuck[0].status}", remedies[stuck[0].status.state]
    return (
        f"{name} does not cross yet: {infos[0].idle_reason}",
        "start the other half; `zenlink status` shows the links, `zenlink explain` on the far side its view",
    )


def _away_finding(zid: str, *, grace_s: float) -> Finding:
    return Finding(
        code="bridge_away",
        severity=Severity.WARNING,
        subject=zid,
        text=f"bridge {zid} is out of reach: it ended, or a link on the way broke; what crosses is "
        f"kept ready for it for {grace_s:g} s",
        remedy="see `zenlink status` there, and of the routers between",
    )


def _route_finding(spec: RouteSpec, state: RouteState, reason: str) -> Finding:
    return Finding(
        code="qos_conflict" if state is RouteState.QOS_CONFLICT else "route_failed",
        severity=Severity.ERROR,
        subject=str(spec),
        text=reason,
        remedy=f"`zenlink explain {spec.ros_name}` shows both sides",
    )


def _partial_finding(spec: RouteSpec, note: str) -> Finding:
    return Finding(
        code="endpoint_not_served",
        severity=Severity.WARNING,
        subject=str(spec),
        text=note,
        remedy="give all endpoints of the topic one type and matching QoS",
    )


def _silent_finding(spec: RouteSpec, rebuilds: int) -> Finding:
    return Finding(
        code="route_silent",
        severity=Severity.ERROR,
        subject=str(spec),
        text=f"it is sent and the link stands, but nothing comes; subscribed anew {rebuilds} times",
        remedy="see whether access control of a router between lets it pass; else restart the sending agent",
    )


def _keyed_finding(spec: RouteSpec) -> Finding:
    return Finding(
        code="keyed_instances_merged",
        severity=Severity.INFO,
        subject=str(spec),
        text="a keyed type: instances are told apart by the first four bytes of the message alone",
        remedy="nothing, if the key is a 32-bit number and comes first",
    )
