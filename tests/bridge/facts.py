"""Facts of an agent, as the HTTP side and the metrics get them."""

from __future__ import annotations

from bridge.core.linkinfo import (
    CertificateInfo,
    ConnectionInfo,
    ConnectionsInfo,
    LatencyCounts,
    LinkInfo,
    LinkKernel,
    LinkLatency,
    LinkTcp,
    ProbeInfo,
)
from bridge.core.routespec import ROUTED, Direction, RouteSpec, RouteState, RouteStatus
from bridge.core.status import (
    AgentFacts,
    AgentInfo,
    AgentState,
    Finding,
    GraphInfo,
    NodeInfo,
    RouteCounters,
    RouteInfo,
    Severity,
)

ZID = "a1b2"
COUNTS = LatencyCounts(edges_s=(0.01, 0.1), counts=(90, 8, 1), sum_s=1.5)


def probe() -> ProbeInfo:
    """One link, measured, of which the kernel knows something, too."""
    latency = LinkLatency(
        target="c3d4",
        configured=False,
        limit_ms=100.0,
        percentile=99.0,
        state="met",
        text="met: p99 one way is 9 ms, the target 100 ms (cloud, 64 B)",
        sent=100,
        lost=1,
        duplicates=0,
        silent_s=0.0,
        rtt_p50_ms=8.0,
        rtt_p99_ms=20.0,
        there_p50_ms=4.0,
        there_p99_ms=9.0,
        back_p50_ms=4.0,
        back_p99_ms=9.0,
        jitter_ms=0.5,
        offset_ms=-1500.0,
        bound_ms=4.0,
        clock="probe",
        round_trip=COUNTS,
        there=COUNTS,
        back=COUNTS,
    )
    tcp = LinkTcp(
        rtt_ms=7.5,
        rtt_variance_ms=0.5,
        min_rtt_ms=7.0,
        retransmits=3,
        congestion_window=10,
        unacked_bytes=1448,
        unsent_bytes=0,
        delivery_bit_s=8_000_000,
        congestion_control="bbr",
        bytes_sent=9000,
        bytes_received=700,
    )
    kernel = LinkKernel(
        zid="c3d4",
        dst="tcp/127.0.0.1:2",
        interface="eth0",
        rx_dropped=5,
        tx_dropped=6,
        udp_dropped=None,
        tcp=tcp,
    )
    return ProbeInfo(latencies=(latency,), kernel=(kernel,), echo=(("answered", 7), ("over_rate", 1)))


def route(name: str, *, messages: int = 0, key_expr: str = "", **changes: object) -> RouteInfo:
    """A route that carries samples, but for ``changes``."""
    values = {
        "spec": RouteSpec(direction=Direction.EGRESS, ros_name=name, key_expr=key_expr or name[1:]),
        "ros_type": "std_msgs/msg/String",
        "status": ROUTED,
        "active": True,
        "idle_reason": "",
        "qos": "::,10:",
        "local": ("/talker",),
        "remote": (ZID,),
        "rule": "the implied last rule (allow everything)",
        "counters": RouteCounters(messages=messages, payload_bytes=messages * 10),
    }
    return RouteInfo(**(values | changes))  # type: ignore[arg-type]


def denied(name: str) -> RouteInfo:
    """A route that a rule keeps here."""
    status = RouteStatus(state=RouteState.NOT_ALLOWED, reason="denied by rules[0] (bridge.yaml:4)")
    return route(name, status=status, active=False)


def facts(*routes: RouteInfo, state: AgentState = AgentState.ACTIVE) -> AgentFacts:
    """A healthy agent with one neighbour, one finding and one node."""
    agent = AgentInfo(
        version="0.1.0",
        zid=ZID,
        mode="router",
        domain_id=7,
        namespace="/",
        participant="01" * 16,
        state=state,
        state_reason="" if state is AgentState.ACTIVE else "a reason",
        uptime_s=12.5,
        listen=("tcp/127.0.0.1:7447",),
        links=(LinkInfo(zid="c3d4", whatami="router", src="tcp/127.0.0.1:1", dst="tcp/127.0.0.1:2"),),
        peers=("c3d4",),
        routes=(("routed", len(routes)),),
        active_routes=len(routes),
        wire_errors=(("token", 3),),
        handshakes_refused=(("wrong CA", 2),),
        probe=probe(),
        faults=(("bridge.engine", 1),),
        host_settings=(("error", 2), ("warning", 0)),
        graph=GraphInfo(
            participants=(("fastdds", 3),),
            readers=(("cyclonedds", 20),),
            writers=(("cyclonedds", 30),),
            announced=(("publisher", 40),),
            agents=1,
        ),
        connections=ConnectionsInfo(
            configured=(ConnectionInfo(endpoint="tcp/127.0.0.1:2", up=True, reconnects=4),), opened=6, ended=5
        ),
        certificates=(CertificateInfo(use="certificate", file="/etc/robot1.pem", not_after_s=1.9e9),),
        findings=(
            Finding(
                code="spare_agent", severity=Severity.INFO, subject="c3d4", text="a spare", remedy="nothing"
            ),
        ),
    )
    node = NodeInfo(name="/talker", zid="", participant="02" * 16, publishers=("/chatter",), subscribers=())
    return AgentFacts(agent=agent, routes=routes, nodes=(node,))
