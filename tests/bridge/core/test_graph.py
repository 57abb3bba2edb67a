"""The graph knows both sides, whatever the order of the news, and believes nobody about others."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.events import (
    Endpoint,
    EndpointDiscovered,
    EndpointLost,
    Event,
    ExtensionAnnounced,
    ExtensionRetired,
    InputRejected,
    MatchingChanged,
    NodesAnnounced,
    ParticipantLost,
    TokenAnnounced,
    TokenRetired,
)
from bridge.core.gid import VENDOR_FASTDDS
from bridge.core.graph import FOREIGN_BRIDGE_NODE, MAX_PARTICIPANTS, Graph
from bridge.core.naming import Naming
from bridge.core.requests import ServiceForm
from bridge.core.rosgraph import ParticipantEntities
from bridge.core.routespec import Direction, RouteSpec
from bridge.core.tokens import WriterToken
from tests.builders import (
    FAR_ZID,
    NAME,
    SERVICE,
    agent,
    appeared,
    bridge,
    claimed,
    graph,
    joined,
    node,
    offered,
    participant_gid,
    prefix,
    publisher,
    reader,
    source,
    writer,
)

ZID = "5eed"
MARK = f"enclave=/;zenlink={ZID};".encode()


def touched(known: Graph, *events: Event) -> list[set[str]]:
    return [known.fold(event) for event in events]


def left(participant: int) -> ParticipantLost:
    return ParticipantLost(gid=participant_gid(participant))


def test_an_endpoint_touches_its_name_when_it_comes_changes_and_goes() -> None:
    known = graph()
    lost = EndpointLost(gid=writer().gid)
    (come,) = appeared(writer())
    (changed,) = appeared(writer(qos=reader().qos))
    assert touched(known, come, changed, lost, lost) == [{NAME}, {NAME}, {NAME}, set()]
    assert known.names() == set()


def test_an_endpoint_that_changes_its_topic_leaves_nothing_behind() -> None:
    known = graph(writer())
    (moved,) = appeared(writer(name="/other"))
    assert known.fold(moved) == {NAME, "/other"}
    assert known.names() == {"/other"}
    known.fold(EndpointLost(gid=writer().gid))
    assert known.names() == set()


def test_a_token_touches_its_name_when_it_comes_and_goes_but_not_when_it_is_repeated() -> None:
    known = graph()
    (come,) = appeared(publisher())
    gone = TokenRetired(token=publisher())
    assert touched(known, come, come, gone, gone) == [{NAME}, set(), {NAME}, set()]
    assert known.names() == set()


def test_a_source_touches_its_name_when_it_comes_and_goes() -> None:
    known = graph()
    (come,) = appeared(source())
    gone = ExtensionRetired(token=source())
    assert touched(known, come, gone, gone) == [{NAME}, {NAME}, set()]


@pytest.mark.parametrize(
    "event",
    [
        EndpointLost(gid=writer(9).gid),
        left(7),
        TokenRetired(token=publisher("f6")),
        TokenRetired(token=bridge()),
        ExtensionRetired(token=source()),
        ExtensionRetired(token=agent(ZID, participant=5, active=True)),
        NodesAnnounced(entities=ParticipantEntities(participant=participant_gid(7))),
        MatchingChanged(
            spec=RouteSpec(direction=Direction.EGRESS, ros_name="/x", key_expr="x"), matching=True
        ),
        InputRejected(codec="token"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_about_nothing_known_is_harmless(event: Event) -> None:
    known = graph(writer(), publisher())
    before = known.topic(NAME)
    assert known.fold(event) == set()
    assert known.topic(NAME) == before


@pytest.mark.parametrize("topic", ["rq/add", "rr/addRequest", "DCPSTopic", "rt//", "plain", ""])
def test_what_is_no_topic_of_ros_is_not_kept(topic: str) -> None:
    known = graph()
    strange = replace(writer(), dds_topic=topic)
    assert known.fold(EndpointDiscovered(endpoint=strange)) == set()
    assert known.fold(EndpointLost(gid=strange.gid)) == set()
    assert known.names() == set()


def test_a_lost_participant_takes_its_endpoints_and_nodes_along() -> None:
    stays = writer(1, participant=2)
    known = graph(
        joined(1), writer(1), reader(2, name="/other"), stays, claimed(1, node("/talker", writer(1)))
    )
    assert known.fold(left(1)) == {NAME, "/other"}
    assert known.topic(NAME).writers == (stays,)
    assert known.nodes() == []
    assert known.participants.user_data == {}
    assert known.fold(EndpointLost(gid=writer(1).gid)) == set()  # its own end, which comes too, is no news


@pytest.mark.parametrize(
    "order", list(itertools.permutations([joined(5, user_data=MARK), writer(participant=5), writer()]))
)
def test_an_agents_endpoints_are_never_local_ones(order: tuple[Event | Endpoint, ...]) -> None:
    assert graph(*order).topic(NAME).writers == (writer(),)


def test_what_becomes_known_of_an_agent_touches_the_names_of_its_endpoints() -> None:
    assert graph(writer(participant=5)).fold(joined(5, user_data=MARK)) == {NAME}


def test_a_participant_that_left_is_no_agent_any_more() -> None:
    known = graph(joined(5, user_data=MARK))
    assert known.participants.agent_prefixes == {participant_gid(5).prefix}
    known.fold(left(5))
    assert known.participants.agent_prefixes == frozenset()


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1])))
def test_an_agent_on_both_sides_is_a_rival(order: tuple[int, ...]) -> None:
    token = agent(ZID, participant=5, active=True)
    news = [joined(5, user_data=MARK), token]
    assert graph(*(news[number] for number in order)).agents_on_domain() == {ZID: token}


@pytest.mark.parametrize(
    "user_data", [b"", b"enclave=/;", b"enclave=/;zenlink=5eede;", b"enclave=/;zenlink=5ee;"]
)
def test_a_token_that_names_somebody_elses_participant_makes_no_rival(user_data: bytes) -> None:
    known = graph(joined(5, user_data=user_data), agent(ZID, participant=5, active=True))
    assert known.agents_on_domain() == {}


def test_an_agent_that_left_the_domain_is_no_rival() -> None:
    known = graph(joined(5, user_data=MARK), agent(ZID, participant=5, active=True), left(5))
    assert known.agents_on_domain() == {}


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_an_agent_with_two_tokens_is_active_until_that_one_is_retired(order: tuple[bool, bool]) -> None:
    """While it changes its state, both are there, and history tells them in any order."""
    known = graph(*(agent(ZID, participant=5, active=active) for active in order))
    assert known.agents[ZID].active
    known.fold(ExtensionRetired(token=agent(ZID, participant=5, active=False)))
    assert known.agents[ZID].active
    known.fold(ExtensionRetired(token=agent(ZID, participant=5, active=True)))
    assert known.agents == {}


def test_nodes_claim_endpoints_until_their_participant_says_otherwise() -> None:
    mine, other = writer(1), writer(2)
    known = graph(mine, other, claimed(1, node("/a/talker", mine)))
    assert known.node_of(mine.gid) == "/a/talker"
    assert known.node_of(other.gid) is None
    assert known.topic(NAME).claims == ((mine.gid, "/a/talker"),)
    assert known.fold(claimed(1)) == {NAME}
    assert known.node_of(mine.gid) is None


def test_a_foreign_bridge_is_known_by_its_node() -> None:
    nodes = claimed(8, node("/other"), node(f"/robot/{FOREIGN_BRIDGE_NODE}"))
    known = graph(joined(8, user_data=b"enclave=/;"), nodes)
    assert known.foreign_bridges() == (f"/robot/{FOREIGN_BRIDGE_NODE}",)
    known.fold(claimed(8))
    assert known.foreign_bridges() == ()


def test_a_foreign_bridge_of_another_name_is_known_by_the_enclave_it_lacks() -> None:
    bridge_node, rmw_node = claimed(8, node("/my_bridge")), claimed(9, node("/talker"))
    known = graph(joined(8), joined(9, user_data=b"enclave=/;"), bridge_node, rmw_node)
    assert known.foreign_bridges() == ("/my_bridge",)


def test_the_last_words_of_a_foreign_bridge_do_not_bring_it_back() -> None:
    known = graph(joined(8), left(8), claimed(8, node(f"/{FOREIGN_BRIDGE_NODE}")))
    assert known.foreign_bridges() == ()
    assert list(known.participants_with_nodes()) == []


def test_a_node_may_be_announced_before_its_participant_is_known() -> None:
    known = graph(claimed(8, node(f"/{FOREIGN_BRIDGE_NODE}")))
    assert known.foreign_bridges() == ()
    known.fold(joined(8))
    assert known.foreign_bridges() == (f"/{FOREIGN_BRIDGE_NODE}",)


def test_bridges_come_and_go_without_touching_a_name() -> None:
    known = graph()
    (come,) = appeared(bridge())
    assert known.fold(come) == set()
    assert list(known.bridges) == [FAR_ZID]
    assert known.fold(TokenRetired(token=bridge())) == set()
    assert known.bridges == {}


def test_what_anybody_can_announce_is_bounded() -> None:
    known = graph()
    for number in range(1, MAX_PARTICIPANTS + 10):
        known.fold(TokenAnnounced(token=bridge(f"{number:x}")))
        known.fold(ExtensionAnnounced(token=agent(f"{number:x}", participant=5, active=True)))
    assert len(known.bridges) == len(known.agents) == MAX_PARTICIPANTS


def test_keys_outside_the_namespace_keep_their_whole_name() -> None:
    inside, outside = publisher(key="bot1/chatter"), publisher(key="chatter")
    known = graph(inside, outside, naming=Naming(namespace="/bot1"))
    assert known.topic(NAME).announced == (inside, outside)


def test_other_names_sort_the_tokens_anew() -> None:
    known = graph(publisher(key="old"), writer())
    assert known.rename(Naming(ingress={"/here": "/old"})) == {"/old", "/here"}
    assert known.topic("/here").announced == (publisher(key="old"),)
    assert known.topic("/old").announced == ()


@given(st.lists(st.sampled_from([writer(1), writer(2), reader(3), publisher(), source()]), max_size=12))
def test_what_came_and_went_leaves_no_trace(things: list[object]) -> None:
    known = graph(*things)
    for thing in things:
        match thing:
            case Endpoint():
                known.fold(EndpointLost(gid=thing.gid))
            case WriterToken():
                known.fold(ExtensionRetired(token=thing))
            case _:
                known.fold(TokenRetired(token=thing))
    assert known.names() == set()
    assert known.topic(NAME) == graph().topic(NAME)


def test_most_participants_tell_the_form_of_services_and_agents_do_not_vote() -> None:
    known = graph(offered())
    assert known.participants.default_form is ServiceForm.CYCLONE
    fast = joined(1, vendor=VENDOR_FASTDDS)
    assert known.fold(fast) == {SERVICE}  # what is offered here takes another form
    assert known.participants.default_form is ServiceForm.RCLPY
    assert known.fold(joined(2, user_data=b"enclave=/;zenlink=e5;")) == set()
    assert known.fold(joined(3)) == {SERVICE}
    assert known.participants.default_form is ServiceForm.CYCLONE
    assert known.fold(ParticipantLost(gid=joined(3).gid)) == {SERVICE}
    assert known.fold(ParticipantLost(gid=fast.gid)) == {SERVICE}
    assert known.participants.default_form is ServiceForm.CYCLONE


def test_a_node_of_an_agent_s_own_is_a_node_that_does_not_vote() -> None:
    known = graph(offered(), writer(participant=4))
    assert known.fold(joined(1, vendor=VENDOR_FASTDDS)) == {SERVICE}
    known.fold(joined(4, user_data=b"enclave=/;zenlink_of=e5;"))
    assert known.participants.default_form is ServiceForm.RCLPY
    assert (known.participants.companions, known.participants.agent_prefixes) == ({prefix(4)}, set())
    assert len(known.topic(NAME).writers) == 1
    assert known.foreign_bridges() == ()
    known.fold(ParticipantLost(gid=joined(4).gid))
    assert known.participants.companions == set()


def test_the_rclpy_context_of_an_agent_is_an_agent_s_too() -> None:
    known = graph(writer(participant=5), joined(5, user_data=b"enclave=/zenlink/e5;"))
    assert known.topic(NAME).writers == ()
    assert known.participants.rclpy_prefixes == known.participants.agent_prefixes == {prefix(5)}
    assert known.participants.agent_zids() == set()
    known.fold(ParticipantLost(gid=joined(5).gid))
    assert known.participants.rclpy_prefixes == known.participants.agent_prefixes == set()
