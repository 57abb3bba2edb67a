"""Short ways to say what is on either side: endpoints, tokens, nodes, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bridge.core.events import (
    Endpoint,
    EndpointDiscovered,
    EndpointKind,
    Event,
    ExtensionAnnounced,
    NodesAnnounced,
    ParticipantDiscovered,
    TokenAnnounced,
)
from bridge.core.gid import VENDOR_CYCLONE, Gid
from bridge.core.graph import Graph
from bridge.core.names import dds_topic, reply_topic, request_topic
from bridge.core.naming import Naming
from bridge.core.plan import PlannedRoute
from bridge.core.planner import plan_topic
from bridge.core.policy import Policy
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.rosgraph import NodeEntities, ParticipantEntities
from bridge.core.tokens import AgentToken, Token, TokenKind, WriterToken
from bridge.core.typenames import dds_type, request_dds_type, response_dds_type

NAME = "/chatter"
KEY = "chatter"
STRING = "std_msgs/msg/String"
INT32 = "std_msgs/msg/Int32"
SERVICE = "/add"
SET_BOOL = "std_srvs/srv/SetBool"
ACTION = "/fib"
FIBONACCI = "example_interfaces/action/Fibonacci"
ACTION_SERVICE_TYPES = {
    "send_goal": f"{FIBONACCI}_SendGoal",
    "cancel_goal": "action_msgs/srv/CancelGoal",
    "get_result": f"{FIBONACCI}_GetResult",
}
OWN_ZID = "c3"
FAR_ZID = "d4"

RELIABLE = Qos(reliability=Reliability.RELIABLE, history=History(HistoryKind.KEEP_LAST, 10))
BEST_EFFORT = Qos(reliability=Reliability.BEST_EFFORT, history=History(HistoryKind.KEEP_LAST, 5))
LATCHED = Qos(
    reliability=Reliability.RELIABLE,
    durability=Durability.TRANSIENT_LOCAL,
    history=History(HistoryKind.KEEP_LAST, 1),
)
KEEP_ALL = History(HistoryKind.KEEP_ALL, -1)


def payload(number: int = 0, *, size: int = 4) -> bytes:
    """A little endian CDR payload."""
    return b"\x00\x01\x00\x00" + number.to_bytes(size, "little")


def prefix(participant: int, *, vendor: bytes = VENDOR_CYCLONE) -> bytes:
    """The first 12 bytes of the GIDs of a participant."""
    return vendor + participant.to_bytes(10, "big")


def participant_gid(participant: int, *, vendor: bytes = VENDOR_CYCLONE) -> Gid:
    """Of the participant itself."""
    return Gid(prefix(participant, vendor=vendor) + b"\x00\x00\x01\xc1")


def writer(
    number: int = 1,
    *,
    name: str = NAME,
    participant: int = 1,
    ros_type: str = STRING,
    qos: Qos = RELIABLE,
    keyed: bool = False,
    vendor: bytes = VENDOR_CYCLONE,
) -> Endpoint:
    """A local DDS writer."""
    kind = b"\x02" if keyed else b"\x03"
    return Endpoint(
        gid=Gid(prefix(participant, vendor=vendor) + number.to_bytes(3, "big") + kind),
        kind=EndpointKind.WRITER,
        dds_topic=dds_topic(name),
        dds_type=dds_type(ros_type),
        qos=qos,
    )


def reader(
    number: int = 1,
    *,
    name: str = NAME,
    participant: int = 1,
    ros_type: str = STRING,
    qos: Qos = RELIABLE,
    keyed: bool = False,
    vendor: bytes = VENDOR_CYCLONE,
) -> Endpoint:
    """A local DDS reader."""
    kind = b"\x07" if keyed else b"\x04"
    return Endpoint(
        gid=Gid(prefix(participant, vendor=vendor) + number.to_bytes(3, "big") + kind),
        kind=EndpointKind.READER,
        dds_topic=dds_topic(name),
        dds_type=dds_type(ros_type),
        qos=qos,
    )


def server(
    number: int = 1,
    *,
    name: str = SERVICE,
    participant: int = 1,
    ros_type: str = SET_BOOL,
    vendor: bytes = VENDOR_CYCLONE,
) -> tuple[Endpoint, Endpoint]:
    """A local service server: reader of requests, writer of replies."""
    half = partial(_service_half, number, name, participant, ros_type, vendor)
    return half(EndpointKind.READER, is_request=True), half(EndpointKind.WRITER, is_request=False)


def client(
    number: int = 1,
    *,
    name: str = SERVICE,
    participant: int = 2,
    ros_type: str = SET_BOOL,
    vendor: bytes = VENDOR_CYCLONE,
) -> tuple[Endpoint, Endpoint]:
    """A local service client: writer of requests, reader of replies."""
    half = partial(_service_half, number, name, participant, ros_type, vendor)
    return half(EndpointKind.WRITER, is_request=True), half(EndpointKind.READER, is_request=False)


def _service_half(
    number: int,
    name: str,
    participant: int,
    ros_type: str,
    vendor: bytes,
    kind: EndpointKind,
    *,
    is_request: bool,
) -> Endpoint:
    entity = b"\x03" if kind is EndpointKind.WRITER else b"\x04"
    return Endpoint(
        gid=Gid(prefix(participant, vendor=vendor) + number.to_bytes(3, "big") + entity),
        kind=kind,
        dds_topic=request_topic(name) if is_request else reply_topic(name),
        dds_type=request_dds_type(ros_type) if is_request else response_dds_type(ros_type),
        qos=RELIABLE,
    )


def action_server(
    *, name: str = ACTION, participant: int = 1, vendor: bytes = VENDOR_CYCLONE
) -> tuple[Endpoint, ...]:
    """A local action server of ``FIBONACCI``: three services, two writers."""
    return _action(server, writer, name, participant, vendor)


def action_client(
    *, name: str = ACTION, participant: int = 2, vendor: bytes = VENDOR_CYCLONE
) -> tuple[Endpoint, ...]:
    """A local action client: three clients, two readers."""
    return _action(client, reader, name, participant, vendor)


def _action(
    service: Callable[..., tuple[Endpoint, Endpoint]],
    topic: Callable[..., Endpoint],
    name: str,
    participant: int,
    vendor: bytes,
) -> tuple[Endpoint, ...]:
    where = {"participant": participant, "vendor": vendor}
    services = [
        service(number, name=f"{name}/_action/{part}", ros_type=ros_type, **where)
        for number, (part, ros_type) in enumerate(ACTION_SERVICE_TYPES.items(), start=1)
    ]
    feedback = f"{FIBONACCI}_FeedbackMessage"
    status = "action_msgs/msg/GoalStatusArray"
    topics = (
        topic(11, name=f"{name}/_action/feedback", ros_type=feedback, qos=RELIABLE, **where),
        topic(12, name=f"{name}/_action/status", ros_type=status, qos=LATCHED, **where),
    )
    return (*(half for pair in services for half in pair), *topics)


def offered(
    zid: str = FAR_ZID,
    *,
    key: str = "add",
    ros_type: str = SET_BOOL,
    kind: TokenKind = TokenKind.SERVICE_SERVER,
) -> Token:
    """Another bridge has a server (or whatever ``kind`` says)."""
    return Token(zid=zid, kind=kind, key_expr=key, ros_type=ros_type)


def publisher(
    zid: str = FAR_ZID, *, key: str = KEY, ros_type: str = STRING, qos: Qos = RELIABLE, keyed: bool = False
) -> Token:
    """Another bridge has publishers."""
    return Token(zid=zid, kind=TokenKind.PUBLISHER, key_expr=key, ros_type=ros_type, qos=qos, keyed=keyed)


def subscriber(zid: str = FAR_ZID, *, key: str = KEY, ros_type: str = STRING, qos: Qos = RELIABLE) -> Token:
    """Another bridge has subscribers."""
    return Token(zid=zid, kind=TokenKind.SUBSCRIBER, key_expr=key, ros_type=ros_type, qos=qos)


def source(number: int = 1, *, zid: str = FAR_ZID, key: str = KEY, depth: int = 1) -> WriterToken:
    """Another bridge has a TRANSIENT_LOCAL writer."""
    return WriterToken(zid=zid, key_expr=key, writer=writer(number, participant=99).gid, depth=depth)


def bridge(zid: str = FAR_ZID) -> Token:
    """Another bridge is there."""
    return Token(zid=zid, kind=TokenKind.BRIDGE)


def agent(zid: str, *, participant: int, active: bool) -> AgentToken:
    """Another agent of ours says which participant it is."""
    return AgentToken(zid=zid, participant=participant_gid(participant), active=active)


def joined(
    participant: int, *, user_data: bytes = b"", vendor: bytes = VENDOR_CYCLONE
) -> ParticipantDiscovered:
    """A participant is discovered."""
    return ParticipantDiscovered(gid=participant_gid(participant, vendor=vendor), user_data=user_data)


def node(full_name: str, *endpoints: Endpoint) -> NodeEntities:
    """A node with its endpoints."""
    namespace, _, name = full_name.rpartition("/")
    return NodeEntities(
        namespace=namespace or "/",
        name=name,
        readers=tuple(one.gid for one in endpoints if one.kind is EndpointKind.READER),
        writers=tuple(one.gid for one in endpoints if one.kind is EndpointKind.WRITER),
    )


def claimed(participant: int, *nodes: NodeEntities) -> NodesAnnounced:
    """A participant tells its nodes."""
    return NodesAnnounced(entities=ParticipantEntities(participant=participant_gid(participant), nodes=nodes))


def appeared(*things: Endpoint | Token | WriterToken | AgentToken | Event) -> list[Event]:
    """The events by which these become known."""
    events: list[Event] = []
    for thing in things:
        match thing:
            case Endpoint():
                events.append(EndpointDiscovered(endpoint=thing))
            case Token():
                events.append(TokenAnnounced(token=thing))
            case WriterToken() | AgentToken():
                events.append(ExtensionAnnounced(token=thing))
            case _:
                events.append(thing)
    return events


def graph(
    *things: Endpoint | Token | WriterToken | AgentToken | Event, naming: Naming | None = None
) -> Graph:
    """What is known after these have appeared."""
    known = Graph(naming=naming or Naming())
    for event in appeared(*things):
        known.fold(event)
    return known


def plan(
    *things: Endpoint | Token | WriterToken | AgentToken | Event,
    name: str = NAME,
    policy: Policy | None = None,
    naming: Naming | None = None,
) -> tuple[PlannedRoute, ...]:
    """The routes that should exist for a name after these have appeared."""
    known = graph(*things, naming=naming)
    return plan_topic(known.topic(name), policy or Policy(), naming=naming or Naming(), zid=OWN_ZID)
