"""A participant is what it says it is: a node, an agent, an agent's rclpy context, an agent's own node."""

from __future__ import annotations

import pytest

from bridge.core.gid import VENDOR_FASTDDS, Gid
from bridge.core.participants import Participants, is_agent, is_companion_of
from bridge.core.requests import ServiceForm
from tests.builders import joined, participant_gid, prefix

NODE = b"enclave=/;"
AGENT = b"enclave=/;zenlink=a1;"
RCLPY_CONTEXT = b"enclave=/zenlink/za1;"
COMPANION = b"enclave=/;zenlink_of=a1;"


def test_each_kind_is_known_by_its_mark_until_it_leaves() -> None:
    known = Participants()
    kinds = {1: NODE, 2: AGENT, 3: RCLPY_CONTEXT, 4: COMPANION}
    agents = [number for number, said in kinds.items() if known.add(participant_gid(number), said)]
    assert agents == [2, 3]
    assert known.agent_prefixes == {prefix(2), prefix(3)}
    assert known.rclpy_prefixes == {prefix(3)}
    assert known.companions == {prefix(4)}
    assert known.agent_zids() == {"a1"}
    for number in kinds:
        known.drop(participant_gid(number))
    assert known.prefixes() == known.agent_prefixes == known.rclpy_prefixes == known.companions == set()


@pytest.mark.parametrize("zid", ["a", "1", "a12", "0a1", ""])
def test_an_id_counts_as_a_whole(zid: str) -> None:
    assert is_agent("a1", AGENT)
    assert not is_agent(zid, AGENT)
    assert is_companion_of("a1", COMPANION)
    assert not is_companion_of(zid, COMPANION)


def test_nodes_vote_for_the_form_of_services_and_a_tie_needs_no_rclpy() -> None:
    known = Participants()
    fast = joined(1, vendor=VENDOR_FASTDDS).gid
    known.add(fast, NODE)
    known.add(fast, NODE)  # it says the same again, and has one vote
    assert known.default_form is ServiceForm.RCLPY
    known.add(participant_gid(2), NODE)
    assert known.default_form is ServiceForm.CYCLONE
    known.add(participant_gid(2), AGENT)
    assert known.default_form is ServiceForm.RCLPY


def test_cyclone_without_an_enclave_is_bare() -> None:
    known = Participants()
    known.add(participant_gid(1), NODE)
    known.add(participant_gid(2), b"")
    known.add(joined(3, vendor=VENDOR_FASTDDS).gid, b"")
    assert known.bare() == {prefix(2)}


def test_participants_are_counted_by_who_made_them() -> None:
    known = Participants()
    for gid in (participant_gid(1), participant_gid(2), Gid(VENDOR_FASTDDS + bytes(14)), Gid(bytes(16))):
        known.add(gid, NODE)
    assert known.sizes() == (("cyclonedds", 2), ("fastdds", 1), ("other", 1))
    known.drop(participant_gid(1))
    assert known.sizes()[0] == ("cyclonedds", 1)
