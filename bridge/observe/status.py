"""The agent as a whole: who it is, what it is linked to, and everything that is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bridge import __version__
from bridge.core.jsonform import Counts
from bridge.core.linkinfo import CertificateInfo, ConnectionsInfo, ProbeInfo
from bridge.core.status import AgentInfo, AgentState, Finding, RouteInfo
from bridge.engine import Engine
from bridge.ports import ZenohSide


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the parts of the agent around the engine have to tell. Thread: any."""

    findings: Callable[[], tuple[Finding, ...]] = tuple
    handshakes_refused: Callable[[], Counts] = tuple
    connections: Callable[[], ConnectionsInfo] = ConnectionsInfo
    certificates: Callable[[], tuple[CertificateInfo, ...]] = tuple
    probe: Callable[[], ProbeInfo] = ProbeInfo
    host_settings: Callable[[], Counts] = tuple
    faults: Callable[[], Counts] = tuple


ALONE = Surroundings()


def router_status(
    zenoh: ZenohSide, *, mode: str, domain_id: int, uptime_s: float, around: Surroundings = ALONE
) -> AgentInfo:
    """Status of an agent with ``ros.enabled: false``, which only routes between Zenoh links. Thread: any."""
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
        findings=_ordered(around.findings()),
        handshakes_refused=around.handshakes_refused(),
        faults=around.faults(),
        connections=around.connections(),
        certificates=around.certificates(),
        probe=around.probe(),
        host_settings=around.host_settings(),
    )


def bridge_status(
    engine: Engine,
    *,
    mode: str,
    domain_id: int,
    routes: tuple[RouteInfo, ...],
    findings: tuple[Finding, ...],
    around: Surroundings,
) -> AgentInfo:
    """Status of an agent that bridges a DDS domain. Thread: any.

    Args:
        engine: asked for what may be read without its thread.
        mode: of its Zenoh session.
        domain_id: of its DDS domain.
        routes: as :func:`bridge.observe.routes.route_infos` gave them.
        findings: as :func:`bridge.observe.findings.engine_findings` gave them.
        around: the other parts of the agent.
    """
    router = router_status(
        engine.zenoh, mode=mode, domain_id=domain_id, uptime_s=engine.uptime_s(), around=around
    )
    states = Counter(route.status.state.value for route in routes)
    return replace(
        router,
        namespace=engine.namespace,
        participant=str(engine.dds.participant),
        state=engine.state,
        state_reason=engine.verdict.reason,
        peers=tuple(engine.graph.bridges.copy()),
        routes=tuple(sorted(states.items())),
        active_routes=sum(route.active for route in routes),
        wire_errors=tuple(sorted(engine.intake.rejected.copy().items())),
        findings=_ordered((*findings, *router.findings)),
    )


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (finding.code, finding.subject)))
