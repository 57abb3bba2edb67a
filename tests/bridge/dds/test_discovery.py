"""Discovery tells everything about others, nothing about us, and survives whatever they announce."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import pytest
from cyclonedds.builtin import BuiltinDataReader, BuiltinTopicDcpsPublication

from bridge.core.events import (
    EndpointDiscovered,
    EndpointKind,
    EndpointLost,
    Event,
    InputRejected,
    NodesAnnounced,
    ParticipantDiscovered,
    ParticipantLost,
)
from bridge.core.gid import VENDOR_FASTDDS, Gid
from bridge.core.qos import Durability, History, HistoryKind, LivelinessKind, Ownership, Qos, Reliability
from bridge.dds.discovery import Discovery
from bridge.dds.participant import CycloneSide
from bridge.dds.qos import writer_qos
from tests.builders import LATCHED, RELIABLE
from tests.contracts.pairs import DdsPair, Heard, cyclone_side, real_dds_pair
from tests.contracts.test_dds import TYPE, discovered, open_writer
from tests.integration.support.waiting import eventually

EVERYTHING = Qos(
    reliability=Reliability.RELIABLE,
    durability=Durability.TRANSIENT_LOCAL,
    deadline_ns=1_000_000_000,
    latency_budget_ns=2_000_000,
    liveliness=LivelinessKind.MANUAL_BY_TOPIC,
    lease_ns=3_000_000_000,
    ownership=Ownership.EXCLUSIVE,
    partitions=("a", "b*"),
    user_data=b"typehash=RIHS01_" + b"0" * 64 + b";",
)


def test_every_policy_that_matters_is_told(pair: DdsPair) -> None:
    writer = open_writer(pair.right, qos=EVERYTHING)
    endpoint = eventually(lambda: discovered(pair.heard_left).get(writer.gid))
    assert replace(endpoint.qos, history=None) == EVERYTHING
    assert (endpoint.kind, endpoint.dds_type) == (EndpointKind.WRITER, TYPE)


def test_a_participant_is_told_before_its_endpoints_and_a_crowd_is_told_whole() -> None:
    with real_dds_pair() as pair:
        writers = [open_writer(pair.right, topic=f"rt/crowd{number}") for number in range(400)]
        pair.start()
        gids = {writer.gid for writer in writers}
        eventually(lambda: gids <= set(discovered(pair.heard_left)))
        kinds = [type(event) for event in pair.heard_left.events]
        assert kinds.index(ParticipantDiscovered) < kinds.index(EndpointDiscovered)
        for writer in writers:
            writer.close()
        eventually(lambda: gids <= {event.gid for event in pair.heard_left.of(EndpointLost)})


@pytest.mark.parametrize(
    "payload",
    [b"\x00\x01\x00\x00" + b"\xff" * 40, b"\x00\x01\x00\x00" + bytes(4), b"\x00\x09\x00\x00" + bytes(24)],
    ids=["impossible count", "cut short", "another encoding"],
)
def test_node_information_nobody_can_read_is_counted_and_the_next_one_is_read(
    pair: DdsPair, payload: bytes
) -> None:
    assert isinstance(pair.right, CycloneSide)
    writer = pair.right._info_writer
    eventually(lambda: writer.matched() > 0)
    eventually(lambda: writer.write(payload, 1) and pair.heard_left.of(InputRejected))
    codecs = {event.codec for event in pair.heard_left.of(InputRejected)}
    assert codecs <= {"ros_discovery_info", "cdr", "gid"}
    before = len(pair.heard_left.of(NodesAnnounced))
    pair.right.announce_node(readers=(), writers=())
    eventually(lambda: len(pair.heard_left.of(NodesAnnounced)) > before)


def test_our_own_node_information_is_not_news(pair: DdsPair) -> None:
    eventually(lambda: pair.heard_left.of(NodesAnnounced))
    for event in pair.heard_left.of(NodesAnnounced):
        assert event.entities.participant == pair.right.participant


def test_what_is_already_there_when_we_join_is_told() -> None:
    with real_dds_pair() as pair:
        pair.right.start(pair.heard_right)
        writer = open_writer(pair.right, qos=LATCHED)
        pair.right.announce_node(readers=(), writers=(writer.gid,))
        pair.left.start(pair.heard_left)
        eventually(lambda: writer.gid in discovered(pair.heard_left))
        eventually(lambda: [e for e in pair.heard_left.of(NodesAnnounced) if e.entities.nodes[0].writers])


def test_what_was_heard_before_the_start_is_told_by_its_end_with_when_it_was_heard() -> None:
    with real_dds_pair() as pair:
        assert isinstance(pair.left, CycloneSide)
        pair.left.listen()
        writer = open_writer(pair.right)
        eventually(lambda: writer.gid in discovered(Heard(pair.left._discovery._early)))
        before_s = time.monotonic()
        later = open_writer(pair.right, topic="rt/later")
        eventually(lambda: pair.left._discovery._early and later.gid in known(pair.left))
        pair.left.start(pair.heard_left)
        assert {writer.gid, later.gid} <= discovered(pair.heard_left).keys()
        [participant] = pair.heard_left.of(ParticipantDiscovered)
        assert participant.heard_s is not None
        assert participant.heard_s < before_s


def few_kept(side: CycloneSide, most: int) -> Discovery:
    return Discovery(side._participant, own=side.participant, node_info=side._info_reader, max_early=most)


def test_what_is_too_much_to_keep_before_the_start_is_told_after_it() -> None:
    with real_dds_pair() as pair:
        assert isinstance(pair.left, CycloneSide)
        with closing(few_kept(pair.left, 10)) as listening:
            listening.listen()
            writers = [open_writer(pair.right, topic=f"rt/early{number}") for number in range(40)]
            gids = {writer.gid for writer in writers}
            eventually(lambda: gids <= known(pair.left) and listening._early)
            eventually(lambda: len(listening._early) == 10)
            listening.start(pair.heard_left)
            assert gids <= discovered(pair.heard_left).keys()


def test_listening_ends_though_nobody_ever_took_what_was_heard() -> None:
    with real_dds_pair() as pair:
        assert isinstance(pair.left, CycloneSide)
        with closing(few_kept(pair.left, 1)) as listening:
            listening.listen()
            eventually(lambda: len(listening._early) == 1)
        assert not listening._thread.is_alive()


def known(side: CycloneSide) -> set[Gid]:
    """The writers that Cyclone has discovered, taken or not."""
    reader = BuiltinDataReader(side._participant, BuiltinTopicDcpsPublication)
    try:
        return {Gid(sample.key.bytes) for sample in reader.read(1000)}
    finally:
        reader.__del__()


class Announced:
    """Feeds one built-in sample to discovery, as the library would."""

    def __init__(self, side: CycloneSide) -> None:
        self.discovery = side._discovery
        self.valid = SimpleNamespace(valid_data=True, instance_state=16)
        self.disposed = SimpleNamespace(valid_data=False, instance_state=32)

    def endpoint(self, gid: Gid, *, topic: str | None = "rt/x", dds_type: str | None = TYPE) -> Event | None:
        qos = writer_qos(replace(RELIABLE, history=History(HistoryKind.KEEP_LAST, 7)))
        return self.discovery._endpoint_event(EndpointKind.WRITER, gid, topic, dds_type, qos, self.valid)


@pytest.fixture
def announced(pair: DdsPair) -> Announced:
    assert isinstance(pair.left, CycloneSide)
    return Announced(pair.left)


def test_the_history_of_fast_dds_is_not_believed(announced: Announced) -> None:
    """It is not announced; Cyclone shows a default that means nothing."""
    event = announced.endpoint(Gid(VENDOR_FASTDDS + bytes(14)))
    assert isinstance(event, EndpointDiscovered)
    assert event.endpoint.qos.history is None
    other = announced.endpoint(Gid(b"\x01\x10" + bytes(14)))
    assert isinstance(other, EndpointDiscovered)
    assert other.endpoint.qos.history is not None


@pytest.mark.parametrize("settings", [{"topic": None}, {"dds_type": None}, {"topic": ""}, {"topic": "DCPSX"}])
def test_half_an_announcement_is_none(announced: Announced, settings: dict[str, str | None]) -> None:
    assert announced.endpoint(Gid(bytes(range(16))), **settings) is None


def test_an_end_needs_no_more_than_the_gid(announced: Announced) -> None:
    gid = Gid(bytes(range(16)))
    event = announced.discovery._endpoint_event(
        EndpointKind.READER, gid, None, None, None, announced.disposed
    )
    assert event == EndpointLost(gid=gid)
    assert announced.discovery._participant_event(gid.value, None, announced.disposed) == ParticipantLost(
        gid=gid
    )


def test_a_participant_may_come_without_user_data(announced: Announced) -> None:
    gid = Gid(bytes(range(16)))
    assert announced.discovery._participant_event(gid.value, None, announced.valid) == ParticipantDiscovered(
        gid=gid, user_data=b""
    )


def test_a_listener_that_fails_does_not_end_discovery(domain_id: int) -> None:
    side = cyclone_side(domain_id)
    heard = Heard()
    failed = threading.Event()

    def listen(event: Event) -> None:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("boom")
        heard(event)

    side.start(listen)
    from cyclonedds.domain import DomainParticipant

    first = DomainParticipant(domain_id)
    assert failed.wait(30)
    second = DomainParticipant(domain_id)
    gid = Gid(second.guid.bytes)
    eventually(lambda: gid in {event.gid for event in heard.of(ParticipantDiscovered)})
    assert heard.of(InputRejected)
    first.__del__()
    second.__del__()
    side.close()


def test_closing_before_the_start_is_harmless(domain_id: int) -> None:
    side = cyclone_side(domain_id)
    side.close()
    side.close()
