"""What changed between two looks at the agent, so that a page of 1000 routes is cheap to refresh. Pure."""

from __future__ import annotations

from collections.abc import Callable

from bridge.core.jsonform import Json


def delta(before: dict[str, Json], now: dict[str, Json]) -> dict[str, Json]:
    """The agent's own facts whole, of routes and nodes what is new or differs, and the keys of what is gone.

    Returns:
        ``{"agent": …, "routes": […], "gone_routes": [key, …], "nodes": […], "gone_nodes": [key, …]}``
    """
    routes, gone_routes = _changes(before.get("routes"), now.get("routes"), route_key)
    nodes, gone_nodes = _changes(before.get("nodes"), now.get("nodes"), node_key)
    return {
        "agent": now.get("agent"),
        "routes": routes,
        "gone_routes": gone_routes,
        "nodes": nodes,
        "gone_nodes": gone_nodes,
    }


def route_key(route: Json) -> str:
    """What names a route on the page: its spec's values, by ``|``."""
    spec = route.get("spec") if isinstance(route, dict) else None
    return "|".join(str(value) for value in spec.values()) if isinstance(spec, dict) else ""


def node_key(node: Json) -> str:
    """What names a node: a restarted node of the same name is another one."""
    return f"{node.get('participant')}|{node.get('name')}" if isinstance(node, dict) else ""


def _changes(before: Json, now: Json, key: Callable[[Json], str]) -> tuple[list[Json], list[Json]]:
    old = {key(item): item for item in before} if isinstance(before, list) else {}
    new = {key(item): item for item in now} if isinstance(now, list) else {}
    changed: list[Json] = [item for known, item in new.items() if old.get(known) != item]
    gone: list[Json] = [known for known in old if known not in new]
    return changed, gone
