"""Liveliness tokens: how bridges tell each other which ROS interfaces they have.

A token is a key expression without payload. The Zenoh adapter declares ``str(token)`` and parses what it
sees; the planner works with the value. The formats of zenoh-bridge-ros2dds are under ``@ros2_lv``, our own
additions under ``@zenlink/1`` (read in :mod:`bridge.core.extensions`). Must never import an adapter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from bridge.core.gid import Gid
from bridge.core.keys import check_key_expr, check_route_key
from bridge.core.qos import Qos
from bridge.core.qostext import parse_qos_text, qos_text
from bridge.core.typenames import check_ros_type
from bridge.errors import InvalidName, UsageError, WireError

# The literal chunk is needed: wildcards never match a chunk that begins with "@".
WATCH_KEY_EXPR = "@/*/@ros2_lv/**"
EXTENSION_KEY_EXPR = "@/*/@zenlink/1/**"
# Longest key taken from a peer or announced, characters; a real token has about 200.
MAX_KEY_CHARS = 4096

_CODEC = "token"
_SLASH = "§"  # U+00A7, stands for "/" inside one chunk
_ZID = re.compile(r"[1-9a-f][0-9a-f]{0,31}")
_MAX_DEPTH = 2**31 - 1
_NO_QOS = Qos()


class TokenKind(Enum):
    """What the announcing bridge has locally. Source: wire specification section 1.1."""

    BRIDGE = ""
    PUBLISHER = "MP"
    SUBSCRIBER = "MS"
    SERVICE_SERVER = "SS"
    SERVICE_CLIENT = "SC"
    ACTION_SERVER = "AS"
    ACTION_CLIENT = "AC"


_WITH_QOS = frozenset({TokenKind.PUBLISHER, TokenKind.SUBSCRIBER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One announcement: bridge ``zid`` has such an interface; ``str()`` is its key expression.

    Wire layout: ``@/<zid>/@ros2_lv[/<kind>/<key>/<type>[/<qos>]]``, ``/`` inside a field written as ``§``.

    Raises:
        InvalidName: a field that the wire cannot carry.
        UsageError: a field that this kind of token does not have.

    Source: wire specification section 1.1.
    """

    zid: str
    kind: TokenKind
    key_expr: str = ""
    ros_type: str = ""
    qos: Qos = _NO_QOS
    keyed: bool = False

    def __post_init__(self) -> None:
        check_zid(self.zid)
        if self.kind not in _WITH_QOS and (self.keyed or self.qos != _NO_QOS):
            raise UsageError(f"a {self.kind.name} token carries no QoS")
        if self.kind is TokenKind.BRIDGE:
            if self.key_expr or self.ros_type:
                raise UsageError("a BRIDGE token names no interface")
            return
        check_token_key(self.key_expr)
        check_ros_type(self.ros_type)
        if len(self.text(with_user_data=True)) > MAX_KEY_CHARS:
            raise InvalidName(f"token of {self.key_expr[:80]!r}: longer than {MAX_KEY_CHARS} characters")

    def text(self, *, with_user_data: bool) -> str:
        """The key expression; without user data for networks with bridges older than 1.0.4, or on Humble."""
        head = f"@/{self.zid}/@ros2_lv"
        if self.kind is TokenKind.BRIDGE:
            return head
        text = f"{head}/{self.kind.value}/{one_chunk(self.key_expr)}/{one_chunk(self.ros_type)}"
        if self.kind not in _WITH_QOS:
            return text
        return f"{text}/{qos_text(self.qos, keyed=self.keyed, with_user_data=with_user_data)}"

    def __str__(self) -> str:
        return self.text(with_user_data=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentToken:
    """Our own: which DDS participant agent ``zid`` is, and whether it forwards or stands by.

    Wire layout: ``@/<zid>/@zenlink/1/agent/<participant gid, 32 hex>/<active|standby>``.

    Raises:
        InvalidName: ``zid`` is no Zenoh id.

    Source: docs/zenlink-extensions.md.
    """

    zid: str
    participant: Gid
    active: bool

    def __post_init__(self) -> None:
        check_zid(self.zid)

    def __str__(self) -> str:
        state = "active" if self.active else "standby"
        return f"@/{self.zid}/@zenlink/1/agent/{self.participant}/{state}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterToken:
    """Our own: a TRANSIENT_LOCAL writer behind a key, so that each one's history can be kept apart.

    Wire layout: ``@/<zid>/@zenlink/1/writer/<key>/<writer gid, 32 hex>/<depth>``, ``/`` inside the key
    written as ``§``. ``depth`` counts samples: -1 is KEEP_ALL, 0 unknown.

    Raises:
        InvalidName: a field that the wire cannot carry.

    Source: docs/zenlink-extensions.md.
    """

    zid: str
    key_expr: str
    writer: Gid
    depth: int

    def __post_init__(self) -> None:
        check_zid(self.zid)
        check_token_key(self.key_expr)
        if not -1 <= self.depth <= _MAX_DEPTH:
            raise InvalidName(f"writer token: depth {self.depth} is not within -1 to {_MAX_DEPTH}")
        if len(str(self)) > MAX_KEY_CHARS:
            raise InvalidName(f"token of {self.key_expr[:80]!r}: longer than {MAX_KEY_CHARS} characters")

    def __str__(self) -> str:
        return f"@/{self.zid}/@zenlink/1/writer/{one_chunk(self.key_expr)}/{self.writer}/{self.depth}"


def parse_token(key_expr: str) -> Token:
    """The token that a key under ``@ros2_lv`` announces.

    Raises:
        WireError: no such key, or a field in it is malformed.

    Source: wire specification sections 1.1 and 1.2.
    """
    chunks = chunks_of(key_expr)
    if len(chunks) < 3 or chunks[0] != "@" or chunks[2] != "@ros2_lv":
        raise token_fault(key_expr, 0, "@/<zid>/@ros2_lv/…")
    zid, fields = chunks[1], chunks[3:]
    try:
        kind = TokenKind(fields[0] if fields else "")
    except ValueError:
        raise token_fault(key_expr, 3, "MP, MS, SS, SC, AS or AC") from None
    qos, keyed = _NO_QOS, False
    count = 4 if kind in _WITH_QOS else 3 if fields else 0
    if len(fields) != count:
        raise token_fault(key_expr, 3, f"{count} parts behind @ros2_lv")
    if kind in _WITH_QOS:
        qos, keyed = parse_qos_text(fields[3])
    key, ros_type = (whole(fields[1]), whole(fields[2])) if fields else ("", "")
    try:
        return Token(zid=zid, kind=kind, key_expr=key, ros_type=ros_type, qos=qos, keyed=keyed)
    except InvalidName as error:
        raise token_fault(key_expr, 1, str(error)) from error


def chunks_of(key_expr: str) -> list[str]:
    """The parts of a plain key.

    Raises:
        WireError: no bridge may announce such a key.
    """
    if len(key_expr) > MAX_KEY_CHARS:
        raise token_fault(key_expr, 0, f"at most {MAX_KEY_CHARS} characters")
    try:
        check_key_expr(key_expr)
    except InvalidName as error:
        raise token_fault(key_expr, 0, str(error)) from error
    if "*" in key_expr:
        raise token_fault(key_expr, 0, "a key without wildcards")
    return key_expr.split("/")


def check_zid(zid: str) -> None:
    """Accept a Zenoh id as Zenoh prints it. Raises InvalidName."""
    if not _ZID.fullmatch(zid):
        raise InvalidName(
            f"Zenoh id {zid[:40]!r}: must be 1 to 32 lowercase hexadecimal digits, the first not 0"
        )


def check_token_key(key_expr: str) -> None:
    """Accept a key that fits into one part of a token. Raises InvalidName."""
    check_route_key(key_expr)
    if _SLASH in key_expr:
        raise InvalidName(
            f"key {key_expr[:80]!r}: '{_SLASH}' stands for '/' in tokens and cannot be announced"
        )


def one_chunk(text: str) -> str:
    """A key or type as one part of a token."""
    return text.replace("/", _SLASH)


def whole(chunk: str) -> str:
    """The key or type that :func:`one_chunk` made one part of."""
    return chunk.replace(_SLASH, "/")


def token_fault(key_expr: str, chunk: int, expected: str) -> WireError:
    """What is wrong with a token.

    ``chunk`` counts the parts of the key before the faulty one; the offset is in characters.
    """
    offset = len("/".join(key_expr.split("/")[:chunk]))
    return WireError(_CODEC, offset=offset, expected=expected, found=repr(key_expr[:200]))
