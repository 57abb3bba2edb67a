"""Tokens of our own under ``@zenlink/1``: reading all of them, and those that tell which ROS nodes there are.

The tokens of zenoh-bridge-ros2dds name interfaces, never nodes. An agent adds one token for each node behind
it, and tokens for its interfaces, several in one where they come together. Must never import an adapter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bridge.core.gid import Gid
from bridge.core.tokens import (
    MAX_KEY_CHARS,
    AgentToken,
    TokenKind,
    WriterToken,
    check_token_key,
    check_zid,
    chunks_of,
    one_chunk,
    token_fault,
    whole,
)
from bridge.core.typenames import check_ros_type
from bridge.errors import InvalidName, UsageError

_DEPTH = re.compile(r"-1|[0-9]{1,10}")
_NEXT, _WITHIN = ";", ":"
"""Between interfaces, and between the fields of one; no ROS name and no type has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One thing that a node offers or uses, under the key that it has on Zenoh.

    Raises:
        InvalidName: a field that the wire cannot carry.
        UsageError: a bridge is no interface.
    """

    kind: TokenKind
    key_expr: str
    ros_type: str

    def __post_init__(self) -> None:
        if self.kind is TokenKind.BRIDGE:
            raise UsageError("a bridge is no interface of a node")
        check_token_key(self.key_expr)
        check_ros_type(self.ros_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeToken:
    """A ROS node behind agent ``zid``, or one of its interfaces.

    Wire layout: ``@/<zid>/@zenlink/1/node/<participant gid, 32 hex>/<node>[/<kind>/<key>/<type>]``, ``/``
    inside a field written as ``§``, kinds as in :class:`TokenKind`. ``node`` is the key of the node's full
    name: with the namespace of its side, without the first ``/``.

    Raises:
        InvalidName: a field that the wire cannot carry.

    Source: docs/zenlink-extensions.md.
    """

    zid: str
    participant: Gid
    node: str
    interface: Interface | None = None
    """None: the token of the node itself."""

    def __post_init__(self) -> None:
        check_zid(self.zid)
        check_token_key(self.node)
        if len(str(self)) > MAX_KEY_CHARS:
            raise InvalidName(f"token of node {self.node[:80]!r}: longer than {MAX_KEY_CHARS} characters")

    def __str__(self) -> str:
        node = _node_key(self.zid, self.participant, self.node)
        one = self.interface
        if one is None:
            return node
        return f"{node}/{one.kind.value}/{one_chunk(one.key_expr)}/{one_chunk(one.ros_type)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfacesToken:
    """Several interfaces of one ROS node behind agent ``zid``: means what a token for each would mean.

    Wire layout: ``@/<zid>/@zenlink/1/node/<participant gid, 32 hex>/<node>/<kind>:<key>:<type>[;…]``, fields
    as in :class:`NodeToken`.

    Raises:
        InvalidName: a field that the wire cannot carry.

    Source: docs/zenlink-extensions.md.
    """

    zid: str
    participant: Gid
    node: str
    interfaces: tuple[Interface, ...]

    def __post_init__(self) -> None:
        check_zid(self.zid)
        check_token_key(self.node)
        if not all(joins_others(one) for one in self.interfaces):
            raise InvalidName(f"token of node {self.node[:80]!r}: a key in it has {_NEXT!r} or {_WITHIN!r}")
        if len(str(self)) > MAX_KEY_CHARS:
            raise InvalidName(f"token of node {self.node[:80]!r}: longer than {MAX_KEY_CHARS} characters")

    def __str__(self) -> str:
        node = _node_key(self.zid, self.participant, self.node)
        return f"{node}/{_NEXT.join(_joined(one) for one in self.interfaces)}"


def joins_others(interface: Interface) -> bool:
    """Whether an interface can be told together with others."""
    return _NEXT not in interface.key_expr and _WITHIN not in interface.key_expr


def _node_key(zid: str, participant: Gid, node: str) -> str:
    return f"@/{zid}/@zenlink/1/node/{participant}/{one_chunk(node)}"


def _joined(one: Interface) -> str:
    return _WITHIN.join((one.kind.value, one_chunk(one.key_expr), one_chunk(one.ros_type)))


Extension = AgentToken | WriterToken | NodeToken | InterfacesToken


def parse_extension(key_expr: str) -> Extension:
    """The token that a key under ``@zenlink/1`` announces.

    Raises:
        WireError: no such key, or a field in it is malformed.

    Source: docs/zenlink-extensions.md.
    """
    chunks = chunks_of(key_expr)
    if len(chunks) < 5 or (chunks[0], chunks[2], chunks[3]) != ("@", "@zenlink", "1"):
        raise token_fault(key_expr, 0, "@/<zid>/@zenlink/1/…")
    try:
        token = _parsed(chunks[1], chunks[4], chunks[5:])
    except InvalidName as error:
        raise token_fault(key_expr, 1, str(error)) from error
    if token is None:
        expected = "agent/<gid>/<active|standby>, writer/<key>/<gid>/<depth> or node/<gid>/<node>[/…]"
        raise token_fault(key_expr, 4, expected)
    return token


def _parsed(zid: str, kind: str, fields: list[str]) -> Extension | None:
    """None where kind or number of fields are not ours."""
    match kind, fields:
        case "agent", [participant, ("active" | "standby") as state]:
            return AgentToken(zid=zid, participant=Gid.from_hex(participant), active=state == "active")
        case "writer", [key, writer, depth] if _DEPTH.fullmatch(depth):
            return WriterToken(zid=zid, key_expr=whole(key), writer=Gid.from_hex(writer), depth=int(depth))
        case "node", [participant, node]:
            return NodeToken(zid=zid, participant=Gid.from_hex(participant), node=whole(node))
        case "node", [participant, node, one, key, ros_type]:
            of = _interface([one, key, ros_type])
            if of is not None:
                return NodeToken(
                    zid=zid, participant=Gid.from_hex(participant), node=whole(node), interface=of
                )
        case "node", [participant, node, several]:
            found = [_interface(one.split(_WITHIN)) for one in several.split(_NEXT)]
            known = tuple(one for one in found if one is not None)
            if len(known) == len(found):
                return InterfacesToken(
                    zid=zid, participant=Gid.from_hex(participant), node=whole(node), interfaces=known
                )
    return None


def _interface(fields: list[str]) -> Interface | None:
    """None where the kind or the number of fields is not ours."""
    try:
        kind, key, ros_type = fields
        return Interface(kind=TokenKind(kind), key_expr=whole(key), ros_type=whole(ros_type))
    except (ValueError, UsageError):
        return None
