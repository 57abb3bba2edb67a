"""Tokens of our own under ``@zenlink/1``: reading all of them, and those that tell which ROS nodes there are.

The tokens of zenoh-bridge-ros2dds name interfaces, never nodes. An agent adds one token for each node behind
it, and one for each interface of the node. Must never import an adapter.
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
        node = f"@/{self.zid}/@zenlink/1/node/{self.participant}/{one_chunk(self.node)}"
        one = self.interface
        if one is None:
            return node
        return f"{node}/{one.kind.value}/{one_chunk(one.key_expr)}/{one_chunk(one.ros_type)}"


Extension = AgentToken | WriterToken | NodeToken


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
        expected = "agent/<gid>/<active|standby>, writer/<key>/<gid>/<depth> or node/<gid>/<node>[/<kind>/…]"
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
            try:
                of = Interface(kind=TokenKind(one), key_expr=whole(key), ros_type=whole(ros_type))
            except (ValueError, UsageError):
                return None
            return NodeToken(zid=zid, participant=Gid.from_hex(participant), node=whole(node), interface=of)
    return None
