"""Who claims which endpoint, as the participants say it."""

from __future__ import annotations

from bridge.core.domainnodes import MAX_PARTICIPANTS, DomainNodes
from bridge.core.rosgraph import ParticipantEntities
from tests.builders import node, participant_gid, reader, writer


def entities(participant: int, *nodes: object) -> ParticipantEntities:
    return ParticipantEntities(participant=participant_gid(participant), nodes=nodes)  # type: ignore[arg-type]


def test_an_endpoint_belongs_to_the_node_that_claims_it_in_the_participant_of_its_prefix():
    known, one, other = DomainNodes(), writer(1), reader(2)
    assert known.set(entities(1, node("/a", one), node("/ns/b", other))) == {one.gid, other.gid}
    assert (known.owner(one.gid), known.owner(other.gid)) == ("/a", "/ns/b")
    assert known.participant(one.gid) == participant_gid(1)
    assert known.owner(writer(3).gid) is None
    assert known.participant(writer(3).gid) is None


def test_of_two_claims_in_one_participant_the_first_counts():
    known, one = DomainNodes(), writer(1)
    known.set(entities(1, node("/a", one), node("/b", one)))
    assert known.owner(one.gid) == "/a"


def test_only_what_is_claimed_otherwise_is_touched():
    known, one, two, three = DomainNodes(), writer(1), writer(2), writer(3)
    known.set(entities(1, node("/a", one, two)))
    assert known.set(entities(1, node("/a", one, two))) == set()
    assert known.set(entities(1, node("/a", one), node("/b", two, three))) == {two.gid, three.gid}
    assert known.set(entities(1)) == {one.gid, two.gid, three.gid}
    assert list(known) == []


def test_nothing_is_left_of_a_participant_that_is_gone():
    known, one = DomainNodes(), writer(1)
    known.set(entities(1, node("/a", one)))
    known.drop(one.gid.prefix)
    known.drop(one.gid.prefix)
    assert known.owner(one.gid) is None
    assert list(known) == []


def test_participants_without_end_are_not_kept_without_end():
    known = DomainNodes()
    for number in range(MAX_PARTICIPANTS + 2):
        known.set(entities(number, node("/a")))
    assert len(list(known)) == MAX_PARTICIPANTS
    assert known.set(entities(1, node("/a", writer(1)))) == {writer(1).gid}  # one that is known may go on
