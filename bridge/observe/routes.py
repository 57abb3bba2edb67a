"""Every route that is planned: whether it is open, who is on either side, and what it passed on.

Thread: engine.
"""

from __future__ import annotations

from bridge.core.graph import Graph
from bridge.core.plan import PlannedRoute
from bridge.core.qostext import qos_text
from bridge.core.routespec import RouteSpec, RouteState
from bridge.core.serviceplan import Planned
from bridge.core.status import RouteCounters, RouteInfo
from bridge.engine import Engine

NO_LINK = "no Zenoh link is up"
"""Told last: a half that is open keeps its other one for the time that a broken link is given to return."""


def route_infos(engine: Engine) -> tuple[RouteInfo, ...]:
    """Every planned route, open or not, by name."""
    planned = [route for plan in engine.plans.values() for route in plan]
    planned.sort(key=lambda one: (one.spec.ros_name, str(one.spec)))
    linked = bool(engine.zenoh.links())
    return tuple(route_info(engine, one, linked=linked) for one in planned)


def route_info(engine: Engine, planned: Planned, *, linked: bool) -> RouteInfo:
    """What there is to tell of one.

    Args:
        engine: that of the route.
        planned: the route.
        linked: whether any Zenoh link is up.
    """
    route = engine.routes.get(planned.spec)
    status = engine.routes.status(planned)
    idle_reason = ""
    if route is not None and status.state is RouteState.ROUTED:
        idle_reason = route.idle_reason or ("" if linked else NO_LINK)
    qos, form = "", ""
    if isinstance(planned, PlannedRoute):
        qos = qos_text(planned.qos, keyed=planned.keyed, with_user_data=False)
    else:
        form = planned.form.value
    return RouteInfo(
        spec=planned.spec,
        ros_type=planned.ros_type,
        status=status,
        active=route is not None
        and route.active
        and status.state is RouteState.ROUTED
        and not idle_reason,  # a half that is open waits for the other one
        idle_reason=idle_reason,
        qos=qos,
        form=form,
        local=_owners(engine.graph, planned),
        remote=tuple(token.zid for token in planned.remote),
        rule=planned.rule.label,
        counters=engine.routes.counters(planned.spec),
    )


def counted_before(engine: Engine) -> tuple[tuple[RouteSpec, RouteCounters], ...]:
    """Counters of routes that are no longer planned."""
    planned = {route.spec for plan in engine.plans.values() for route in plan}
    return engine.routes.counted(but=planned)


def _owners(graph: Graph, planned: Planned) -> tuple[str, ...]:
    """The nodes behind the local half, or their endpoints where no node claims them."""
    return tuple(dict.fromkeys(graph.node_of(one.gid) or str(one.gid) for one in planned.local))
