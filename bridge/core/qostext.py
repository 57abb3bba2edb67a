"""How is QoS written in a liveliness token, in one chunk of its key?

Only :mod:`bridge.core.tokens` needs it; everybody else works with the value. Must never import an adapter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.errors import WireError

_CODEC = "qos text"
_KEEP_ALL_DEPTH = -1  # what every rmw announces beside KEEP_ALL
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")
_UNSAFE_IN_KEY = frozenset("/*$?#")
# Longest user data put into a token, bytes; a type hash needs 81. Keeps any token below its limit.
_MAX_USER_DATA_BYTES = 1024

_N = TypeVar("_N", bound=IntEnum)


def qos_text(qos: Qos, *, keyed: bool, with_user_data: bool) -> str:
    """QoS as one chunk of a token: ``[K]:[reliability]:[durability]:[history][:user data]``.

    Policies at their DDS default are written as nothing. User data that a key expression cannot carry
    (``/ * $ ? #``, not UTF-8, over 1024 bytes) is left out; a ``:`` in it is kept and cuts it short at the
    reader, as with zenoh-bridge-ros2dds. ``with_user_data`` is false for peers older than ROS 2 Iron.

    Source: wire specification section 1.2.
    """
    reliability = "" if qos.reliability is None else str(int(qos.reliability))
    durability = "" if qos.durability is Durability.VOLATILE else str(int(qos.durability))
    text = f"{'K' if keyed else ''}:{reliability}:{durability}:{_history_text(qos.history)}"
    user_data = _key_safe(qos.user_data) if with_user_data else ""
    return f"{text}:{user_data}" if user_data else text


def parse_qos_text(text: str) -> tuple[Qos, bool]:
    """QoS chunk of a token as value, and whether the topic is keyed.

    Elements after the fifth are ignored, and so is what a reader cannot use: user data behind a ``:``.

    Raises:
        WireError: fewer than four elements, no number, a number outside the table, or not UTF-8.

    Source: wire specification section 1.2.
    """
    elements = text.split(":")
    if len(elements) < 4:
        raise WireError(_CODEC, offset=len(text), expected="4 or more elements", found=str(len(elements)))
    key, reliability, durability, history = elements[:4]
    qos = Qos(
        reliability=_enum(reliability, Reliability, text) if reliability else None,
        durability=_enum(durability, Durability, text) if durability else Durability.VOLATILE,
        history=_history(history, text) if history else None,
        user_data=_utf8(elements[4], text) if len(elements) > 4 else b"",
    )
    return qos, bool(key)


def _history_text(history: History | None) -> str:
    if history is None or history == History():
        return ""
    depth = _KEEP_ALL_DEPTH if history.keep_all else history.depth
    return f"{int(history.kind)},{depth}"


def _key_safe(user_data: bytes) -> str:
    """User data as text for a key expression; empty if a key expression cannot carry it."""
    try:
        text = user_data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    unsafe = len(user_data) > _MAX_USER_DATA_BYTES or not _UNSAFE_IN_KEY.isdisjoint(text)
    return "" if unsafe else text


def _history(element: str, text: str) -> History:
    kind, comma, depth = element.partition(",")
    if not comma:
        raise _fault(text, element, "history as KIND,DEPTH")
    try:
        return History(_enum(kind, HistoryKind, text), _number(depth, text))
    except WireError as error:
        raise _fault(text, element, error.expected) from error


def _enum(element: str, kind: Callable[[int], _N], text: str) -> _N:
    try:
        return kind(_number(element, text))
    except ValueError:
        raise _fault(text, element, "a policy number of the table") from None


def _number(element: str, text: str) -> int:
    if not _NUMBER.fullmatch(element):
        raise _fault(text, element, "a decimal number")
    return int(element)


def _utf8(element: str, text: str) -> bytes:
    try:
        return element.encode("utf-8")
    except UnicodeEncodeError:
        raise _fault(text, element, "valid UTF-8") from None


def _fault(text: str, element: str, expected: str) -> WireError:
    return WireError(_CODEC, offset=text.find(element), expected=expected, found=repr(element[:40]))
