"""What there is to tell about services and actions: who has them, in which form, and what is wrong.

Thread: engine.
"""

from __future__ import annotations

from bridge.core.plan import PlannedRoute
from bridge.core.requests import ServiceForm
from bridge.core.routespec import Direction, RouteKind, Subject
from bridge.core.serviceplan import PlannedAction, PlannedService
from bridge.core.serviceview import Party, ServiceView
from bridge.core.status import Finding, Severity
from bridge.engine import Engine

_RMW = {ServiceForm.CYCLONE: "rmw_cyclonedds", ServiceForm.RCLPY: "another RMW, e.g. Fast DDS"}


def service_facts(engine: Engine, name: str) -> list[str]:
    """What was looked at for a name as a service and as an action; nothing where it is neither."""
    facts = []
    for kind, view in (
        (RouteKind.SERVICE, engine.graph.service(name)),
        (RouteKind.ACTION, engine.graph.action(name)),
    ):
        if view.servers or view.clients or view.offered or view.asked:
            facts += _view_facts(kind, view)
    for planned in engine.plans.get(name, ()):
        whole = isinstance(planned, PlannedAction) or (
            isinstance(planned, PlannedService) and planned.spec.ros_name == name
        )
        if whole and not isinstance(planned, PlannedRoute):
            facts.append(f"role: {_role(planned)}")
            facts += [planned.mixed] if planned.mixed else []
    return facts


def _view_facts(kind: RouteKind, view: ServiceView) -> list[str]:
    facts = [
        f"{len(parties)} local {kind.value} {word}{_spoken(parties)}"
        for word, parties in (("servers", view.servers), ("clients", view.clients))
    ]
    for word, tokens in (("servers", view.offered), ("clients", view.asked)):
        zids = ", ".join(token.zid for token in tokens)
        facts.append(
            f"{kind.value} {word} announced by {len(tokens)} other bridge(s)" + (f": {zids}" if zids else "")
        )
    return facts


def _spoken(parties: tuple[Party, ...]) -> str:
    forms = sorted({party.form for party in parties}, key=lambda form: form.value)
    return f" (on {' and on '.join(_RMW[form] for form in forms)})" if forms else ""


def _role(planned: PlannedService | PlannedAction) -> str:
    form = f"in the form of {planned.form.value}, for nodes on {_RMW[planned.form]}"
    if planned.spec.direction is Direction.EGRESS:
        return f"client of the server here, {form}"
    if not planned.wanted:
        return "none yet: clients here look for a server, and none is announced"
    return f"proxy here for the server elsewhere, {form}"


def failed_services(reason: str, subjects: list[Subject]) -> Finding:
    """All that fails for one reason, in one finding: without rclpy it is six services of each node."""
    (kind, first), *others = sorted(subjects, key=lambda subject: subject[1])
    more = f" (and {len(others)} more)" if others else ""
    return Finding(
        code="route_failed",
        severity=Severity.ERROR,
        subject=f"{kind.value} {first}{more}",
        text=reason,
        remedy=f"`zenlink explain {first}` shows both sides",
    )


def service_findings(planned: PlannedService | PlannedAction) -> list[Finding]:
    """What is served only in part."""
    found = []
    if planned.mixed:
        found.append(
            Finding(
                code="service_mixed_vendors",
                severity=Severity.WARNING,
                subject=str(planned.spec),
                text=planned.mixed,
                remedy="let all nodes that use it run on one RMW (RMW_IMPLEMENTATION)",
            )
        )
    found += [
        Finding(
            code="endpoint_not_served",
            severity=Severity.WARNING,
            subject=str(planned.spec),
            text=note,
            remedy=f"let one server of one type have the name {planned.spec.ros_name}",
        )
        for note in planned.notes
    ]
    return found
