"""What the admin space tells, looked up on the engine's thread; see :mod:`bridge.core.adminspace`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bridge import __version__
from bridge.core.adminspace import AdminFacts, AdminRoute, Entry, entries
from bridge.core.gid import Gid
from bridge.core.jsonform import Json
from bridge.core.serviceplan import Planned
from bridge.engine import Engine


def admin_entries(engine: Engine, *, config: Callable[[], Json], call_timeout_s: float) -> Iterator[Entry]:
    """Every key that has a value now.

    Args:
        engine: asked for what it knows.
        config: value of the key ``config``.
        call_timeout_s: how long a call may take.

    Raises:
        CannotRun: the engine does not answer in time.

    Thread: any but the engine's; waits for it.
    """
    return entries(engine.inbox.ask(lambda: _facts(engine, config(), call_timeout_s)))


def _facts(engine: Engine, config: Json, call_timeout_s: float) -> AdminFacts:
    """Thread: engine. Values are shared, not copied: nothing in them changes."""
    graph = engine.graph
    planned = [route for plan in engine.plans.values() for route in plan]
    local = {endpoint.gid: graph.node_of(endpoint.gid) for route in planned for endpoint in route.local}
    return AdminFacts(
        version=f"zenlink {__version__}",
        config=config,
        participants=dict(graph.participants.user_data),
        endpoints=graph.endpoints(),
        nodes=tuple(graph.participants_with_nodes()),
        owners={gid: node for gid, node in local.items() if node is not None},
        routes=tuple(one for one in (_route(engine, route) for route in planned) if one is not None),
        call_timeout_s=call_timeout_s,
    )


def _route(engine: Engine, planned: Planned) -> AdminRoute | None:
    route = engine.routes.get(planned.spec)
    if route is None:
        return None
    readers: tuple[Gid, ...] = ()
    writers: tuple[Gid, ...] = ()
    for one in route.stand_ins():
        readers += one.readers
        writers += one.writers
    return AdminRoute(planned=planned, active=route.active, readers=readers, writers=writers)
