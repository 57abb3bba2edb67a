"""Raw endpoints: bytes in, bytes out; full, gone and closed are told apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from bridge.core.gid import VENDOR_CYCLONE
from bridge.core.qos import Durability, History, HistoryKind, Qos
from bridge.dds.endpoints import CycloneReader, CycloneWriter
from bridge.dds.participant import CycloneSide
from bridge.dds.qos import READER_MAX_SAMPLES
from bridge.dds.rawtopic import create_topic
from bridge.errors import DdsError
from bridge.ports import DdsSample
from tests.builders import BEST_EFFORT, LATCHED, RELIABLE, payload
from tests.contracts.pairs import DdsPair
from tests.integration.support.waiting import eventually

TYPE = "test_msgs::msg::dds_::Raw_"


@dataclass
class Line:
    """A reader here, a writer there."""

    reader: CycloneReader
    writer: CycloneWriter

    def take(self, count: int, *, limit: int = 256) -> list[DdsSample]:
        """Exactly that many, whenever they come."""
        taken: list[DdsSample] = []

        def enough() -> bool:
            taken.extend(self.reader.take(limit))
            return len(taken) >= count

        eventually(enough)
        return taken


@pytest.fixture
def line(pair: DdsPair) -> Line:
    return connected(pair)


def connected(pair: DdsPair, *, qos: Qos = RELIABLE, keyed: bool = False) -> Line:
    sides = []
    for side in (pair.left, pair.right):
        assert isinstance(side, CycloneSide)
        sides.append(side._participant)
    topics = [create_topic(side, dds_topic="rt/raw", dds_type=TYPE, keyed=keyed) for side in sides]
    reader = CycloneReader(sides[0], topics[0], keyed=keyed, qos=qos)
    writer = CycloneWriter(sides[1], topics[1], qos=qos)
    eventually(lambda: writer.matched() == 1)
    return Line(reader, writer)


def test_a_take_gives_at_most_as_many_as_asked(line: Line) -> None:
    for number in range(10):
        line.writer.write(payload(number), number + 1)
    assert line.writer.wait_acknowledged(30.0)
    assert [len(line.reader.take(4)) for _ in range(4)] == [4, 4, 2, 0]


@pytest.mark.parametrize("size", [5, 6, 7, 8, 65_001, 6 << 20])
def test_a_payload_of_any_length_arrives_padded_to_four_bytes(line: Line, size: int) -> None:
    data = b"\x00\x01\x00\x00" + bytes(range(1, 251)) * (size // 250 + 1)
    data = data[:size]
    assert line.writer.write(data, 1)
    (sample,) = line.take(1)
    assert sample.payload[:size] == data
    assert len(sample.payload) == (size + 3) // 4 * 4


def test_source_times_are_exact_and_may_go_back(line: Line) -> None:
    times = [1, 2**61, 1_700_000_000_999_999_999, 5]
    for time in times:
        line.writer.write(payload(), time)
    assert [sample.source_ns for sample in line.take(4)] == times


def test_the_writer_behind_a_sample_is_known_as_long_as_it_is_there(line: Line) -> None:
    line.writer.write(payload(), 1)
    (sample,) = line.take(1)
    assert line.reader.writer_gid(sample.writer_handle) == line.writer.gid
    assert line.writer.gid.vendor == VENDOR_CYCLONE
    line.writer.close()
    eventually(lambda: line.reader.writer_gid(sample.writer_handle) is None)


def test_the_end_of_a_writer_is_no_sample(line: Line) -> None:
    line.writer.write(payload(), 1)
    line.take(1)
    handle_gone = line.writer.gid
    line.writer.close()
    eventually(lambda: not line.reader.take(10))
    assert handle_gone != line.reader.gid


@pytest.mark.parametrize("keyed", [False, True])
def test_keyed_and_keyless_endpoints_say_so_in_their_gid(pair: DdsPair, keyed: bool) -> None:
    line = connected(pair, keyed=keyed)
    assert (line.reader.gid.keyed, line.writer.gid.keyed) == (keyed, keyed)


def test_instances_of_a_keyed_type_are_told_apart_and_come_in_the_order_of_their_time(pair: DdsPair) -> None:
    qos = replace(LATCHED, history=History(HistoryKind.KEEP_LAST, 1))
    late = connected(pair, qos=qos, keyed=True)
    for time, key in enumerate((0, 256, 512, 0), 1):
        late.writer.write(payload(key), time)
    keys = [int.from_bytes(sample.payload[4:8], "little") for sample in late.take(4)]
    assert keys == [0, 256, 512, 0]


def test_a_reliable_writer_whose_reader_takes_nothing_gets_full_and_loses_nothing(line: Line) -> None:
    data = bytes(1000)
    taken = 0
    while line.writer.write(payload(taken) + data, taken + 1):
        taken += 1
        assert taken < 10 * READER_MAX_SAMPLES
    samples = line.take(taken)
    assert [sample.source_ns for sample in samples] == list(range(1, taken + 1))
    eventually(lambda: line.writer.write(payload(), 1))
    assert line.reader.lost_samples() == 0


def test_a_best_effort_reader_that_takes_nothing_counts_what_it_rejects(pair: DdsPair) -> None:
    line = connected(pair, qos=BEST_EFFORT)

    def overflow() -> bool:
        for number in range(1000):
            line.writer.write(payload(number), number + 1)
        return line.reader.lost_samples() > 0

    eventually(overflow)
    assert len(line.reader.take(2 * READER_MAX_SAMPLES)) == READER_MAX_SAMPLES


def test_unacknowledged_samples_are_waited_for_no_longer_than_asked(pair: DdsPair) -> None:
    line = connected(pair)

    def jammed() -> bool:
        while line.writer.write(payload(), 1):
            pass
        return not line.writer.wait_acknowledged(0.05)

    eventually(jammed)
    assert not line.writer.wait_acknowledged(0.0)
    # Deleting a reader without room takes Cyclone 9 s.
    eventually(lambda: not line.reader.take(2 * READER_MAX_SAMPLES) and line.writer.wait_acknowledged(0.0))


@pytest.mark.parametrize("durability", [Durability.VOLATILE, Durability.TRANSIENT_LOCAL])
def test_our_own_endpoints_do_not_hear_each_other(pair: DdsPair, durability: Durability) -> None:
    assert isinstance(pair.left, CycloneSide)
    own = pair.left._participant
    topic = create_topic(own, dds_topic="rt/own", dds_type=TYPE, keyed=False)
    reader = CycloneReader(own, topic, keyed=False, qos=replace(RELIABLE, durability=durability))
    writer = CycloneWriter(own, topic, qos=replace(LATCHED, durability=durability))
    writer.write(payload(), 1)
    assert writer.matched() == 0
    assert reader.take(10) == []


def test_a_header_without_a_body_is_refused_for_good(line: Line) -> None:
    with pytest.raises(DdsError, match="-3"):
        line.writer.write(b"\x00\x01\x00\x00", 1)


def test_closed_endpoints_answer_without_harm(line: Line) -> None:
    for _ in range(2):
        line.reader.close()
        line.writer.close()
    assert line.reader.take(10) == []
    assert line.reader.lost_samples() == 0
    assert line.reader.writer_gid(1) is None
    assert line.writer.matched() == 0
    assert line.writer.wait_acknowledged(1.0)
    with pytest.raises(DdsError, match="closed"):
        line.writer.write(payload(), 1)


def test_what_cyclone_refuses_is_an_error_with_the_topic(pair: DdsPair) -> None:
    assert isinstance(pair.left, CycloneSide)
    own = pair.left._participant
    topic = create_topic(own, dds_topic="rt/bad", dds_type=TYPE, keyed=False)
    impossible = replace(RELIABLE, deadline_ns=-5)
    with pytest.raises(DdsError, match="rt/bad"):
        CycloneReader(own, topic, keyed=False, qos=impossible)
    with pytest.raises(DdsError, match="rt/bad"):
        CycloneWriter(own, topic, qos=impossible)
