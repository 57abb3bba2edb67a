"""What others tell each other of their types leaves no trace in a domain of ours."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import pytest
from cyclonedds._clayer import ddspy_get_typeobj
from cyclonedds.builtin import BuiltinDataReader, BuiltinTopicDcpsPublication
from cyclonedds.core import DDSException
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.pub import DataWriter
from cyclonedds.topic import Topic

from bridge.dds import typelookup
from bridge.dds.join import join
from bridge.dds.xmlconfig import cyclone_xml
from tests.bridge.dds.idl import TYPE, Text
from tests.contracts.pairs import loopback
from tests.integration.support.domains import domains
from tests.integration.support.waiting import eventually

ASK_NS = 500_000_000


@contextlib.contextmanager
def of_another_process(domain_id: int, alias: int) -> Iterator[DomainParticipant]:
    domain = Domain(alias, cyclone_xml(loopback(domain_id)))
    participant = DomainParticipant(alias)
    yield participant
    participant.__del__()
    domain.__del__()


class Seen:
    """The publisher of the type as a participant has discovered it."""

    def __init__(self, participant: DomainParticipant) -> None:
        self._participant = participant
        self._reader = BuiltinDataReader(participant, BuiltinTopicDcpsPublication)
        self._type_id: bytes = b""

    def type_id(self) -> bytes:
        """Empty until it is there."""
        for one in self._reader.take(100):
            if one.type_name == TYPE:
                self._type_id = one.type_id.serialize(use_version_2=True)[4:]
        return self._type_id

    def learns(self) -> bool:
        """Ask for the type; whether the answer is taken in."""
        found = ddspy_get_typeobj(self._participant._ref, self.type_id(), ASK_NS)
        assert isinstance(found, bytes) or found == DDSException.DDS_RETCODE_TIMEOUT
        return isinstance(found, bytes)


def test_an_answer_that_teaches_another_its_type_teaches_us_nothing() -> None:
    with (
        domains(3) as (domain_id, second, third),
        of_another_process(domain_id, second) as owner,
        of_another_process(domain_id, third) as learner,
    ):
        domain, (ours,) = join(domain_id, loopback(), user_data="enclave=/;")
        writer = DataWriter(owner, Topic(owner, "rt/x", Text))
        there, here = Seen(learner), Seen(ours)
        eventually(lambda: there.type_id() and here.type_id())
        eventually(there.learns)
        assert not here.learns()
        del writer
        ours.__del__()
        domain.__del__()


def test_a_library_laid_out_in_another_way_is_told_and_left_alone(
    participant: DomainParticipant, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        typelookup.learn_no_types(participant)
        assert not caplog.records
        typelookup.learn_no_types(participant, carrier="DDS::Builtin::Renamed")
    assert "install cyclonedds >= 11.0.1, < 12" in caplog.text
