"""QoS: who matches whom and why not, and one endpoint of ours that suits all of theirs."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.qos import (
    INFINITE_NS,
    DestinationOrder,
    Durability,
    History,
    HistoryKind,
    LivelinessKind,
    Ownership,
    Qos,
    Reliability,
    mismatches,
    reader_for,
    type_hash,
    writer_for,
)
from bridge.errors import WireError
from tests.strategies import announced_qos, qos

HASH = "RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18"
BEST_EFFORT = Qos(reliability=Reliability.BEST_EFFORT)
RELIABLE = Qos(reliability=Reliability.RELIABLE)
KEEP_ALL = History(HistoryKind.KEEP_ALL, -1)
LATCHED = Qos(reliability=Reliability.RELIABLE, durability=Durability.TRANSIENT_LOCAL)

qos_lists = st.lists(qos, max_size=4)
announced_lists = st.lists(announced_qos, max_size=3)
shared_qos = qos.map(lambda value: replace(value, ownership=Ownership.SHARED))
shared_lists = st.lists(shared_qos, min_size=1, max_size=4)


def depth(count: int) -> History:
    return History(HistoryKind.KEEP_LAST, count)


def test_unannounced_reliability_is_reliable_for_writers_and_best_effort_for_readers() -> None:
    assert Qos().reliable(as_writer=True)
    assert not Qos().reliable(as_writer=False)
    assert RELIABLE.reliable(as_writer=False)
    assert not BEST_EFFORT.reliable(as_writer=True)


def test_every_durability_above_volatile_keeps_samples_for_late_joiners() -> None:
    assert [Qos(durability=d).transient_local for d in Durability] == [False, True, True, True]


@pytest.mark.parametrize("count", [0, -1, 2**31])
def test_depth_that_no_dds_would_take_is_refused(count: int) -> None:
    with pytest.raises(WireError, match="a depth of 1 to"):
        depth(count)


def test_numbers_are_those_of_the_wire() -> None:
    assert list(map(int, Reliability)) == [0, 1] == [Reliability["BEST_EFFORT"], Reliability["RELIABLE"]]
    assert [d.name for d in Durability] == ["VOLATILE", "TRANSIENT_LOCAL", "TRANSIENT", "PERSISTENT"]
    assert list(map(int, Durability)) == [0, 1, 2, 3]
    assert (int(HistoryKind.KEEP_LAST), int(HistoryKind.KEEP_ALL)) == (0, 1)


def test_default_writer_and_default_reader_match() -> None:
    assert mismatches(Qos(), Qos()) == ()


@pytest.mark.parametrize(
    ("offered", "requested", "words"),
    [
        (BEST_EFFORT, RELIABLE, "reliability: offered BEST_EFFORT, requested RELIABLE"),
        (Qos(), LATCHED, "durability: offered VOLATILE, requested TRANSIENT_LOCAL"),
        (Qos(), Qos(deadline_ns=10**8), "deadline: offered infinite, requested 0.1 s"),
        (Qos(latency_budget_ns=2 * 10**6), Qos(), "latency budget: offered 0.002 s, requested 0 s"),
        (
            Qos(),
            Qos(liveliness=LivelinessKind.MANUAL_BY_TOPIC),
            "liveliness: offered AUTOMATIC, requested MANUAL_BY_TOPIC",
        ),
        (Qos(lease_ns=3 * 10**9), Qos(lease_ns=10**9), "liveliness lease: offered 3 s, requested 1 s"),
        (
            Qos(),
            Qos(destination_order=DestinationOrder.BY_SOURCE),
            "destination order: offered BY_RECEPTION, requested BY_SOURCE",
        ),
        (Qos(ownership=Ownership.EXCLUSIVE), Qos(), "ownership: offered EXCLUSIVE, requested SHARED"),
        (Qos(), Qos(ownership=Ownership.EXCLUSIVE), "ownership: offered SHARED, requested EXCLUSIVE"),
        (Qos(partitions=("a",)), Qos(), "partition: offered 'a', requested the default partition"),
    ],
)
def test_a_mismatch_says_policy_offer_and_request(offered: Qos, requested: Qos, words: str) -> None:
    assert [str(found) for found in mismatches(offered, requested)] == [words]


def test_every_mismatch_is_listed_not_only_the_first() -> None:
    requested = Qos(reliability=Reliability.RELIABLE, deadline_ns=1, partitions=("x", "y"))
    policies = [found.policy for found in mismatches(BEST_EFFORT, requested)]
    assert policies == ["reliability", "deadline", "partition"]


@pytest.mark.parametrize(
    ("one", "other", "match"),
    [
        ((), (), True),
        ((), ("",), True),
        ((), ("*",), True),
        ((), ("?",), False),
        (("a",), ("b", "a"), True),
        (("a",), ("ab",), False),
        (("a*",), ("abc",), True),
        (("a?",), ("ab",), True),
        (("a?",), ("a",), False),
        (("a*",), ("a*",), False),
        (("*",), ("a?",), False),
        (("[ab]*",), ("a",), False),
        (("[ab]*",), ("[ab]c",), True),
        (("[a]",), ("[a]",), True),
    ],
)
def test_partitions_meet_as_cyclone_dds_matches_them(
    one: tuple[str, ...], other: tuple[str, ...], match: bool
) -> None:
    for offered, requested in permutations((Qos(partitions=one), Qos(partitions=other))):
        assert (mismatches(offered, requested) == ()) is match


@given(qos)
def test_history_and_user_data_never_keep_endpoints_apart(value: Qos) -> None:
    bare = replace(value, history=None, user_data=b"")
    assert mismatches(value, RELIABLE) == mismatches(bare, RELIABLE)
    assert mismatches(BEST_EFFORT, value) == mismatches(BEST_EFFORT, bare)


@given(shared_lists)
def test_reader_for_matches_every_writer_of_shared_ownership(writers: list[Qos]) -> None:
    request = reader_for(writers)
    assert [mismatches(writer, request) for writer in writers] == [()] * len(writers)


@given(qos_lists)
def test_reader_for_fails_writers_by_mixed_ownership_alone(writers: list[Qos]) -> None:
    request = reader_for(writers)
    left_out = {found.policy for writer in writers for found in mismatches(writer, request)}
    assert left_out <= {"ownership"}
    assert not left_out or len({writer.ownership for writer in writers}) == 2


@given(qos)
def test_reader_for_one_writer_asks_for_all_it_offers(writer: Qos) -> None:
    request = reader_for([writer])
    assert request.reliable(as_writer=False) == writer.reliable(as_writer=True)
    assert replace(request, reliability=writer.reliability, partitions=writer.partitions) == writer


@given(qos_lists, st.randoms())
def test_order_of_discovery_changes_neither_reader_nor_writer(endpoints: list[Qos], random) -> None:
    shuffled = random.sample(endpoints, len(endpoints))
    assert reader_for(endpoints) == reader_for(shuffled)
    assert writer_for(endpoints, []) == writer_for(shuffled, [])
    assert writer_for([], endpoints) == writer_for([], shuffled)


def test_best_effort_writer_that_joins_a_reliable_one_is_served() -> None:
    assert reader_for([RELIABLE, BEST_EFFORT]).reliability is Reliability.BEST_EFFORT


def test_volatile_writer_that_joins_a_latched_one_is_served() -> None:
    assert reader_for([LATCHED, RELIABLE]).durability is Durability.VOLATILE


def test_reader_keeps_the_deepest_history() -> None:
    assert reader_for([Qos(history=depth(5)), Qos(), Qos(history=depth(7))]).history == depth(7)
    assert reader_for([Qos(history=KEEP_ALL), Qos(history=depth(7))]).history == KEEP_ALL
    assert reader_for([Qos(), Qos()]).history is None


def test_reader_joins_the_default_partition_beside_named_ones() -> None:
    assert reader_for([Qos(partitions=("b", "a")), Qos()]).partitions == ("", "a", "b")
    assert reader_for([Qos(), Qos(partitions=("",))]).partitions == ()


def test_without_writers_the_reader_asks_for_nothing() -> None:
    assert reader_for([]) == BEST_EFFORT


@given(shared_lists, announced_lists)
def test_writer_for_matches_every_reader_of_shared_ownership(
    readers: list[Qos], announced: list[Qos]
) -> None:
    offer = writer_for(readers, announced)
    assert [mismatches(offer, reader) for reader in readers] == [()] * len(readers)


@given(qos_lists, announced_lists)
def test_writer_for_fails_readers_by_exclusive_ownership_alone(
    readers: list[Qos], announced: list[Qos]
) -> None:
    offer = writer_for(readers, announced)
    for reader in readers:
        left_out = {found.policy for found in mismatches(offer, reader)}
        assert left_out <= ({"ownership"} if reader.ownership is Ownership.EXCLUSIVE else set())


@given(qos_lists, announced_lists)
def test_writer_is_always_reliable(readers: list[Qos], announced: list[Qos]) -> None:
    assert writer_for(readers, announced).reliability is Reliability.RELIABLE


@given(qos_lists, announced_lists)
def test_writer_stays_automatic_unless_a_reader_asks_for_more(
    readers: list[Qos], announced: list[Qos]
) -> None:
    manual = any(reader.liveliness is not LivelinessKind.AUTOMATIC for reader in readers)
    assert (writer_for(readers, announced).liveliness is not LivelinessKind.AUTOMATIC) == manual


def test_latched_origin_makes_a_latched_writer_before_any_reader_is_known() -> None:
    origin = replace(LATCHED, history=depth(10))
    assert writer_for([], [origin]) == origin


def test_latched_reader_makes_a_latched_writer_for_a_volatile_origin() -> None:
    assert writer_for([LATCHED], [RELIABLE]).durability is Durability.TRANSIENT_LOCAL


def test_writer_keeps_the_deepest_history_of_readers_and_origins() -> None:
    assert writer_for([Qos(history=depth(3))], [Qos(history=depth(8)), Qos()]).history == depth(8)
    assert writer_for([Qos(history=depth(9))], [Qos(history=depth(8))]).history == depth(9)


def test_writer_takes_the_tightest_deadline_and_lease_of_its_readers() -> None:
    offer = writer_for([Qos(deadline_ns=5, lease_ns=9), Qos(deadline_ns=7, lease_ns=8)], [Qos(deadline_ns=1)])
    assert (offer.deadline_ns, offer.lease_ns) == (5, 8)
    assert writer_for([], []).deadline_ns == INFINITE_NS


def test_type_hash_of_the_origin_goes_before_that_of_a_reader() -> None:
    origin, reader = Qos(user_data=b"typehash=origin;"), Qos(user_data=b"typehash=reader;")
    assert writer_for([reader], [Qos(), origin]).user_data == b"typehash=origin;"
    assert writer_for([reader], [Qos()]).user_data == b"typehash=reader;"


@pytest.mark.parametrize(
    "user_data",
    [
        f"typehash={HASH};".encode(),
        f"typehash={HASH}".encode(),
        f"enclave=/;typehash={HASH};x=1;".encode(),
        b"\xff\xfe=\x80;typehash=" + HASH.encode() + b";\xff",
        b"typehash=none;typehash=" + HASH.encode() + b";",
    ],
)
def test_type_hash_is_found_among_other_content(user_data: bytes) -> None:
    assert type_hash(user_data) == HASH


@pytest.mark.parametrize(
    "user_data",
    [b"", b";;;", HASH.encode(), b"typehash=;", b"typehash=RIHS01_12;", f"mytypehash={HASH};".encode(),
     f"typehash={HASH}0;".encode(), f"typehash={HASH.upper()};".encode()],
)  # fmt: skip
def test_what_is_no_type_hash_gives_none(user_data: bytes) -> None:
    assert type_hash(user_data) is None


@given(st.binary(max_size=60))
def test_any_user_data_gives_a_type_hash_or_none(user_data: bytes) -> None:
    assert type_hash(user_data) is None or b"typehash=" in user_data
