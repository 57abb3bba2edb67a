"""What core says about matching is what Cyclone DDS does: on loopback, with real readers and writers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from cyclonedds.core import Policy
from cyclonedds.core import Qos as CycloneQos
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.idl.types import int32
from cyclonedds.pub import DataWriter, Publisher
from cyclonedds.sub import DataReader, Subscriber
from cyclonedds.topic import Topic
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.qos import (
    INFINITE_NS,
    DestinationOrder,
    Durability,
    LivelinessKind,
    Ownership,
    Qos,
    Reliability,
    mismatches,
    reader_for,
    writer_for,
)
from tests.strategies import partition_lists

LOOPBACK = """<CycloneDDS><Domain><General><AllowMulticast>false</AllowMulticast>
<Interfaces><NetworkInterface name="lo"/></Interfaces></General></Domain></CycloneDDS>"""
MAX_BLOCKING_NS = 100_000_000
RELIABILITY = {
    Reliability.BEST_EFFORT: Policy.Reliability.BestEffort,
    Reliability.RELIABLE: Policy.Reliability.Reliable(MAX_BLOCKING_NS),
}
DURABILITY = {
    Durability.VOLATILE: Policy.Durability.Volatile,
    Durability.TRANSIENT_LOCAL: Policy.Durability.TransientLocal,
}
LIVELINESS = {
    LivelinessKind.AUTOMATIC: Policy.Liveliness.Automatic,
    LivelinessKind.MANUAL_BY_PARTICIPANT: Policy.Liveliness.ManualByParticipant,
    LivelinessKind.MANUAL_BY_TOPIC: Policy.Liveliness.ManualByTopic,
}
OWNERSHIP = {
    Ownership.SHARED: Policy.Ownership.Shared,
    Ownership.EXCLUSIVE: Policy.Ownership.Exclusive,
}
ORDER = {
    DestinationOrder.BY_RECEPTION: Policy.DestinationOrder.ByReceptionTimestamp,
    DestinationOrder.BY_SOURCE: Policy.DestinationOrder.BySourceTimestamp,
}

# Twice the default beside each other value: with all of them free, hardly a pair would match.
durations_ns = st.sampled_from([INFINITE_NS, INFINITE_NS, 10**9, 3 * 10**9])
endpoints = st.builds(
    Qos,
    reliability=st.sampled_from(Reliability),
    durability=st.sampled_from(list(DURABILITY)),
    deadline_ns=durations_ns,
    latency_budget_ns=st.sampled_from([0, 0, 10**6]),
    liveliness=st.sampled_from([LivelinessKind.AUTOMATIC, *LivelinessKind]),
    lease_ns=durations_ns,
    ownership=st.sampled_from([Ownership.SHARED, *Ownership]),
    destination_order=st.sampled_from([DestinationOrder.BY_RECEPTION, *DestinationOrder]),
    partitions=st.just(()) | partition_lists,
)
topic_numbers = count()


@dataclass
class Sample(IdlStruct, typename="zenlink_test::Sample"):
    """Anything: only matching is looked at."""

    number: int32


@pytest.fixture(scope="module")
def participant() -> Iterator[DomainParticipant]:
    domain_id = 100 + os.getpid() % 100
    domain = Domain(domain_id, LOOPBACK)
    yield DomainParticipant(domain_id)
    del domain


def cyclone_matches(participant: DomainParticipant, offered: Qos, requested: Qos) -> bool:
    topic = Topic(participant, f"pair{next(topic_numbers)}", Sample)
    writer = DataWriter(Publisher(participant, partitions(offered)), topic, policies(offered))
    reader = DataReader(Subscriber(participant, partitions(requested)), topic, policies(requested))
    matched = bool(writer.get_matched_subscriptions())
    assert matched == bool(reader.get_matched_publications())
    return matched


def policies(qos: Qos) -> CycloneQos:
    return CycloneQos(
        RELIABILITY[Reliability(qos.reliability or 0)],
        DURABILITY[qos.durability],
        Policy.Deadline(qos.deadline_ns),
        Policy.LatencyBudget(qos.latency_budget_ns),
        LIVELINESS[qos.liveliness](qos.lease_ns),
        OWNERSHIP[qos.ownership],
        ORDER[qos.destination_order],
    )


def partitions(qos: Qos) -> CycloneQos:
    return CycloneQos(Policy.Partition(qos.partitions)) if qos.partitions else CycloneQos()


@given(offered=endpoints, requested=endpoints)
def test_no_mismatch_means_that_cyclone_matches(participant, offered: Qos, requested: Qos) -> None:
    assert cyclone_matches(participant, offered, requested) is (mismatches(offered, requested) == ())


@given(writers=st.lists(endpoints, min_size=1, max_size=3))
def test_merged_reader_matches_in_cyclone_whom_core_says(participant, writers: list[Qos]) -> None:
    request = reader_for(writers)
    for writer in writers:
        assert cyclone_matches(participant, writer, request) is (mismatches(writer, request) == ())


@given(readers=st.lists(endpoints, min_size=1, max_size=3))
def test_merged_writer_matches_in_cyclone_whom_core_says(participant, readers: list[Qos]) -> None:
    offer = writer_for(readers, [])
    for reader in readers:
        assert cyclone_matches(participant, offer, reader) is (mismatches(offer, reader) == ())
