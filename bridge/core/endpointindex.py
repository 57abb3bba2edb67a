"""The DDS endpoints of others, by the ROS name under which they are planned.

Part of the graph; one owner (the engine thread).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from bridge.core.events import Endpoint, EndpointKind
from bridge.core.gid import Gid
from bridge.core.jsonform import Counts
from bridge.core.names import TopicKind, classify
from bridge.core.routespec import RouteKind

_KINDS = {
    TopicKind.TOPIC: RouteKind.TOPIC,
    TopicKind.SERVICE_REQUEST: RouteKind.SERVICE,
    TopicKind.SERVICE_REPLY: RouteKind.SERVICE,
    TopicKind.ACTION_REQUEST: RouteKind.ACTION,
    TopicKind.ACTION_REPLY: RouteKind.ACTION,
    TopicKind.ACTION_FEEDBACK: RouteKind.ACTION,
    TopicKind.ACTION_STATUS: RouteKind.ACTION,
}


class EndpointIndex:
    """Endpoints by kind and name; the parts of an action under the action's. Thread: engine."""

    def __init__(self) -> None:
        self._endpoints: dict[Gid, Endpoint] = {}
        self._by_kind: dict[RouteKind, dict[str, dict[Gid, Endpoint]]] = {kind: {} for kind in RouteKind}
        self._sizes: dict[EndpointKind, Counter[str]] = {kind: Counter() for kind in EndpointKind}

    def add(self, endpoint: Endpoint) -> set[str]:
        """Keep an endpoint, in place of what had its GID; answers the names it touched."""
        touched = self.drop(endpoint.gid)
        place = _place(endpoint)
        if place is None:
            return touched
        kind, name = place
        self._endpoints[endpoint.gid] = endpoint
        self._sizes[endpoint.kind][endpoint.gid.vendor_name] += 1
        self._by_kind[kind].setdefault(name, {})[endpoint.gid] = endpoint
        return touched | {name}

    def drop(self, gid: Gid) -> set[str]:
        """Forget an endpoint; answers the name it touched."""
        endpoint = self._endpoints.pop(gid, None)
        place = None if endpoint is None else _place(endpoint)
        if endpoint is None or place is None:
            return set()
        self._sizes[endpoint.kind][gid.vendor_name] -= 1
        kind, name = place
        self._by_kind[kind][name].pop(gid)
        if not self._by_kind[kind][name]:
            del self._by_kind[kind][name]
        return {name}

    def drop_prefix(self, prefix: bytes) -> set[str]:
        """Forget every endpoint of a participant; answers the names they touched."""
        touched: set[str] = set()
        for gid in [known for known in self._endpoints if known.prefix == prefix]:
            touched |= self.drop(gid)
        return touched

    def sizes(self, kind: EndpointKind) -> Counts:
        """(DDS implementation, readers or writers) of each that has, or had, any."""
        return tuple(sorted(self._sizes[kind].items()))

    def all(self) -> dict[Gid, Endpoint]:
        """All of them."""
        return dict(self._endpoints)

    def get(self, gid: Gid) -> Endpoint | None:
        """An endpoint by its GID."""
        return self._endpoints.get(gid)

    def of(self, kind: RouteKind, name: str, *, without: AbstractSet[bytes]) -> list[Endpoint]:
        """The endpoints of a name that are not of the participants ``without``; by GID."""
        found = self._by_kind[kind].get(name, {}).values()
        others = [endpoint for endpoint in found if endpoint.gid.prefix not in without]
        return sorted(others, key=lambda endpoint: endpoint.gid.value)

    def names(self) -> set[str]:
        """Every name with an endpoint."""
        return {name for by_name in self._by_kind.values() for name in by_name}

    def names_of(self, prefix: bytes) -> set[str]:
        """The names with an endpoint of that participant."""
        places = (_place(endpoint) for gid, endpoint in self._endpoints.items() if gid.prefix == prefix)
        return {place[1] for place in places if place is not None}

    def names_of_all(self, gids: Iterable[Gid]) -> set[str]:
        """The names of those endpoints, as far as they are known."""
        found = (self._endpoints.get(gid) for gid in gids)
        places = (_place(endpoint) for endpoint in found if endpoint is not None)
        return {place[1] for place in places if place is not None}


def _place(endpoint: Endpoint) -> tuple[RouteKind, str] | None:
    """As part of what, and under which name, an endpoint is kept; None for what is not ROS's."""
    topic = classify(endpoint.dds_topic)
    kind = _KINDS.get(topic.kind)
    return None if kind is None else (kind, topic.action or topic.ros_name)
