"""What routes and engine rely on at the DDS side."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from bridge.core.events import (
    Endpoint,
    EndpointDiscovered,
    EndpointKind,
    EndpointLost,
    NodesAnnounced,
    ParticipantDiscovered,
    ParticipantLost,
)
from bridge.core.gid import Gid
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.rosgraph import NodeEntities
from bridge.errors import DdsError
from bridge.ports import DdsSide, RawReader, RawWriter, SampleSink
from tests.contracts.pairs import DdsPair, Heard
from tests.fakes.sink import RecordingSink
from tests.integration.support.waiting import eventually

TOPIC = "rt/contract"
TYPE = "std_msgs::msg::dds_::String_"
RELIABLE = Qos(reliability=Reliability.RELIABLE, history=History(HistoryKind.KEEP_LAST, 10))
BEST_EFFORT = replace(RELIABLE, reliability=Reliability.BEST_EFFORT)
LATCHED = replace(RELIABLE, durability=Durability.TRANSIENT_LOCAL, history=History(HistoryKind.KEEP_LAST, 2))


def payload(number: int) -> bytes:
    return b"\x00\x01\x00\x00" + number.to_bytes(4, "little")


def open_writer(side: DdsSide, *, topic: str = TOPIC, qos: Qos = RELIABLE, keyed: bool = False) -> RawWriter:
    return side.open_writer(dds_topic=topic, dds_type=TYPE, keyed=keyed, qos=qos)


def open_reader(
    side: DdsSide, sink: SampleSink, *, topic: str = TOPIC, qos: Qos = RELIABLE, keyed: bool = False
) -> RawReader:
    reader = side.open_reader(dds_topic=topic, dds_type=TYPE, keyed=keyed, qos=qos, sink=sink)
    reader.start()
    return reader


def discovered(heard: Heard) -> dict[Gid, Endpoint]:
    """Endpoints of topics; those of ``ros_discovery_info`` come besides."""
    found = [event.endpoint for event in heard.of(EndpointDiscovered)]
    return {endpoint.gid: endpoint for endpoint in found if endpoint.dds_topic.startswith("rt/")}


def matched(writer: RawWriter, count: int = 1) -> RawWriter:
    eventually(lambda: writer.matched() == count)
    return writer


def test_each_side_discovers_the_other_participant_with_its_user_data(dds: DdsPair) -> None:
    dds.start()
    found = eventually(lambda: dds.heard_left.of(ParticipantDiscovered))
    assert found == [ParticipantDiscovered(gid=dds.right.participant, user_data=b"enclave=/;zenlink=b2;")]
    eventually(lambda: dds.heard_right.of(ParticipantDiscovered))


def test_endpoints_of_before_and_after_the_start_are_discovered_and_own_ones_never(dds: DdsPair) -> None:
    before = open_writer(dds.right, qos=LATCHED)
    dds.start()
    after = open_reader(dds.right, RecordingSink(), topic="rt/other")
    own = open_writer(dds.left)
    eventually(lambda: own.gid in discovered(dds.heard_right))
    found = eventually(lambda: (seen := discovered(dds.heard_left)) and len(seen) >= 2 and seen)
    assert set(found) == {before.gid, after.gid}
    writer = found[before.gid]
    assert (writer.kind, writer.dds_topic, writer.dds_type) == (EndpointKind.WRITER, TOPIC, TYPE)
    assert writer.qos.transient_local
    assert writer.qos.reliable()
    assert found[after.gid].kind is EndpointKind.READER


def test_a_closed_endpoint_is_reported_lost(dds: DdsPair) -> None:
    dds.start()
    writer = open_writer(dds.right)
    eventually(lambda: discovered(dds.heard_left))
    writer.close()
    assert eventually(lambda: dds.heard_left.of(EndpointLost)) == [EndpointLost(gid=writer.gid)]


def test_a_closed_side_is_reported_lost(dds: DdsPair) -> None:
    dds.start()
    eventually(lambda: dds.heard_left.of(ParticipantDiscovered))
    gid = dds.right.participant
    dds.right.close()
    assert eventually(lambda: dds.heard_left.of(ParticipantLost)) == [ParticipantLost(gid=gid)]


def test_the_announced_node_claims_its_endpoints(dds: DdsPair) -> None:
    dds.start()
    writer = open_writer(dds.right)
    dds.right.announce_node(readers=(), writers=(writer.gid,))

    def claimed() -> bool:
        heard = dds.heard_left.of(NodesAnnounced)
        return bool(heard) and [node.writers for node in heard[-1].entities.nodes] == [(writer.gid,)]

    eventually(claimed)
    last = dds.heard_left.of(NodesAnnounced)[-1].entities
    assert last.participant == dds.right.participant
    assert last.nodes[0].full_name == "/zenlink"


@pytest.mark.parametrize("width", [16, 24])
def test_nodes_that_endpoints_of_ours_stand_for_are_announced_beside_our_own(
    dds: DdsPair, width: int
) -> None:
    dds.start()
    writer = open_writer(dds.right)
    talker = NodeEntities(namespace="/robot", name="talker", writers=(writer.gid,))
    dds.right.announce_node(readers=(), writers=(), others=(talker,), gid_width=width)

    def heard() -> bool:
        found = dds.heard_left.of(NodesAnnounced)
        return bool(found) and found[-1].entities.nodes[1:] == (talker,)

    eventually(heard)
    last = dds.heard_left.of(NodesAnnounced)[-1].entities
    assert last.gid_size == width
    assert last.nodes[0].full_name == "/zenlink"


def test_a_sample_keeps_its_bytes_its_source_time_and_its_writer(dds: DdsPair) -> None:
    dds.start()
    sink = RecordingSink()
    reader = open_reader(dds.left, sink)
    writer = matched(open_writer(dds.right))
    assert writer.write(payload(1), 1_700_000_000_123_456_789)
    (sample,) = eventually(lambda: sink.samples)
    assert (sample.payload, sample.source_ns) == (payload(1), 1_700_000_000_123_456_789)
    assert reader.writer_gid(sample.writer_handle) == writer.gid


def test_a_keyed_sample_crosses_too(dds: DdsPair) -> None:
    dds.start()
    sink = RecordingSink()
    open_reader(dds.left, sink, keyed=True)
    writer = matched(open_writer(dds.right, keyed=True))
    assert writer.gid.keyed
    writer.write(payload(256), 1)
    writer.write(payload(512), 2)
    eventually(lambda: len(sink.samples) == 2)


def test_many_reliable_samples_arrive_in_order_and_all(dds: DdsPair) -> None:
    dds.start()
    sink = RecordingSink()
    open_reader(dds.left, sink)
    writer = matched(open_writer(dds.right))
    for number in range(2000):
        eventually(lambda number=number: writer.write(payload(number), number + 1))
    eventually(lambda: len(sink.samples) >= 2000)
    assert sink.payloads == [payload(number) for number in range(2000)]
    assert writer.wait_acknowledged(5.0)


def test_a_sample_that_comes_before_the_start_waits_for_it(dds: DdsPair) -> None:
    dds.start()
    sink = RecordingSink()
    reader = dds.left.open_reader(dds_topic=TOPIC, dds_type=TYPE, keyed=False, qos=RELIABLE, sink=sink)
    writer = matched(open_writer(dds.right))
    writer.write(payload(1), 1)
    assert writer.wait_acknowledged(5.0)
    assert sink.samples == []
    reader.start()
    eventually(lambda: sink.payloads == [payload(1)])


def test_a_late_joiner_gets_as_much_history_as_was_offered(dds: DdsPair) -> None:
    dds.start()
    writer = open_writer(dds.right, qos=LATCHED)
    for number in range(5):
        writer.write(payload(number), number + 1)
    sink = RecordingSink()
    open_reader(dds.left, sink, qos=LATCHED)
    eventually(lambda: len(sink.samples) >= 2)
    writer.write(payload(5), 6)
    eventually(lambda: sink.payloads[-1] == payload(5))
    assert sink.payloads == [payload(3), payload(4), payload(5)]


def test_a_volatile_late_joiner_gets_no_history(dds: DdsPair) -> None:
    dds.start()
    writer = open_writer(dds.right, qos=LATCHED)
    writer.write(payload(1), 1)
    sink = RecordingSink()
    open_reader(dds.left, sink)
    matched(writer).write(payload(2), 2)
    eventually(lambda: sink.samples)
    assert sink.payloads == [payload(2)]


def test_endpoints_of_one_side_do_not_meet(dds: DdsPair) -> None:
    dds.start()
    own, foreign = RecordingSink(), RecordingSink()
    open_reader(dds.right, own)
    open_reader(dds.left, foreign)
    writer = matched(open_writer(dds.right))
    writer.write(payload(1), 1)
    eventually(lambda: foreign.samples)
    assert own.samples == []


@pytest.mark.parametrize("other", ["reliability", "type"])
def test_endpoints_that_do_not_suit_each_other_do_not_match(dds: DdsPair, other: str) -> None:
    dds.start()
    suits, suits_not = RecordingSink(), RecordingSink()
    open_reader(dds.left, suits, qos=BEST_EFFORT)
    dds_type = "std_msgs::msg::dds_::Int32_" if other == "type" else TYPE
    qos = RELIABLE if other == "reliability" else BEST_EFFORT
    stranger = dds.left.open_reader(dds_topic=TOPIC, dds_type=dds_type, keyed=False, qos=qos, sink=suits_not)
    stranger.start()
    eventually(lambda: stranger.gid in discovered(dds.heard_right))
    writer = matched(open_writer(dds.right, qos=BEST_EFFORT))
    # Again and again: a best-effort sample is gone where the reader has not found its writer yet.
    eventually(lambda: writer.write(payload(1), 1) and suits.samples)
    assert writer.matched() == 1
    assert suits_not.samples == []


def test_a_match_ends_with_the_reader(dds: DdsPair) -> None:
    dds.start()
    reader = open_reader(dds.left, RecordingSink())
    writer = matched(open_writer(dds.right))
    reader.close()
    reader.close()
    matched(writer, 0)


def test_a_writer_without_room_says_so_and_has_not_sent(dds: DdsPair) -> None:
    dds.start()
    sink = RecordingSink()
    reader = dds.left.open_reader(dds_topic=TOPIC, dds_type=TYPE, keyed=False, qos=RELIABLE, sink=sink)
    writer = matched(open_writer(dds.right))
    dds.limit(writer)
    body = bytes(4000)
    taken = next(number for number in range(100_000) if not writer.write(payload(number) + body, number + 1))
    assert taken > 0
    dds.relieve(writer)
    reader.start()
    eventually(lambda: writer.write(payload(taken) + body, taken + 1))
    eventually(lambda: len(sink.samples) > taken)
    assert [sample.payload[:8] for sample in sink.samples] == [payload(n) for n in range(taken + 1)]


def test_a_closed_writer_refuses(dds: DdsPair) -> None:
    dds.start()
    writer = open_writer(dds.right)
    writer.close()
    writer.close()
    with pytest.raises(DdsError):
        writer.write(payload(1), 1)


def test_the_gid_behind_an_unknown_handle_is_none(dds: DdsPair) -> None:
    dds.start()
    reader = open_reader(dds.left, RecordingSink())
    assert reader.writer_gid(12345678901234) is None
    assert reader.lost_samples() == 0
    assert isinstance(reader.gid, Gid)


def test_a_topic_name_that_dds_forbids_is_refused(dds: DdsPair) -> None:
    dds.start()
    with pytest.raises(DdsError, match="a b"):
        open_writer(dds.right, topic="rt/a b")


def test_a_sink_in_trouble_delays_no_other_one_and_keeps_its_order(dds: DdsPair) -> None:
    dds.start()
    stuck, free = RecordingSink(), RecordingSink()
    open_reader(dds.left, stuck, topic="rt/stuck")
    open_reader(dds.left, free, topic="rt/free")
    to_stuck = matched(open_writer(dds.right, topic="rt/stuck"))
    to_free = matched(open_writer(dds.right, topic="rt/free"))
    stuck.gate.clear()
    first = threading.Thread(target=to_stuck.write, args=(payload(0), 1))
    first.start()
    assert stuck.inside.wait(30)
    for number in range(1, 50):
        to_stuck.write(payload(number), number + 1)
    to_free.write(payload(7), 1)
    eventually(lambda: free.payloads == [payload(7)])
    assert stuck.samples == []
    stuck.gate.set()
    first.join()
    eventually(lambda: len(stuck.samples) >= 50)
    assert stuck.payloads == [payload(number) for number in range(50)]
    assert stuck.most_visitors == 1


def test_close_is_the_end_of_events_and_may_be_repeated(dds: DdsPair) -> None:
    dds.start()
    eventually(lambda: dds.heard_left.of(ParticipantDiscovered))
    dds.left.close()
    dds.left.close()
    heard = len(dds.heard_left.events)
    dds.right.close()
    assert len(dds.heard_left.events) == heard
