"""What the admin space of zenoh-bridge-ros2dds tells, from what we know: keys, and the JSON value of each.

For tools that were made for that bridge. Values are made only when they are asked for: a domain can have
thousands of endpoints. Must never import an adapter.

Source: wire specification section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bridge.core import names, typenames
from bridge.core.events import Endpoint, EndpointKind
from bridge.core.gid import Gid
from bridge.core.jsonform import Json
from bridge.core.keys import check_key_expr
from bridge.core.names import DdsTopic, TopicKind, classify
from bridge.core.plan import UNANNOUNCED_DEPTH, PlannedRoute
from bridge.core.qos import INFINITE_NS, DestinationOrder, Durability, LivelinessKind, Ownership, Qos
from bridge.core.rosgraph import NodeEntities, ParticipantEntities
from bridge.core.routespec import Direction, RouteKind
from bridge.core.serviceplan import Planned, PlannedAction
from bridge.core.serviceview import ACTION_SERVICES, ACTION_TOPICS, is_server_part
from bridge.errors import InvalidName

Entry = tuple[str, Callable[[], Json]]
"""Key below ``@/<zid>/ros2/``, and its value."""

_BLOCKING_NS = 100_000_000
"""What a reliability that was read from a token has there; ours is not kept."""
_UNLIMITED = 2**64 - 1
_KINDS = {
    TopicKind.TOPIC: ("publishers", "subscribers"),
    TopicKind.SERVICE_REQUEST: ("service_servers", "service_clients"),
    TopicKind.SERVICE_REPLY: ("service_servers", "service_clients"),
    TopicKind.ACTION_REQUEST: ("action_servers", "action_clients"),
    TopicKind.ACTION_REPLY: ("action_servers", "action_clients"),
    TopicKind.ACTION_FEEDBACK: ("action_servers", "action_clients"),
    TopicKind.ACTION_STATUS: ("action_servers", "action_clients"),
}
_LISTS = tuple(dict.fromkeys(one for pair in _KINDS.values() for one in pair))
_PARTS = {
    "publishers": 1,
    "subscribers": 1,
    "service_servers": 2,
    "service_clients": 2,
    "action_servers": len(ACTION_SERVICES) * 2 + len(ACTION_TOPICS),
    "action_clients": len(ACTION_SERVICES) * 2 + len(ACTION_TOPICS),
}
"""Different endpoints that a node must have before it has the interface."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminRoute:
    """One open route."""

    planned: Planned
    active: bool
    readers: tuple[Gid, ...] = ()
    """Of ours, as far as they are known."""
    writers: tuple[Gid, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminFacts:
    """All that is told, of one moment."""

    version: str
    config: Json
    participants: Mapping[Gid, bytes]
    """Foreign ones, and their USER_DATA."""
    endpoints: Mapping[Gid, Endpoint]
    """Foreign ones, of ROS."""
    nodes: tuple[ParticipantEntities, ...]
    owners: Mapping[Gid, str]
    """Full name of the node behind each local endpoint of a route."""
    routes: tuple[AdminRoute, ...]
    call_timeout_s: float


def entries(facts: AdminFacts) -> Iterator[Entry]:
    """Every key that has a value now; names from DDS that no key can have are left out."""
    for key, value in _all(facts):
        try:
            check_key_expr(key)
        except InvalidName:
            continue
        if "*" not in key:
            yield key, value


def _all(facts: AdminFacts) -> Iterator[Entry]:
    yield "version", lambda: facts.version
    yield "config", lambda: facts.config
    for gid, user_data in facts.participants.items():
        yield f"dds/{gid}", lambda gid=gid, data=user_data: _participant(gid, data)  # type: ignore[misc]
    participants = {gid.prefix: gid for gid in facts.participants}
    for endpoint in facts.endpoints.values():
        owner = participants.get(endpoint.gid.prefix)
        if owner is not None:
            key = f"dds/{owner}/{endpoint.kind.value}/{endpoint.gid}/{endpoint.dds_topic}"
            yield key, lambda one=endpoint, owner=owner: _endpoint(one, owner)  # type: ignore[misc]
    for entities in facts.nodes:
        for node in entities.nodes:
            key = f"node/{entities.participant}{node.full_name}"
            yield key, lambda node=node: _node(node, facts.endpoints)  # type: ignore[misc]
    for route in facts.routes:
        key = _route_key(route.planned)
        if key:
            yield key, lambda route=route: _route(route, facts)  # type: ignore[misc]


def _participant(gid: Gid, user_data: bytes) -> Json:
    return {"key": gid.hex, "qos": {"user_data": list(user_data)} if user_data else {}}


def _endpoint(endpoint: Endpoint, participant: Gid) -> Json:
    return {
        "key": endpoint.gid.hex,
        "participant_key": participant.hex,
        "topic_name": endpoint.dds_topic,
        "type_name": endpoint.dds_type,
        "keyless": not endpoint.gid.keyed,
        "qos": _qos(endpoint.qos),
    }


def _qos(qos: Qos) -> Json:
    """The policies that are not at their defaults; durations in ns."""
    found: dict[str, Json] = {}
    if qos.reliability is not None:
        found["reliability"] = {"kind": qos.reliability.name, "max_blocking_time": _BLOCKING_NS}
    if qos.durability is not Durability.VOLATILE:
        found["durability"] = {"kind": qos.durability.name}
    if qos.history is not None:
        found["history"] = {"kind": qos.history.kind.name, "depth": qos.history.depth}
    if qos.user_data:
        found["user_data"] = list(qos.user_data)
    return found | _seldom(qos)


def _seldom(qos: Qos) -> dict[str, Json]:
    """Policies that few nodes set."""
    found: dict[str, Json] = {}
    if qos.deadline_ns != INFINITE_NS:
        found["deadline"] = {"period": qos.deadline_ns}
    if qos.latency_budget_ns:
        found["latency_budget"] = {"duration": qos.latency_budget_ns}
    if (qos.liveliness, qos.lease_ns) != (LivelinessKind.AUTOMATIC, INFINITE_NS):
        found["liveliness"] = {"kind": qos.liveliness.name, "lease_duration": qos.lease_ns}
    if qos.ownership is not Ownership.SHARED:
        found["ownership"] = {"kind": qos.ownership.name}
    if qos.destination_order is not DestinationOrder.BY_RECEPTION:
        found["destination_order"] = {"kind": f"{qos.destination_order.name}_TIMESTAMP"}
    if qos.partitions:
        found["partition"] = list(qos.partitions)
    return found


def _node(node: NodeEntities, endpoints: Mapping[Gid, Endpoint]) -> Json:
    parts: dict[tuple[str, str], set[str]] = {}
    types: dict[tuple[str, str], str] = {}
    for gid in (*node.readers, *node.writers):
        endpoint = endpoints.get(gid)
        if endpoint is None:
            continue
        topic = classify(endpoint.dds_topic)
        place = _place(endpoint.kind, topic)
        parts.setdefault(place, set()).add(endpoint.dds_topic)
        types.setdefault(place, _ros_type(endpoint, topic))
        types[place] = types[place] or _ros_type(endpoint, topic)
    found: dict[str, Json] = {
        one: [
            {"name": name, "type": types[kind, name]}
            for kind, name in sorted(parts)
            if kind == one and len(parts[kind, name]) == _PARTS[kind]
        ]
        for one in _LISTS
    }
    for word, gids in (("undiscovered_reader", node.readers), ("undiscovered_writer", node.writers)):
        missing: list[Json] = [gid.hex for gid in gids if gid not in endpoints]
        if missing:
            found[word] = missing
    return found


def _place(kind: EndpointKind, topic: DdsTopic) -> tuple[str, str]:
    """In which list an endpoint is a part of what, by name."""
    has, uses = _KINDS[topic.kind]
    if topic.kind is TopicKind.TOPIC:
        return (has if kind is EndpointKind.WRITER else uses), topic.ros_name
    return (has if is_server_part(kind, topic) else uses), topic.action or topic.ros_name


def _ros_type(endpoint: Endpoint, topic: DdsTopic) -> str:
    """The interface's ROS type as far as this part tells it; empty where it does not."""
    if topic.action_part in ("cancel_goal", "status"):
        return ""  # the same for every action
    find = typenames.action_type if topic.action else typenames.service_type
    if topic.kind is TopicKind.TOPIC:
        find = typenames.ros_type
    try:
        return find(endpoint.dds_type)
    except InvalidName:
        return ""


def _route_key(planned: Planned) -> str:
    """Empty for the parts of an action, which have no entry of their own."""
    spec = planned.spec
    if names.action_of(spec.ros_name):
        return ""
    egress = spec.direction is Direction.EGRESS
    if spec.kind is RouteKind.TOPIC:
        return f"route/topic/{'pub' if egress else 'sub'}/{spec.key_expr}"
    return f"route/{spec.kind.value}/{'srv' if egress else 'cli'}/{spec.key_expr}"


def _route(route: AdminRoute, facts: AdminFacts) -> Json:
    planned, spec = route.planned, route.planned.spec
    egress = spec.direction is Direction.EGRESS
    nodes = {facts.owners[one.gid]: None for one in planned.local if one.gid in facts.owners}
    found: dict[str, Json] = {
        "ros2_name": spec.ros_name,
        "ros2_type": planned.ros_type,
        "zenoh_key_expr": spec.key_expr,
        "remote_routes": [f"{token.zid}:{token.key_expr}" for token in planned.remote],
        "local_nodes": list(nodes),
    }
    reader, writer = (gids[0].hex if gids else "" for gids in (route.readers, route.writers))
    if isinstance(planned, PlannedAction):  # active: announced, for a node here
        announced = planned.token is not None
        return found | {"zenoh_key_expr": f"{spec.key_expr}/*", "is_active": announced}
    if isinstance(planned, PlannedRoute):
        return found | (_pub(planned, reader) if egress else _sub(planned, route.active, writer, facts))
    if egress:
        return found | {"is_active": route.active, "req_writer": writer, "rep_reader": reader}
    return found | {"queries_timeout": facts.call_timeout_s, "req_reader": reader, "rep_writer": writer}


def _pub(planned: PlannedRoute, reader: str) -> dict[str, Json]:
    return {
        "publication_cache_size": sum(_depth(one.qos) for one in planned.latched),
        "dds_reader": reader,
        "priority": planned.priority,
    }


def _depth(qos: Qos) -> int:
    if qos.history is None:
        return UNANNOUNCED_DEPTH
    return _UNLIMITED if qos.history.keep_all else qos.history.depth


def _sub(planned: PlannedRoute, active: bool, writer: str, facts: AdminFacts) -> dict[str, Json]:  # noqa: FBT001
    seconds = int(facts.call_timeout_s)
    nanos = round((facts.call_timeout_s - seconds) * 1e9)
    return {
        "is_active": active,
        "dds_writer": writer,
        "transient_local": planned.qos.transient_local,
        "queries_timeout": {"secs": seconds, "nanos": nanos},
    }
