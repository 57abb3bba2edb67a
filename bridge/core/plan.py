"""What should exist: a planned route as a value, and the difference between two plans for people.

Made by :mod:`bridge.core.planner`, carried out by the routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bridge.core.events import Endpoint
from bridge.core.gid import Gid
from bridge.core.policy import PRIORITY_DATA, Rule
from bridge.core.qos import HistoryKind, Qos
from bridge.core.qostext import qos_text
from bridge.core.routespec import Direction, RouteSpec, RouteStatus
from bridge.core.tokens import Token, WriterToken

UNANNOUNCED_DEPTH = 10
"""History kept of a writer that does not announce its depth (Fast DDS), as upstream's default cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRoute:
    """One route that should exist, with everything needed to open it."""

    spec: RouteSpec
    status: RouteStatus
    rule: Rule
    """The rule that decided."""
    ros_type: str
    dds_topic: str
    dds_type: str
    keyed: bool
    qos: Qos
    """Of our own DDS endpoint: merged over all local endpoints (egress: request, ingress: offer)."""
    block: bool = False
    """Egress: a full link makes the route wait instead of dropping."""
    priority: int = PRIORITY_DATA
    """Egress: Zenoh's priority, 1 to 7."""
    express: bool = False
    """Egress: sent at once, without waiting for a batch."""
    eager: bool = False
    """Egress: read from DDS before anybody on Zenoh subscribes, lest the first sample wait for discovery."""
    refused: frozenset[Gid] = frozenset()
    """Egress: local writers whose samples a rule by node keeps here."""
    token: Token | None = None
    """What we announce while the route exists; None for an ingress route without local readers."""
    wanted: bool = True
    """Ingress: a local reader exists, so samples are to be subscribed to."""
    local: tuple[Endpoint, ...] = ()
    remote: tuple[Token, ...] = ()
    sources: tuple[WriterToken, ...] = ()
    """Ingress, TRANSIENT_LOCAL: the remote writers, each with a history of its own."""
    notes: tuple[str, ...] = ()
    """What crosses only in part: endpoints of another type, or with QoS that cannot match."""

    @property
    def latched(self) -> tuple[Endpoint, ...]:
        """Egress: the TRANSIENT_LOCAL writers, whose history is kept; volatile ones may be beside them."""
        if self.spec.direction is not Direction.EGRESS:
            return ()
        return tuple(endpoint for endpoint in self.local if endpoint.qos.transient_local)

    def writer_tokens(self) -> tuple[WriterToken, ...]:
        """Egress: the TRANSIENT_LOCAL writers, announced so that the far side keeps their histories apart."""
        if self.token is None:
            return ()
        return tuple(
            WriterToken(
                zid=self.token.zid,
                key_expr=self.spec.key_expr,
                writer=endpoint.gid,
                depth=_token_depth(endpoint.qos),
            )
            for endpoint in self.latched
        )

    def settings(self) -> dict[str, object]:
        """What a reload may change, for people."""
        return {
            "status": self.status.state.value,
            "max_rate_hz": self.rule.max_rate_hz,
            "priority": self.priority,
            "express": self.express,
            "congestion": "block" if self.block else "drop",
            "qos": qos_text(self.qos, keyed=self.keyed, with_user_data=False),
            "writers kept here": len(self.refused),
        }


class Told(Protocol):
    """Whatever is planned, as far as people are told of its changes."""

    @property
    def status(self) -> RouteStatus:
        """Whether it crosses."""

    def settings(self) -> dict[str, object]:
        """What a reload may change."""


def plan_changes(before: Mapping[RouteSpec, Told], after: Mapping[RouteSpec, Told]) -> tuple[str, ...]:
    """What differs between two plans, one line a route, for people."""
    lines = [f"- {spec}: {before[spec].status}" for spec in before.keys() - after.keys()]
    lines += [f"+ {spec}: {after[spec].status}" for spec in after.keys() - before.keys()]
    for spec in before.keys() & after.keys():
        old, new = before[spec].settings(), after[spec].settings()
        changed = ", ".join(f"{key} {old.get(key)} -> {new[key]}" for key in new if old.get(key) != new[key])
        if changed:
            lines.append(f"~ {spec}: {changed}")
    return tuple(sorted(lines, key=lambda line: (line[2:], line)))


def _token_depth(writer: Qos) -> int:
    """As a writer token has it: -1 is KEEP_ALL, 0 unknown."""
    if writer.history is None:
        return 0
    return -1 if writer.history.kind is HistoryKind.KEEP_ALL else writer.history.depth
