"""Does a payload have the lengths that its type demands? Asked before a foreign library decodes it.

A deserializer makes room for as many elements as a payload claims; sixteen hostile bytes may claim four
thousand million. A type is described once by shapes, and :class:`PayloadCheck` walks payloads by them and
builds nothing. Values are not looked at. Must never import an adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bridge.core.cdr import HEADER_BYTES
from bridge.errors import WireError

_CODEC = "service_payload"
_PHASES = 8
"""Offsets matter modulo the widest alignment, 8 bytes."""
_U32_BYTES = 4
MAX_PADDING_BYTES = 3
"""Behind the last member: every RMW rounds payloads up to 4 bytes at most."""
_ORDERS = {b"\x00\x00": "big", b"\x00\x01": "little"}


@dataclass(frozen=True, slots=True)
class Primitive:
    """A number, character or boolean, aligned to its own size."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string: u32 count of units, then the units; the final NUL of a narrow string counts as one."""

    unit_bytes: int = 1


@dataclass(frozen=True, slots=True)
class Array:
    """As many elements as the type says."""

    element: Shape
    count: int


@dataclass(frozen=True, slots=True)
class List:
    """A sequence: u32 count, then the elements."""

    element: Shape


@dataclass(frozen=True, slots=True)
class Struct:
    """Members in order; without any it is one byte without meaning, which may be missing at the end."""

    members: tuple[Shape, ...]


Shape = Primitive | Text | Array | List | Struct


class _Body(NamedTuple):
    """What is walked: the payload behind its header, so that alignment counts from 0."""

    data: memoryview
    little: bool

    def need(self, offset: int, count: int) -> int:
        """The offset behind ``count`` bytes."""
        if count > len(self.data) - offset:
            raise WireError(
                _CODEC,
                offset=offset + HEADER_BYTES,
                expected=f"{count} more bytes",
                found=f"{max(0, len(self.data) - offset)} bytes",
            )
        return offset + count

    def length(self, offset: int) -> tuple[int, int]:
        """A u32 and the offset behind it."""
        end = self.need(offset, -offset % _U32_BYTES + _U32_BYTES)
        return int.from_bytes(self.data[end - _U32_BYTES : end], "little" if self.little else "big"), end


_Walk = Callable[[_Body, int], int]


class _Plan(NamedTuple):
    """How to walk one shape."""

    walk: _Walk
    """From an offset to the one behind it."""
    advance: tuple[int, ...] | None
    """Bytes from each offset modulo 8 to the end, where the size does not depend on the content."""
    least_bytes: int
    """The shortest it can be, without padding before it."""


class PayloadCheck:
    """The lengths of one type's payloads. Thread: any."""

    def __init__(self, shape: Shape) -> None:
        self._plan = _plan(shape)

    def check(self, payload: bytes) -> None:
        """Accept a payload that is exactly one message.

        Raises:
            WireError: a header other than plain CDR, a length beyond the end, or more than padding behind the
                last member.

        Source: RTPS 2.5, 10.2; CORBA 3.3 part 2, 9.3 (CDR).
        """
        end = self._end(payload)
        if len(payload) - end > MAX_PADDING_BYTES:
            found = f"{len(payload) - end} more bytes"
            raise WireError(_CODEC, offset=end, expected="the end of the message", found=found)

    def trimmed(self, payload: bytes) -> bytes:
        """The payload with no more than zeros up to a multiple of 4 behind the last member.

        ``rmw_serialize`` of rmw_fastrtps answers as many bytes as the message could take, the rest of them
        whatever was in memory.

        Raises:
            WireError: as :meth:`check`, but for the end.
        """
        end = self._end(payload)
        return payload[:end] + bytes(-end % _U32_BYTES)

    def _end(self, payload: bytes) -> int:
        """Offset behind the last member."""
        order = _ORDERS.get(payload[:2])
        if order is None or len(payload) < HEADER_BYTES:
            found = payload[:HEADER_BYTES].hex() or "nothing"
            raise WireError(_CODEC, offset=0, expected="a plain CDR header 0000 or 0001", found=found)
        body = _Body(memoryview(payload)[HEADER_BYTES:], little=order == "little")
        return HEADER_BYTES + self._plan.walk(body, 0)


def _plan(shape: Shape) -> _Plan:
    match shape:
        case Primitive(size_bytes=size):
            return _fixed(tuple(-phase % size + size for phase in range(_PHASES)), size)
        case Text(unit_bytes=unit):
            return _Plan(lambda body, offset: _skip_text(body, offset, unit), None, _U32_BYTES)
        case Array(element=element, count=count):
            return _array_plan(_plan(element), count)
        case List(element=element):
            return _list_plan(_plan(element))
        case Struct(members=()):
            return _Plan(lambda body, offset: min(offset + 1, len(body.data)), None, 0)
        case Struct(members=members):
            return _struct_plan([_plan(member) for member in members])


def _fixed(advance: tuple[int, ...], least_bytes: int) -> _Plan:
    return _Plan(
        lambda body, offset: body.need(offset, advance[offset % _PHASES]), advance, least_bytes=least_bytes
    )


def _skip_text(body: _Body, offset: int, unit_bytes: int) -> int:
    count, offset = body.length(offset)
    return body.need(offset, count * unit_bytes)


def _array_plan(element: _Plan, count: int) -> _Plan:
    if element.advance is not None:
        advance = element.advance
        sizes = tuple(_repeated(advance, phase, count) for phase in range(_PHASES))
        return _fixed(sizes, element.least_bytes * count)
    walk = element.walk

    def walk_all(body: _Body, offset: int) -> int:
        for _ in range(count):
            offset = walk(body, offset)
        return offset

    return _Plan(walk_all, None, element.least_bytes * count)


def _list_plan(element: _Plan) -> _Plan:
    advance, walk, least_bytes = element.advance, element.walk, max(1, element.least_bytes)

    def walk_list(body: _Body, offset: int) -> int:
        count, offset = body.length(offset)
        body.need(offset, count * least_bytes)
        if advance is not None:
            return body.need(offset, _repeated(advance, offset % _PHASES, count))
        for _ in range(count):
            offset = walk(body, offset)
        return offset

    return _Plan(walk_list, None, _U32_BYTES)


def _struct_plan(members: Sequence[_Plan]) -> _Plan:
    least_bytes = sum(member.least_bytes for member in members)
    steps = [member.advance for member in members if member.advance is not None]
    if len(steps) == len(members):
        return _fixed(tuple(_in_turn(steps, phase) for phase in range(_PHASES)), least_bytes)
    walks = [member.walk for member in members]

    def walk_members(body: _Body, offset: int) -> int:
        for walk in walks:
            offset = walk(body, offset)
        return offset

    return _Plan(walk_members, None, least_bytes)


def _in_turn(steps: Sequence[tuple[int, ...]], phase: int) -> int:
    offset = phase
    for advance in steps:
        offset += advance[offset % _PHASES]
    return offset - phase


def _repeated(advance: tuple[int, ...], phase: int, count: int) -> int:
    """Bytes that ``count`` elements take from an offset of that phase; no longer work for more of them."""
    seen: dict[int, int] = {}
    sizes = [0]
    offset = phase
    for done in range(count):
        start = seen.setdefault(offset % _PHASES, done)
        if start < done:  # from here on it repeats
            period, stride = done - start, sizes[done] - sizes[start]
            rounds, rest = divmod(count - done, period)
            return sizes[done] + rounds * stride + sizes[start + rest] - sizes[start]
        offset += advance[offset % _PHASES]
        sizes.append(offset - phase)
    return sizes[-1]
