"""One service each in the form of rmw_cyclonedds: a client of ours, and a proxy server of ours.

Each is a reader and a writer with a USER_DATA text in common, and 16 bytes in each payload that name the
request (wire specification 3.2 and 3.5). Payloads are not decoded.
"""

from __future__ import annotations

import itertools
import logging
import threading
from abc import ABC, abstractmethod
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from bridge.core.gid import VENDOR_CYCLONE, Gid
from bridge.core.requests import REQUEST_HEADER_BYTES, check_message, join, pair_id, split
from bridge.dds.endpoints import Peer
from bridge.dds.participant import PumpedReader
from bridge.dds.patience import PatientWriter
from bridge.errors import DdsError, WireError
from bridge.ports import DdsSample
from bridge.serviceports import ServiceRequest

log = logging.getLogger(__name__)

_REMEMBERED = 1024
"""Callers whose GUID is kept ready."""
_WORD = 8
_FAILURE_HEADER = b"\x00\x01\x00\x00"
_FAILURE_ZEROS = 4095
"""More than the fixed part of any result known to us; a list of poses has 4 bytes when it is empty."""


class ServiceEnd(ABC):
    """What client and server have in common. ``counts``: dropped messages by cause."""

    def __init__(
        self,
        *,
        ros_name: str,
        max_open: int,
        agent_prefixes: Callable[[], frozenset[bytes]],
        on_close: Callable[[ServiceEnd], None],
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._ros_name = ros_name
        self._max_open = max_open
        self._agent_prefixes = agent_prefixes
        self._on_close = on_close
        self._lock = threading.Lock()
        self._closed = False
        self._reader: PumpedReader
        self._writer: PatientWriter

    @abstractmethod
    def take(self, sample: DdsSample) -> None:
        """A message came. Thread: dds-pump."""

    def start(self, reader: PumpedReader, writer: PatientWriter) -> None:
        """With its endpoints; messages come from now on. Thread: engine."""
        self._reader, self._writer = reader, writer
        reader.start()

    def gids(self) -> tuple[Gid, Gid]:
        """See the port."""
        return self._reader.gid, self._writer.writer.gid

    def close(self) -> None:
        """See the port."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._on_close(self)
        self._reader.close()
        self._writer.close()

    def _speaks_cyclone(self, peer: Peer) -> bool:
        return peer.gid.vendor == VENDOR_CYCLONE and peer.gid.prefix not in self._agent_prefixes()

    def _drop(self, cause: str, why: object) -> None:
        self.counts[cause] += 1
        log.debug("service %s: dropped (%s): %s", self._ros_name, cause, why)


class CycloneServer(ServiceEnd):
    """A proxy server for local clients."""

    def __init__(self, *, on_request: Callable[[ServiceRequest], None], **end: Any) -> None:
        super().__init__(**end)
        self._on_request = on_request
        self._open: dict[bytes, tuple[int, Peer]] = {}
        """Who asked: handle and identity of its writer."""
        self._callers: OrderedDict[int, Peer] = OrderedDict()
        """By handle, the latest last; a handle is never used again."""
        self._reached: OrderedDict[bytes, None] = OrderedDict()
        """Clients whose reply reader was matched, by what tells them apart; the latest last."""

    def take(self, sample: DdsSample) -> None:
        """A request came. Thread: dds-pump."""
        caller = self._caller(sample.writer_handle)
        if caller is None:
            self._drop("unknown", "the client is gone")
        elif caller.gid.vendor != VENDOR_CYCLONE:
            self._drop("other_form", caller.gid)  # its payload has no request header
        elif caller.gid.prefix in self._agent_prefixes():
            self._drop("own", caller.gid)
        else:
            self._take_from((sample.writer_handle, caller), sample.payload)

    def _take_from(self, caller: tuple[int, Peer], dds_payload: bytes) -> None:
        try:
            payload, header = split(dds_payload)
        except WireError as error:
            self._drop("undecodable", error)
            return
        with self._lock:
            known, room = header in self._open, len(self._open) < self._max_open
            if room and not known:
                self._open[header] = caller
        if known:
            self._drop("duplicate", header.hex())
        elif room:
            self._on_request(ServiceRequest(payload=payload, header=header))
        else:
            self._drop("too_many", f"{self._max_open} requests are open already")

    def reply(self, header: bytes, payload: bytes) -> None:
        """See :class:`bridge.serviceports.LocalServer`."""
        with self._lock:
            caller = self._open.pop(header, None)
        if caller is not None:
            check_message(payload)
            self._writer.send(join(payload, header), reached=lambda: self._reaches(*caller))

    def fail(self, header: bytes, first: int) -> None:
        """See :class:`bridge.serviceports.LocalServer`.

        The type is not known, only its first member, one byte: zeros enough for all others (an empty text or
        list is a zero), and no reader minds what is left.
        """
        member = first.to_bytes(1, "little", signed=first < 0)
        self.reply(header, _FAILURE_HEADER + member + bytes(_FAILURE_ZEROS))

    def forget(self, header: bytes) -> None:
        """See :class:`bridge.serviceports.LocalServer`."""
        with self._lock:
            self._open.pop(header, None)

    def _caller(self, handle: int) -> Peer | None:
        found = self._callers.get(handle)
        if found is None:
            found = self._reader.peer(handle)
            if found is not None:
                _remember(self._callers, handle, found)
        return found

    def _reaches(self, handle: int, caller: Peer) -> bool:
        """Whether the reply reader of a client is matched, so that a reply will arrive, or it is gone."""
        wanted = _pair_key(caller)
        if wanted in self._reached:
            return True
        for reader in self._writer.writer.readers():
            peer = self._writer.writer.peer(reader)
            if peer is not None:
                _remember(self._reached, _pair_key(peer), None)
        return wanted in self._reached or handle not in self._reader.writers()


class CycloneClient(ServiceEnd):
    """Our client of a real server."""

    def __init__(self, *, on_reply: Callable[[int, bytes], None], **end: Any) -> None:
        super().__init__(**end)
        self._on_reply = on_reply
        self._numbers = itertools.count(1)
        self._open: set[int] = set()
        self._servers: dict[tuple[str, int], Peer] = {}
        """Matched endpoints of servers by side and handle."""

    def ready(self) -> bool:
        """See :class:`bridge.serviceports.LocalClient`."""
        with self._lock:
            if self._closed:
                return False
            readers, writers = self._writer.writer.readers(), self._reader.writers()
            matched = {("reader", handle) for handle in readers} | {("writer", handle) for handle in writers}
            self._servers = {key: peer for key, peer in self._servers.items() if key in matched}
            for key in matched - self._servers.keys():
                side, handle = key
                peer = (self._writer.writer if side == "reader" else self._reader).peer(handle)
                if peer is not None:
                    self._servers[key] = peer
            found = self._servers.items()
            taking = {
                _pair_key(one) for (side, _), one in found if side == "reader" and self._speaks_cyclone(one)
            }
            answering = {_pair_key(one) for (side, _), one in found if side == "writer"}
            return bool(taking & answering)

    def call(self, payload: bytes) -> int:
        """See :class:`bridge.serviceports.LocalClient`."""
        check_message(payload)
        with self._lock:
            if self._closed:
                raise DdsError(f"service {self._ros_name}: the client is closed")
            if len(self._open) >= self._max_open:
                raise DdsError(f"service {self._ros_name}: {self._max_open} calls are open already")
            number = next(self._numbers)
            self._open.add(number)
        try:
            self._writer.send(join(payload, self._own_guid() + number.to_bytes(_WORD, "little")))
        except DdsError:
            self.forget(number)
            raise
        return number

    def forget(self, number: int) -> None:
        """See :class:`bridge.serviceports.LocalClient`."""
        with self._lock:
            self._open.discard(number)

    def take(self, sample: DdsSample) -> None:
        """A reply came, ours or that of another client. Thread: dds-pump."""
        own = sample.payload[4 : 4 + _WORD] == self._own_guid()
        if not own:
            return  # every client reads all replies
        try:
            payload, header = split(sample.payload)
        except WireError as error:
            self._drop("undecodable", error)
            return
        number = int.from_bytes(header[_WORD:REQUEST_HEADER_BYTES], "little", signed=True)
        with self._lock:
            known = number in self._open
            self._open.discard(number)
        if known:
            self._on_reply(number, payload)
        else:
            self._drop("late", number)

    def _own_guid(self) -> bytes:
        """What rmw_cyclonedds calls a client's GUID: the instance handle of its request writer."""
        return self._writer.writer.handle.to_bytes(_WORD, "little")


def _pair_key(peer: Peer) -> bytes:
    """What the two endpoints of a client or server have in common; at least their participant."""
    return pair_id(peer.user_data) or peer.gid.prefix


def _remember(among: OrderedDict, key: object, value: object) -> None:  # type: ignore[type-arg]
    among[key] = value
    if len(among) > _REMEMBERED:
        among.popitem(last=False)


def all_gids(ends: Iterable[ServiceEnd]) -> tuple[list[Gid], list[Gid]]:
    """Readers and writers of all of them."""
    pairs = [end.gids() for end in ends]
    return [reader for reader, _ in pairs], [writer for _, writer in pairs]
