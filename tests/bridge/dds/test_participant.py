"""Joining a domain: who we say we are, and one line with a remedy where we cannot."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from bridge.core import rosgraph
from bridge.core.events import NodesAnnounced, ParticipantDiscovered
from bridge.core.gid import Gid
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability, type_hash
from bridge.core.rosgraph import ParticipantEntities
from bridge.dds.participant import NODE_NAME, CycloneSide
from bridge.dds.xmlconfig import DdsNetwork
from bridge.errors import CannotRun, ConfigError
from tests.builders import RELIABLE, payload
from tests.contracts.pairs import DdsPair, Heard, cyclone_side, real_dds_pair
from tests.contracts.test_dds import TYPE, matched, open_reader, open_writer
from tests.fakes.sink import RecordingSink
from tests.integration.support.domains import domains
from tests.integration.support.waiting import eventually

_TOLD = Qos(
    reliability=Reliability.RELIABLE,
    durability=Durability.TRANSIENT_LOCAL,
    history=History(kind=HistoryKind.KEEP_LAST, depth=100),
)


def join(domain_id: int, **settings: object) -> CycloneSide:
    network = DdsNetwork(**({"discovery_range": "localhost"} | settings))
    return CycloneSide(domain_id=domain_id, network=network, zid="a1", namespace="/robot")


def test_others_know_us_by_our_zenoh_id_and_our_node(pair: DdsPair) -> None:
    assert isinstance(pair.right, CycloneSide)
    found = eventually(lambda: pair.heard_left.of(ParticipantDiscovered))
    assert found[0].user_data == b"enclave=/;zenlink=b2;"
    nodes = eventually(lambda: pair.heard_left.of(NodesAnnounced))
    assert [node.name for node in nodes[-1].entities.nodes] == [NODE_NAME]


def test_our_node_lives_in_the_namespace_of_this_side() -> None:
    with domains(2) as (domain_id, alias), ExitStack() as closing:
        listens = cyclone_side(domain_id)
        closing.callback(listens.close)
        speaks = cyclone_side(alias, same_as=domain_id, namespace="/robot")
        closing.callback(speaks.close)
        heard = Heard()
        listens.start(heard)
        speaks.start(lambda event: None)
        nodes = eventually(lambda: heard.of(NodesAnnounced))
        assert nodes[-1].entities.nodes[0].full_name == f"/robot/{NODE_NAME}"


def test_node_information_has_the_type_hash_that_ros_expects() -> None:
    from bridge.dds import participant

    assert type_hash(participant._INFO_QOS.user_data)
    assert participant._INFO_QOS.transient_local


@pytest.mark.parametrize(
    ("domain_id", "settings", "named"),
    [(5000, {}, "domain 5000"), (7, {"interfaces": ("no-such-if",)}, "domain 7 on no-such-if")],
)
def test_where_we_cannot_join_it_says_where_and_what_to_check(
    domain_id: int, settings: dict[str, object], named: str
) -> None:
    with pytest.raises(CannotRun, match=named) as caught:
        join(domain_id, **settings)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_second_agent_of_one_domain_in_one_process_is_refused(domain_id: int) -> None:
    side = join(domain_id)
    with pytest.raises(CannotRun, match=f"domain {domain_id}"):
        join(domain_id)
    side.close()
    join(domain_id).close()


def test_a_faulty_configuration_of_the_user_is_refused_before_anything_is_joined(domain_id: int) -> None:
    with pytest.raises(ConfigError, match="not well-formed XML"):
        join(domain_id, user_xml="<CycloneDDS>")
    join(domain_id).close()


def test_close_takes_everything_along_even_with_endpoints_open() -> None:
    before = set(threading.enumerate())
    with real_dds_pair() as pair:
        pair.start()
        sink = RecordingSink()
        open_reader(pair.left, sink)
        writer = matched(open_writer(pair.right))
        writer.write(payload(), 1)
        eventually(lambda: sink.samples)
    assert set(threading.enumerate()) <= before


def test_a_reader_may_be_closed_before_its_start(pair: DdsPair) -> None:
    sink = RecordingSink()
    reader = pair.left.open_reader(dds_topic="rt/x", dds_type=TYPE, keyed=False, qos=RELIABLE, sink=sink)
    reader.close()
    reader.close()
    assert sink.samples == []


def test_what_nodes_say_before_the_start_is_heard_of_each_of_them() -> None:
    """The topic has no key: a reader with room for one would have the last one's words alone."""
    with real_dds_pair() as pair:
        made = [Gid(bytes([1, 0x10, *[number] * 10, 0, 0, 1, 0xC1])) for number in range(20)]
        writer = pair.right.open_writer(
            dds_topic=rosgraph.DDS_TOPIC, dds_type=rosgraph.DDS_TYPE, keyed=False, qos=_TOLD
        )
        matched(writer)
        for gid in made:
            writer.write(rosgraph.encode(ParticipantEntities(participant=gid, nodes=(), gid_size=16)), 1)
        assert writer.wait_acknowledged(60.0)
        pair.start()
        eventually(
            lambda: {one.entities.participant for one in pair.heard_left.of(NodesAnnounced)} >= set(made)
        )


def test_closing_a_reader_waits_a_moment_for_its_sink_and_not_for_ever(pair: DdsPair) -> None:
    sink = RecordingSink()
    reader = open_reader(pair.left, sink)
    writer = matched(open_writer(pair.right))
    sink.gate.clear()
    writer.write(payload(), 1)
    assert sink.inside.wait(30)
    reader.close()
    matched(writer, 0)
    assert sink.samples == []
    sink.gate.set()
    eventually(lambda: sink.samples)


def test_a_fresh_domain_is_empty(domain_id: int) -> None:
    side, heard = cyclone_side(domain_id), Heard()
    side.start(heard)
    side.close()
    assert heard.events == []
