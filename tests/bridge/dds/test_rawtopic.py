"""Typeless topics: matched by name alone, however many, and the library's tables left as they were."""

from __future__ import annotations

import ctypes as ct
import subprocess
import sys
import threading

import pytest
from cyclonedds.domain import DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

from bridge.dds import clib
from bridge.dds.participant import CycloneSide
from bridge.dds.rawtopic import _dummy_type, _stripped_copy, check_layout, create_topic, sertype_of, typeless
from bridge.errors import DdsError
from tests.bridge.dds.idl import TYPE, Other, Text
from tests.builders import RELIABLE
from tests.contracts.pairs import DdsPair
from tests.fakes.sink import RecordingSink
from tests.integration.support.domains import domains
from tests.integration.support.waiting import eventually

MANY = """
import resource, sys
import psutil
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
from tests.contracts.pairs import cyclone_side
from tests.contracts.test_dds import RELIABLE, TYPE, payload
from tests.fakes.sink import RecordingSink
from tests.integration.support.waiting import eventually

left = cyclone_side(int(sys.argv[1]))
right = cyclone_side(int(sys.argv[2]), zid="b2", same_as=int(sys.argv[1]))
left.start(lambda event: None)
right.start(lambda event: None)
rss = psutil.Process().memory_info().rss
sinks, writers = [], []
for number in range(200):
    sinks.append(RecordingSink())
    settings = {"dds_topic": f"rt/many_{number}", "dds_type": TYPE, "keyed": False, "qos": RELIABLE}
    left.open_reader(**settings, sink=sinks[-1]).start()
    left.open_writer(**settings)
    writers.append(right.open_writer(**settings))
eventually(lambda: all(writer.matched() == 1 for writer in writers))
for number, writer in enumerate(writers):
    assert writer.write(payload(number), number + 1)
eventually(lambda: all(sink.samples for sink in sinks))
assert [sink.payloads for sink in sinks] == [[payload(number)] for number in range(200)]
grown_mib = (psutil.Process().memory_info().rss - rss) >> 20
assert grown_mib < 300, f"{grown_mib} MiB"
right.close()
left.close()
print("all arrived")
"""


def table_of(topic: Topic[IdlStruct]) -> int | None:
    return ct.c_void_p.from_address(sertype_of(topic)).value


def test_200_topics_of_one_type_with_reader_and_writer_all_work_in_bounded_memory() -> None:
    """The 33rd topic of a type once sent Cyclone's type table into endless growth (24 GB, killed)."""
    with domains(2) as numbers:
        command = [sys.executable, "-c", MANY, *map(str, numbers)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.stdout, done.returncode) == ("all arrived\n", 0), done.stderr[-3000:]


def test_a_typed_node_and_we_understand_each_other_both_ways(pair: DdsPair) -> None:
    assert isinstance(pair.right, CycloneSide)
    node = pair.right._participant
    settings = {"dds_type": TYPE, "keyed": False, "qos": RELIABLE}
    sink = RecordingSink()
    pair.left.open_reader(dds_topic="rt/to_us", sink=sink, **settings).start()
    ours = pair.left.open_writer(dds_topic="rt/to_them", **settings)
    theirs = DataWriter(node, Topic(node, "rt/to_us", Text))
    reader = DataReader(node, Topic(node, "rt/to_them", Text))
    eventually(lambda: theirs.get_matched_subscriptions() and ours.matched())
    eventually(lambda: theirs.write(Text(text="hello")) or sink.samples)
    assert sink.payloads[0] == b"\x00\x01\x00\x00\x06\x00\x00\x00hello\x00\x00\x00"[: len(sink.payloads[0])]
    ours.write(b"\x00\x01\x00\x00\x04\x00\x00\x00you\x00", 1)
    assert eventually(lambda: reader.take(1))[0].text == "you"


def test_the_type_s_shape_does_not_matter_only_its_name(pair: DdsPair) -> None:
    assert isinstance(pair.right, CycloneSide)
    node = pair.right._participant
    pair.left.open_reader(
        dds_topic="rt/x", dds_type=TYPE, keyed=False, qos=RELIABLE, sink=RecordingSink()
    ).start()
    theirs = DataWriter(node, Topic(node, "rt/x", Other))
    eventually(theirs.get_matched_subscriptions)


def test_one_class_stands_for_a_type_name_for_ever() -> None:
    assert _dummy_type("a::msg::dds_::B_", False) is _dummy_type("a::msg::dds_::B_", False)
    assert _dummy_type("a::msg::dds_::B_", False) is not _dummy_type("a::msg::dds_::B_", True)


@pytest.mark.parametrize("keyed", [False, True])
def test_the_table_is_put_back_after_use_and_after_a_fault(
    participant: DomainParticipant, keyed: bool
) -> None:
    topic = create_topic(participant, dds_topic="rt/x", dds_type=TYPE, keyed=keyed)
    before = table_of(topic)
    with typeless(topic):
        assert table_of(topic) != before
    assert table_of(topic) == before

    class Fault(Exception):
        pass

    with pytest.raises(Fault), typeless(topic):
        raise Fault
    assert table_of(topic) == before


def test_a_topic_made_while_its_type_is_swapped_shares_that_type(participant: DomainParticipant) -> None:
    """It once registered another one; as soon as one of the two was gone, the next new topic crashed."""
    first = create_topic(participant, dds_topic="rt/x", dds_type=TYPE, keyed=False)
    made: list[Topic[IdlStruct]] = []

    def make() -> None:
        made.append(create_topic(participant, dds_topic="rt/y", dds_type=TYPE, keyed=False))

    other = threading.Thread(target=make)
    with typeless(first):
        other.start()
        other.join(0.5)  # time enough to go wrong in
    other.join()
    assert sertype_of(made[0]) == sertype_of(first)


def test_a_name_that_dds_forbids_is_refused_with_name_and_type(participant: DomainParticipant) -> None:
    with pytest.raises(DdsError, match=f"rt/a b of type {TYPE}"):
        create_topic(participant, dds_topic="rt/a b", dds_type=TYPE, keyed=False)


def test_the_installed_cyclonedds_is_one_we_know(participant: DomainParticipant) -> None:
    check_layout(participant)


@pytest.mark.parametrize("faulty_slot", [0, 8, 9, 10])
def test_an_unknown_layout_is_refused_with_the_version_to_install(faulty_slot: int) -> None:
    table = (ct.c_void_p * 14)(clib.SERTYPE_V0, *range(1, 14))
    table[faulty_slot] = 4711 if faulty_slot == 0 else None
    with pytest.raises(DdsError, match=r"install cyclonedds >= 11\.0\.1, < 12"):
        _stripped_copy(ct.addressof(table))


def test_a_known_layout_loses_its_type_information_and_nothing_else() -> None:
    table = (ct.c_void_p * 14)(clib.SERTYPE_V0, *range(1, 14))
    copy = _stripped_copy(ct.addressof(table))
    assert list(copy) == [clib.SERTYPE_V0, *range(1, 8), None, None, None, *range(11, 14)]


def test_what_is_no_topic_has_no_table(participant: DomainParticipant) -> None:
    class Gone:
        _ref = -1

    with pytest.raises(DdsError, match="dds_get_entity_sertype"):
        sertype_of(Gone())
