"""Which samples wait for others to share a packet with, and that none waits for ever."""

from __future__ import annotations

import ctypes as ct
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from cyclonedds.domain import DomainParticipant
from cyclonedds.qos import _CQos

from bridge.dds import clib
from bridge.dds.batching import FLUSH_NS, GAP_NS, SMALL_BYTES, STREAK, Burst, Flusher
from bridge.dds.endpoints import CycloneWriter
from bridge.dds.rawtopic import create_topic
from tests.builders import RELIABLE, payload
from tests.contracts.pairs import real_dds_pair
from tests.contracts.test_dds import matched, open_reader, open_writer
from tests.fakes.sink import RecordingSink
from tests.integration.support.waiting import eventually

CLOSE_NS = 10_000
"""Between samples of a burst."""


class Wire:
    """Where a burst sends: how many samples each packet had, with a clock that moves when told."""

    def __init__(self, flusher: Flusher) -> None:
        self.now_ns = 10**9
        self.collected = 0
        self.packets: list[int] = []
        self.burst = Burst(self._send, flusher, now_ns=lambda: self.now_ns)

    def _send(self) -> None:
        if self.collected:
            self.packets.append(self.collected)
            self.collected = 0

    def write(self, count: int, *, apart_ns: int = CLOSE_NS, size_bytes: int = 64) -> None:
        for _ in range(count):
            self.now_ns += apart_ns
            self.collected += 1
            self.burst.written(size_bytes)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with closing(Flusher()) as flusher:
        yield Wire(flusher)


def test_few_that_come_together_are_sent_one_by_one(wire: Wire) -> None:
    wire.write(STREAK)
    assert wire.packets == [1] * STREAK


def test_samples_of_a_burst_share_packets_and_wait_no_longer_than_told(wire: Wire) -> None:
    wire.write(1000)
    assert sum(wire.packets) + wire.collected == 1000
    together = wire.packets[STREAK:]
    assert len(together) <= 1000 * CLOSE_NS // FLUSH_NS
    assert max(together) <= FLUSH_NS // CLOSE_NS + 1


def test_what_comes_at_a_steady_pace_is_sent_at_once(wire: Wire) -> None:
    wire.write(100, apart_ns=GAP_NS)
    assert wire.packets == [1] * 100


def test_a_large_sample_takes_along_what_waits(wire: Wire) -> None:
    wire.write(STREAK + 5)
    assert wire.collected == 5
    wire.write(1, size_bytes=SMALL_BYTES + 1)
    assert wire.packets[-1] == 6


def test_the_last_of_a_burst_are_sent_when_nothing_follows(wire: Wire) -> None:
    wire.write(STREAK + 5)
    assert wire.collected == 5, "more may come"
    wire.now_ns += FLUSH_NS
    eventually(lambda: wire.packets[-1] == 5)


def test_what_waits_at_the_end_is_sent_and_the_thread_ends() -> None:
    before = set(threading.enumerate())
    with closing(Flusher()) as flusher:
        wire = Wire(flusher)
        wire.write(STREAK + 5)
        assert [one.name for one in set(threading.enumerate()) - before] == ["dds-flush"]
    assert wire.collected == 0
    assert set(threading.enumerate()) <= before


def test_a_burst_crosses_whole_and_in_order_and_what_comes_after_it_too() -> None:
    with real_dds_pair() as pair:
        pair.start()
        sink = RecordingSink()
        open_reader(pair.left, sink)
        writer = matched(open_writer(pair.right))
        for stamp_ns in range(1, 3001):
            eventually(lambda stamp_ns=stamp_ns: writer.write(payload(), stamp_ns))
        eventually(lambda: len(sink.samples) == 3000)
        assert [sample.source_ns for sample in sink.samples] == list(range(1, 3001))
        writer.write(payload(), 3001)
        eventually(lambda: len(sink.samples) == 3001)


def _collects(writer: CycloneWriter) -> bool:
    found, qos = ct.c_bool(False), _CQos.cqos_create()
    try:
        assert writer._writer._get_qos(writer.ref, qos) == 0
        clib._library.dds_qget_writer_batching(ct.cast(qos, ct.c_void_p), ct.byref(found))
        return found.value
    finally:
        _CQos.cqos_destroy(qos)


def test_only_a_writer_with_a_flusher_collects_whatever_was_opened_before(
    participant: DomainParticipant,
) -> None:
    topic = create_topic(participant, dds_topic="rt/x", dds_type="test_msgs::msg::dds_::Raw_", keyed=False)
    with closing(Flusher()) as flusher:
        flushers = (flusher, None, flusher, None)
        writers = [CycloneWriter(participant, topic, qos=RELIABLE, flusher=one) for one in flushers]
        assert [_collects(writer) for writer in writers] == [True, False, True, False]
        for writer in writers:
            writer.close()
