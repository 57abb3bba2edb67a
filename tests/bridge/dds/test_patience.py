"""What finds no room, or no reader, is written later; bounded, and never blocking."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from bridge.dds.patience import MAX_WAITING, MAX_WAITING_BYTES, Patience, PatientWriter
from bridge.errors import DdsError
from tests.builders import RELIABLE
from tests.fakes.dds import FakeDomain, FakeWriter
from tests.integration.support.waiting import eventually


@pytest.fixture
def fake() -> FakeWriter:
    side = FakeDomain().side()
    return side.open_writer(dds_topic="rr/aReply", dds_type="a::b::dds_::C_", keyed=False, qos=RELIABLE)


@pytest.fixture
def writer(fake: FakeWriter) -> Iterator[PatientWriter]:
    patience = Patience()
    made = PatientWriter(fake, patience, counts=Counter(), topic="rr/aReply")
    yield made
    made.close()
    patience.close()
    assert not [one for one in threading.enumerate() if one.name == "dds-services"]


def payloads(fake: FakeWriter) -> list[bytes]:
    return [payload for payload, _ in fake.written]


def test_with_room_it_is_written_at_once(writer: PatientWriter, fake: FakeWriter) -> None:
    writer.send(b"a")
    assert payloads(fake) == [b"a"]


def test_without_room_it_waits_in_order(writer: PatientWriter, fake: FakeWriter) -> None:
    fake.room = 0
    for text in (b"a", b"b", b"c"):
        writer.send(text)
    assert payloads(fake) == []
    fake.room = None
    eventually(lambda: payloads(fake) == [b"a", b"b", b"c"])


def test_one_without_its_reader_holds_no_other_back(writer: PatientWriter, fake: FakeWriter) -> None:
    there = threading.Event()
    writer.send(b"a", reached=there.is_set)
    writer.send(b"b")
    eventually(lambda: payloads(fake)[:1] == [b"b"])
    there.set()
    eventually(lambda: payloads(fake) == [b"b", b"a"])


def test_a_reader_that_never_comes_is_not_waited_for_for_ever(
    writer: PatientWriter, fake: FakeWriter
) -> None:
    writer.send(b"a", reached=lambda: False)
    assert payloads(fake) == []
    eventually(lambda: payloads(fake) == [b"a"])


def test_what_waits_is_bounded(writer: PatientWriter, fake: FakeWriter) -> None:
    fake.room = 0
    for _ in range(MAX_WAITING):
        writer.send(b"a")
    with pytest.raises(DdsError, match="wait for a stuck reader"):
        writer.send(b"a")


def test_what_waits_is_bounded_in_bytes(writer: PatientWriter, fake: FakeWriter) -> None:
    fake.room = 0
    writer.send(bytes(MAX_WAITING_BYTES))
    with pytest.raises(DdsError, match="wait for a stuck reader"):
        writer.send(b"a")


def test_a_refusal_drops_what_waits_and_ends_nothing_else(fake: FakeWriter, writer: PatientWriter) -> None:
    fake.room = 0
    writer.send(b"a")
    fake.refusal = "gone"
    eventually(lambda: fake.closed)
    with pytest.raises(DdsError, match="closed"):
        writer.send(b"b")
