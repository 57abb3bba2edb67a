"""Why a topic, service or action crosses or does not: what was looked at, who decided, what to do.

Thread: engine.
"""

from __future__ import annotations

from bridge.core import names
from bridge.core.gid import VENDOR_FASTDDS
from bridge.core.graph import Graph
from bridge.core.routespec import RouteState
from bridge.core.serviceplan import Planned
from bridge.core.status import AgentState, Explanation, RouteCounters, RouteInfo
from bridge.core.tokens import TokenKind
from bridge.engine import Engine
from bridge.errors import InvalidName
from bridge.observe.routes import NO_LINK, route_info
from bridge.observe.services import service_facts


def explain(engine: Engine, name: str) -> Explanation:
    """Everything from the agent's state to the counters of each route of that name."""
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
    plan = engine.plans.get(name, ())
    linked = bool(engine.zenoh.links())
    infos = [route_info(engine, planned, linked=linked) for planned in plan]
    facts = [_agent_fact(engine), *_endpoint_facts(engine.graph, name), *service_facts(engine, name)]
    for planned, info in zip(plan, infos, strict=True):
        facts += _route_facts(planned, info)
    crossing = any(_crosses(info) for info in infos)
    verdict, remedy = _verdict(name, crossing=crossing, infos=infos, state=engine.state)
    away = engine.intake.retirements.away()
    gone = sorted({zid for info in infos for zid in info.remote if zid in away})
    if gone and not crossing and all(info.status.state is RouteState.ROUTED for info in infos):
        facts += [f"bridge {zid} is out of reach: it ended, or a link on the way broke" for zid in gone]
        remedy = "see why it is out of reach: `zenlink links` here, `zenlink status` there"
    return Explanation(name=name, crossing=crossing, verdict=verdict, facts=tuple(facts), remedy=remedy)


def _agent_fact(engine: Engine) -> str:
    why = f": {engine.verdict.reason}" if engine.verdict.reason else ""
    return f"agent {engine.zenoh.zid} is {engine.state.value}{why}"


def _endpoint_facts(graph: Graph, name: str) -> list[str]:
    view = graph.topic(name)
    facts = []
    for word, endpoints in (("publisher", view.writers), ("subscriber", view.readers)):
        vendors = sum(endpoint.gid.vendor == VENDOR_FASTDDS for endpoint in endpoints)
        by = f" ({vendors} on Fast DDS)" if vendors else ""
        facts.append(f"{len(endpoints)} local {word}{'' if len(endpoints) == 1 else 's'}{by}")
    for word, kind in (("publishers", TokenKind.PUBLISHER), ("subscribers", TokenKind.SUBSCRIBER)):
        zids = [token.zid for token in view.announced if token.kind is kind]
        facts.append(
            f"{word} announced by {len(zids)} other bridge(s)" + (f": {', '.join(zids)}" if zids else "")
        )
    return facts


def _route_facts(planned: Planned, info: RouteInfo) -> list[str]:
    way = str(info.spec) if info.form else info.spec.direction.value
    facts = [f"{way} on key {info.spec.key_expr}: {info.status}; decided by {info.rule}", *planned.notes]
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


def _crosses(info: RouteInfo) -> bool:
    return info.active


def _verdict(name: str, *, crossing: bool, infos: list[RouteInfo], state: AgentState) -> tuple[str, str]:
    if crossing:
        ways = " and ".join(info.spec.direction.value for info in infos if _crosses(info))
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
    if infos[0].idle_reason == NO_LINK:
        return (
            f"{name} does not cross: {NO_LINK}",
            "see `zenlink links`: each endpoint, and why its link is down",
        )
    return (
        f"{name} does not cross yet: {infos[0].idle_reason}",
        "start the other half; `zenlink status` shows the links, `zenlink explain` on the far side its view",
    )
