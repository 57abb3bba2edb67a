"""Asks the kernel by netlink and hands over what it answers, unread.

For what is asked again and again beside traffic: about 30 µs a question, where pyroute2 takes milliseconds of
the interpreter, which samples wait for. All else of netlink is pyroute2's.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Mapping

from typing_extensions import Self

ROUTE, SOCK_DIAG = 0, 4
"""Protocols. Source: linux/netlink.h, as are all numbers here."""
_REQUEST, _DUMP = 0x1, 0x300
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERRNO = struct.Struct("=i")
_TYPE_MASK = 0x3FFF
"""The upper two bits of an attribute's type are flags."""
_ANSWER_BYTES = 1 << 17
_TIMEOUT_S = 2.0


class Netlink:
    """A socket to one protocol of the kernel. Use as a context manager. Thread: one at a time.

    Raises:
        OSError: the kernel, or whoever guards it, does not let us.
    """

    def __init__(self, protocol: int) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._socket.settimeout(_TIMEOUT_S)
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def one(self, kind: int, request: bytes) -> bytes | None:
        """The answer to a question about one thing; None: there is no such thing.

        Raises:
            OSError: refused, or no answer.
        """
        self._send(kind, _REQUEST, request)
        try:
            return next(self._answers(), None)
        except FileNotFoundError:
            return None

    def every(self, kind: int, request: bytes) -> list[bytes]:
        """The answers to a question about many things.

        Raises:
            OSError: refused, or no answer.
        """
        self._send(kind, _REQUEST | _DUMP, request)
        return list(self._answers(many=True))

    def _send(self, kind: int, flags: int, request: bytes) -> None:
        self._sequence += 1
        size = _HEADER.size + len(request)
        self._socket.send(_HEADER.pack(size, kind, flags, self._sequence, 0) + request)

    def _answers(self, *, many: bool = False) -> Iterator[bytes]:
        while True:
            data = self._socket.recv(_ANSWER_BYTES)
            start = 0
            while start + _HEADER.size <= len(data):
                size, kind, _, sequence, _ = _HEADER.unpack_from(data, start)
                body = data[start + _HEADER.size : start + size]
                start += max(_HEADER.size, _aligned(size))
                if sequence != self._sequence:
                    continue  # of a question that was given up
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    (code,) = _ERRNO.unpack_from(body)
                    raise OSError(-code, os.strerror(-code))
                yield body
                if not many:
                    return


def attributes(body: bytes, start: int) -> Mapping[int, bytes]:
    """What follows the fixed part of an answer, by type."""
    found = {}
    while start + _ATTRIBUTE.size <= len(body):
        size, kind = _ATTRIBUTE.unpack_from(body, start)
        if size < _ATTRIBUTE.size:
            break
        found[kind & _TYPE_MASK] = body[start + _ATTRIBUTE.size : start + size]
        start += _aligned(size)
    return found


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute of a request."""
    size = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(size, kind) + value + bytes(_aligned(size) - size)


def text(value: bytes) -> str:
    """A string of the kernel's."""
    return value.partition(b"\0")[0].decode(errors="replace")


def _aligned(size: int) -> int:
    return (size + 3) & ~3
