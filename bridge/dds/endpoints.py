"""Raw readers and writers: bytes in, bytes out, nothing decoded.

Implements :class:`bridge.ports.RawReader` and :class:`bridge.ports.RawWriter` on cyclonedds.
"""

from __future__ import annotations

import ctypes as ct
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from cyclonedds._clayer import (
    ddspy_get_matched_publication_data,
    ddspy_get_matched_subscription_data,
    ddspy_take,
    ddspy_write_ts,
)
from cyclonedds.core import DDSException, InstanceState, ReadCondition, SampleState, ViewState
from cyclonedds.domain import DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

from bridge.core.gid import Gid
from bridge.core.qos import Qos
from bridge.dds import clib
from bridge.dds.batching import Burst, Flusher
from bridge.dds.qos import reader_qos, writer_qos
from bridge.dds.rawtopic import typeless
from bridge.errors import DdsError
from bridge.ports import DdsSample

_ANY = SampleState.Any | ViewState.Any | InstanceState.Any
_HANDLE_MASK = (1 << 64) - 1
_RETCODE_TIMEOUT = -10
_RETCODE_OUT_OF_RESOURCES = -5
_NS_PER_S = 1_000_000_000
_LOOKS = 10
_new_tuple = tuple.__new__
"""Makes a NamedTuple in half of the time of its own constructor, which only names the arguments."""


class Peer(NamedTuple):
    """The foreign end of a match."""

    gid: Gid
    user_data: bytes


class CycloneReader:
    """A reader of serialized samples on one topic."""

    def __init__(
        self, participant: DomainParticipant, topic: Topic[IdlStruct], *, keyed: bool, qos: Qos
    ) -> None:
        try:
            with typeless(topic):
                self._reader = DataReader(participant, topic, qos=reader_qos(qos, keyed=keyed))
        except DDSException as error:
            raise DdsError(f"cannot create a reader on {topic.name}: {error}") from error
        self.ref: int = self._reader._ref
        # Raw takes never reset the reader's DATA_AVAILABLE status; a read condition is exact.
        self._condition = ReadCondition(self._reader, _ANY)
        self.condition_ref: int = self._condition._ref
        """What a waitset attaches: triggers as long as there is anything to take."""
        self.gid = Gid(self._reader.guid.bytes)
        self._keyed = keyed
        self._reliable = qos.reliable(as_writer=False)
        self._closed = False

    def take(self, limit: int) -> list[DdsSample]:
        """At most ``limit`` samples; empty when there are none or the reader is closed.

        Thread: dds-pump.
        """
        if self._closed:
            return []
        taken = ddspy_take(self.ref, _ANY, limit)
        if isinstance(taken, int):  # an error code: deleted under our hands
            return []
        samples = [
            _new_tuple(DdsSample, (payload, info.source_timestamp, info.publication_handle & _HANDLE_MASK))
            for payload, info in taken
            if info.valid_data
        ]
        if self._keyed:
            samples.sort(key=_source_ns)  # Cyclone gives them instance by instance
        return samples

    def writer_gid(self, handle: int) -> Gid | None:
        """GID of a matched writer by its instance handle; None when it is gone already."""
        found = self.peer(handle)
        return None if found is None else found.gid

    def writers(self) -> list[int]:
        """Handles of the writers matched now."""
        return [] if self._closed else _handles(self._reader.get_matched_publications)

    def peer(self, handle: int) -> Peer | None:
        """A matched writer; None when it is gone already."""
        found = ddspy_get_matched_publication_data(self.ref, _signed(handle), _matched_peer, _user_data)
        return found if isinstance(found, Peer) else None

    def lost_samples(self) -> int:
        """Samples that DDS reported as lost so far; what a reliable writer will send again is not."""
        if self._closed:
            return 0
        lost = int(self._reader.get_sample_lost_status().total_count)
        return lost if self._reliable else lost + int(self._reader.get_sample_rejected_status().total_count)

    def close(self) -> None:
        """Delete the reader; idempotent."""
        if not self._closed:
            self._closed = True
            # The library's own delete, which also forgets the handle, so it is not deleted twice.
            self._condition.__del__()
            self._reader.__del__()


def _source_ns(sample: DdsSample) -> int:
    return sample.source_ns


def _handles(get_matched: Callable[[], list[int]]) -> list[int]:
    for _ in range(_LOOKS):
        try:
            return [handle & _HANDLE_MASK for handle in get_matched()]
        except IndexError:  # one more was matched while it looked
            continue
        except DDSException:  # deleted under our hands
            break
    return []


def _signed(handle: int) -> int:
    return handle - (1 << 64) if handle >> 63 else handle


def _matched_peer(
    key: bytes, _participant: bytes, _handle: int, _topic: str, _type: str, user_data: bytes, *_rest: object
) -> Peer:
    return Peer(Gid(UUID(bytes=bytes(key)).bytes), user_data)


def _user_data(qos: int) -> bytes:
    """USER_DATA of a ``dds_qos_t`` at that address.

    cyclonedds has a function for all policies, whose buffers are shared by all threads: used here, beside
    discovery, now and then either got what the other had asked for (tried with cyclonedds 11.0.1).
    """
    value, size = ct.c_void_p(), ct.c_size_t()
    if not clib.qget_userdata(qos, ct.byref(value), ct.byref(size)) or not value.value:
        return b""
    try:
        return ct.string_at(value.value, size.value)
    finally:
        clib.free(value)


class CycloneWriter:
    """A writer of serialized samples on one topic; never blocks."""

    def __init__(
        self,
        participant: DomainParticipant,
        topic: Topic[IdlStruct],
        *,
        qos: Qos,
        flusher: Flusher | None = None,
    ) -> None:
        """Create the writer; with a flusher it packs small samples of a burst together.

        Raises:
            DdsError: refused.
        """
        try:
            with typeless(topic):
                made = DataWriter if flusher is None else _CollectingWriter
                self._writer = made(participant, topic, qos=writer_qos(qos))
        except DDSException as error:
            raise DdsError(f"cannot create a writer on {topic.name}: {error}") from error
        self.ref: int = self._writer._ref
        self.gid = Gid(self._writer.guid.bytes)
        self.handle: int = self._writer.instance_handle & _HANDLE_MASK
        """By which DDS calls this writer in this process."""
        self._burst = None if flusher is None else Burst(partial(clib.write_flush, self.ref), flusher)
        self._closed = False

    def write(self, payload: bytes, source_ns: int) -> bool:
        """Write one sample with its original source time; False: full, try again.

        Raises:
            DdsError: refused for good.
        """
        if self._closed:
            raise DdsError("the writer is closed")
        # Cyclone reads the length rounded up to 4, beyond the end of an unpadded buffer.
        remainder = len(payload) & 3
        if remainder:
            payload += b"\0" * (4 - remainder)
        code = ddspy_write_ts(self.ref, payload, source_ns)
        if code == 0:
            if self._burst is not None:
                self._burst.written(len(payload))
            return True
        if code in (_RETCODE_TIMEOUT, _RETCODE_OUT_OF_RESOURCES):
            self._flush()  # what is not sent is never acknowledged, and room comes by acknowledgements
            return False
        raise DdsError(f"dds_write failed with {code}")

    def matched(self) -> int:
        """Readers matched now."""
        return len(self.readers())

    def readers(self) -> list[int]:
        """Handles of the readers matched now."""
        return [] if self._closed else _handles(self._writer.get_matched_subscriptions)

    def peer(self, handle: int) -> Peer | None:
        """A matched reader; None when it is gone already."""
        found = ddspy_get_matched_subscription_data(self.ref, _signed(handle), _matched_peer, _user_data)
        return found if isinstance(found, Peer) else None

    def wait_acknowledged(self, timeout_s: float) -> bool:
        """Whether every matched reader acknowledged everything in time. Blocks, without the GIL."""
        if self._closed:
            return True
        self._flush()
        code = clib.wait_for_acks(self.ref, int(timeout_s * _NS_PER_S))
        return bool(code == 0)

    def close(self) -> None:
        """Delete the writer; idempotent."""
        if not self._closed:
            self._closed = True
            self._flush()
            # The library's own delete, which also forgets the handle, so it is not deleted twice.
            self._writer.__del__()

    def _flush(self) -> None:
        if self._burst is not None:
            self._burst.flush()


class _CollectingWriter(DataWriter[IdlStruct]):
    """The library's, which sends samples when it is flushed: a policy that the library has no name for."""

    def _create_writer(self, publisher: int, topic: int, qos: Any, listener: Any) -> int:
        clib.qset_writer_batching(qos, True)
        created: int = super()._create_writer(publisher, topic, qos, listener)
        return created
