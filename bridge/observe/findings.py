"""What is wrong with a running engine and its routes, each with its remedy. Thread: engine."""

from __future__ import annotations

from bridge.core.plan import PlannedRoute
from bridge.core.routespec import Direction, RouteKind, RouteSpec, RouteState, Subject
from bridge.core.status import AgentState, Finding, Severity
from bridge.engine import Engine
from bridge.observe.services import failed_services, service_findings
from bridge.routes.ingress import IngressRoute


def engine_findings(engine: Engine) -> tuple[Finding, ...]:
    """All there is, in no order."""
    return (
        *_standing(engine),
        *_bridges_away(engine),
        *_strangers(engine),
        *_events_dropped(engine),
        *_routes(engine),
    )


def _standing(engine: Engine) -> list[Finding]:
    """Whether this agent or another one routes the domain."""
    own, rival = engine.zenoh.zid, engine.verdict.rival
    if engine.state is AgentState.STANDBY:
        return [
            Finding(
                code="foreign_bridge" if engine.verdict.foreign else "standing_by",
                severity=Severity.WARNING,
                subject=rival,
                text=f"agent {own} stands by: {engine.verdict.reason}",
                remedy=f"nothing, if a spare is meant; else stop one of {own} and {rival}",
            )
        ]
    spares = ", ".join(sorted(engine.graph.agents_on_domain()))
    if not spares:
        return []
    return [
        Finding(
            code="spare_agent",
            severity=Severity.INFO,
            subject=spares,
            text=f"agent {own} routes, {spares} on the same domain stands by",
            remedy="nothing, if a spare is meant",
        )
    ]


def _bridges_away(engine: Engine) -> list[Finding]:
    return [
        Finding(
            code="bridge_away",
            severity=Severity.WARNING,
            subject=zid,
            text=f"bridge {zid} is out of reach: it ended, or a link on the way broke; what crosses is "
            f"kept ready for it for {engine.intake.retirements.grace_s:g} s",
            remedy="see `zenlink status` there, and of the routers between",
        )
        for zid in sorted(engine.intake.retirements.away())
    ]


def _strangers(engine: Engine) -> list[Finding]:
    graph = engine.graph
    known = {token.participant.prefix for token in graph.agents.values()}
    agents = graph.participants.agent_prefixes - graph.participants.rclpy_prefixes
    strangers = sorted(prefix.hex() for prefix in agents - known)
    if not strangers or engine.state is AgentState.STANDBY:  # whom it stands by for is a finding of its own
        return []
    return [
        Finding(
            code="agent_on_domain",
            severity=Severity.INFO,
            subject=strangers[0],
            text=f"agent {engine.zenoh.zid} shares the DDS domain with {len(strangers)} agent(s) of another "
            f"Zenoh network (participant {', '.join(strangers)}); neither bridges the other's samples",
            remedy="nothing, if two Zenoh networks are meant; else connect their routers",
        )
    ]


def _events_dropped(engine: Engine) -> list[Finding]:
    if not engine.inbox.dropped:
        return []
    return [
        Finding(
            code="events_dropped",
            severity=Severity.ERROR,
            subject="engine",
            text=f"{engine.inbox.dropped} discovery events were dropped, the inbox was full",
            remedy="restart the agent; deny what floods it by rules",
        )
    ]


def _routes(engine: Engine) -> list[Finding]:
    found = []
    refused: dict[str, dict[Subject, None]] = {}
    for planned in (route for plan in engine.plans.values() for route in plan):
        status, subject = engine.routes.status(planned), planned.spec.subject
        if status.state is RouteState.FAILED and subject[0] is not RouteKind.TOPIC:
            refused.setdefault(status.reason, {})[subject] = None
        elif status.state in (RouteState.FAILED, RouteState.QOS_CONFLICT):
            found.append(_route_finding(planned.spec, status.state, status.reason))
        found += (
            _topic_findings(engine, planned)
            if isinstance(planned, PlannedRoute)
            else service_findings(planned)
        )
    return [*found, *(failed_services(reason, list(these)) for reason, these in refused.items())]


def _topic_findings(engine: Engine, planned: PlannedRoute) -> list[Finding]:
    """What crosses only in part, or not although it should."""
    found = [_partial_finding(planned.spec, note) for note in planned.notes]
    route = engine.routes.get(planned.spec)
    if isinstance(route, IngressRoute) and route.silent:
        found.append(_silent_finding(planned.spec, route.rebuilds))
    if planned.keyed and planned.spec.direction is Direction.INGRESS:
        found.append(_keyed_finding(planned.spec))
    return found


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
