"""Our endpoints get the policies that were planned, and what every endpoint of ours needs besides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cyclonedds.core import Policy
from cyclonedds.core import Qos as CycloneQos
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.qos import (
    INFINITE_NS,
    Durability,
    History,
    HistoryKind,
    LivelinessKind,
    Ownership,
    Qos,
    Reliability,
    mismatches,
    reader_for,
    writer_for,
)
from bridge.dds.qos import KEYED_READER_INSTANCES, READER_MAX_SAMPLES, from_cyclone, reader_qos, writer_qos
from tests.builders import KEEP_ALL, LATCHED
from tests.strategies import qos as any_qos


def seen(made: CycloneQos) -> Qos:
    """What the other side's discovery would tell of an endpoint with these policies."""
    return from_cyclone(made, history_announced=True)


def as_offered(qos: Qos) -> Qos:
    """The part that decides matching, as far as our endpoints know it: two durabilities."""
    durability = Durability.TRANSIENT_LOCAL if qos.transient_local else Durability.VOLATILE
    return replace(qos.matching_part(), durability=durability)


@given(st.lists(any_qos, min_size=1, max_size=3), st.lists(any_qos, max_size=3))
def test_our_writer_offers_what_was_planned(readers: list[Qos], announced: list[Qos]) -> None:
    offer = writer_for(readers, announced)
    assert seen(writer_qos(offer)).matching_part() == as_offered(offer)


@given(st.lists(any_qos, min_size=1, max_size=3), st.booleans())
def test_our_reader_requests_what_was_planned(writers: list[Qos], keyed: bool) -> None:
    request = reader_for(writers)
    assert seen(reader_qos(request, keyed=keyed)).matching_part() == as_offered(request)


@given(any_qos)
def test_user_data_is_handed_on(qos: Qos) -> None:
    assert seen(writer_qos(qos)).user_data == qos.user_data
    assert seen(reader_qos(qos, keyed=False)).user_data == qos.user_data


@given(any_qos, st.booleans())
def test_no_endpoint_of_ours_blocks_meets_itself_or_overwrites(qos: Qos, keyed: bool) -> None:
    for made in (writer_qos(qos), reader_qos(qos, keyed=keyed)):
        assert Policy.IgnoreLocal.Participant in made
        assert Policy.History.KeepAll in made
        reliability = made[Policy.Reliability]
        if qos.reliability is Reliability.RELIABLE:
            assert reliability == Policy.Reliability.Reliable(0)
        else:
            assert reliability == Policy.Reliability.BestEffort


@pytest.mark.parametrize(("keyed", "instances"), [(False, 1), (True, KEYED_READER_INSTANCES)])
def test_a_reader_s_cache_is_bounded(keyed: bool, instances: int) -> None:
    limits = reader_qos(Qos(), keyed=keyed)[Policy.ResourceLimits]
    assert (limits.max_samples, limits.max_samples_per_instance) == (READER_MAX_SAMPLES, READER_MAX_SAMPLES)
    assert limits.max_instances == instances


@pytest.mark.parametrize(
    ("history", "kept"),
    [
        (History(HistoryKind.KEEP_LAST, 7), Policy.History.KeepLast(7)),
        (KEEP_ALL, Policy.History.KeepAll),
        (None, Policy.History.KeepLast(1)),
    ],
)
def test_late_joiners_get_the_history_that_was_planned(history: History | None, kept: object) -> None:
    made = writer_qos(replace(LATCHED, history=history))
    assert made[Policy.DurabilityService].history == kept
    assert Policy.DurabilityService not in writer_qos(replace(LATCHED, durability=Durability.VOLATILE))


@pytest.mark.parametrize(
    ("policy", "field", "value"),
    [
        (Policy.Reliability.BestEffort, "reliability", Reliability.BEST_EFFORT),
        (Policy.Reliability.Reliable(5), "reliability", Reliability.RELIABLE),
        (Policy.Durability.Transient, "durability", Durability.TRANSIENT),
        (Policy.Durability.Persistent, "durability", Durability.PERSISTENT),
        (Policy.History.KeepAll, "history", KEEP_ALL),
        (Policy.History.KeepLast(3), "history", History(HistoryKind.KEEP_LAST, 3)),
        (Policy.Deadline(7), "deadline_ns", 7),
        (Policy.LatencyBudget(7), "latency_budget_ns", 7),
        (Policy.Liveliness.ManualByParticipant(7), "liveliness", LivelinessKind.MANUAL_BY_PARTICIPANT),
        (Policy.Liveliness.ManualByTopic(7), "lease_ns", 7),
        (Policy.Ownership.Exclusive, "ownership", Ownership.EXCLUSIVE),
        (Policy.Partition(["a", "b*"]), "partitions", ("a", "b*")),
        (Policy.Userdata(b"\x00x"), "user_data", b"\x00x"),
    ],
)
def test_what_discovery_tells_is_understood(policy: object, field: str, value: object) -> None:
    assert getattr(seen(CycloneQos(policy)), field) == value


def test_policies_that_do_not_matter_here_are_passed_over() -> None:
    others = CycloneQos(Policy.TransportPriority(3), Policy.Lifespan(5), Policy.TimeBasedFilter(1))
    assert seen(others) == Qos()


def test_a_history_that_was_not_announced_is_not_taken_for_one() -> None:
    made = CycloneQos(Policy.History.KeepLast(1))
    assert from_cyclone(made, history_announced=False).history is None


@given(st.lists(any_qos, min_size=1, max_size=3))
def test_what_we_say_about_matching_holds_for_the_endpoints_we_create(readers: list[Qos]) -> None:
    offer = writer_for(readers, ())
    made = seen(writer_qos(offer))
    for reader in readers:
        # Nobody can hold more than TRANSIENT_LOCAL of ours: the planner must say so, or the endpoint do it.
        if reader.durability <= Durability.TRANSIENT_LOCAL:
            assert mismatches(made, reader) == mismatches(offer, reader)
    assert made.deadline_ns <= INFINITE_NS
