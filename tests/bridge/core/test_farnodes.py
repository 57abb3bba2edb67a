"""Far nodes: known while their tokens are, and shown with the endpoints of ours that stand for theirs."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from bridge.core import farnodes
from bridge.core.extensions import Interface, InterfacesToken, NodeToken
from bridge.core.farnodes import FarNode, FarNodes, StandIn, stood_for
from bridge.core.gid import Gid
from bridge.core.rosgraph import NodeEntities
from bridge.core.tokens import TokenKind
from tests.builders import FAR_ZID, STRING, participant_gid, reader, writer
from tests.strategies import interfaces_tokens, node_tokens

FIRST, SECOND = writer(1).gid, writer(2).gid
READS = reader(3).gid


def interface(kind: TokenKind = TokenKind.PUBLISHER, key: str = "chatter") -> Interface:
    return Interface(kind=kind, key_expr=key, ros_type=STRING)


def token(
    of: Interface | None = None, *, node: str = "talker", participant: int = 7, zid: str = FAR_ZID
) -> NodeToken:
    return NodeToken(zid=zid, participant=participant_gid(participant), node=node, interface=of)


def together(*interfaces: Interface) -> InterfacesToken:
    return InterfacesToken(zid=FAR_ZID, participant=participant_gid(7), node="talker", interfaces=interfaces)


def known(*tokens: NodeToken | InterfacesToken) -> FarNodes:
    nodes = FarNodes()
    for one in tokens:
        nodes.add(one)
    return nodes


def far(*interfaces: Interface, node: str = "talker", participant: int = 7) -> FarNode:
    return FarNode(
        participant=participant_gid(participant),
        node=node,
        zids=(FAR_ZID,),
        interfaces=frozenset(interfaces),
    )


def shown(
    nodes: list[FarNode],
    endpoints: list[StandIn],
    *,
    namespace: str = "/",
    allowed: Callable[[Interface], bool] = lambda _interface: True,
) -> dict[str, tuple[set[Gid], set[Gid]]]:
    found = stood_for(nodes, endpoints, namespace=namespace, allowed=allowed)
    return {one.full_name: (set(one.readers), set(one.writers)) for one in found}


def test_a_node_is_known_from_its_own_token_with_what_is_announced_of_it():
    nodes = known(token(interface()))
    assert nodes.nodes() == []
    nodes.add(token())
    [one] = nodes.nodes()
    assert (one.node, one.zids, one.interfaces) == ("talker", (FAR_ZID,), {interface()})
    nodes.drop(token())
    assert nodes.nodes() == []


def test_a_node_restarted_under_its_name_is_another_one():
    nodes = known(token(participant=7), token(participant=8))
    assert [one.participant for one in nodes.nodes()] == [participant_gid(7), participant_gid(8)]


def test_two_agents_that_announce_one_node_announce_it_once():
    nodes = known(token(zid="a1"), token(interface(), zid="a1"), token(zid="b2"))
    [one] = nodes.nodes()
    assert one.zids == ("a1", "b2")
    nodes.drop(token(zid="a1"))
    [one] = nodes.nodes()
    assert one.zids == ("b2",)
    assert one.interfaces == frozenset()


@given(st.lists(node_tokens | interfaces_tokens, max_size=12), st.randoms(use_true_random=False))
def test_any_order_of_tokens_ends_the_same_and_nothing_is_left_when_they_are_gone(
    tokens: list[NodeToken | InterfacesToken], rng: random.Random
) -> None:
    shuffled = [*tokens, *tokens]
    rng.shuffle(shuffled)
    nodes = known(*shuffled)
    assert nodes.nodes() == known(*tokens).nodes()
    rng.shuffle(shuffled)
    for one in shuffled:
        nodes.drop(one)
    assert nodes.nodes() == []
    assert nodes._nodes == {}
    assert nodes._count == 0


def test_only_what_changes_something_changes_the_version():
    nodes = known(token(), token(interface()))
    before = nodes.version
    nodes.add(token())
    nodes.drop(token(interface(key="other")))
    nodes.drop(token(node="nobody"))
    assert nodes.version == before
    nodes.drop(token(interface()))
    assert nodes.version != before


def test_interfaces_told_together_are_those_of_a_token_each():
    some = [interface(key=f"k{number}") for number in range(3)]
    apart = known(token(), *(token(one) for one in some))
    assert known(token(), together(*some)).nodes() == apart.nodes()


def test_an_interface_told_anew_stays_when_the_former_token_goes():
    kept, gone = interface(key="kept"), interface(key="gone")
    nodes = known(token(), together(kept, gone))
    nodes.add(token(kept))
    nodes.drop(together(kept, gone))
    assert nodes.nodes() == [far(kept)]


def test_interfaces_told_together_count_as_many():
    nodes = FarNodes(limit=3)
    nodes.add(together(*(interface(key=f"k{number}") for number in range(4))))
    assert (nodes.refused, nodes._nodes) == (1, {})


def test_tokens_without_end_are_refused_and_counted():
    nodes = FarNodes(limit=3)
    for number in range(5):
        nodes.add(token(interface(key=f"k{number}")))
    assert nodes.refused == 2
    nodes.drop(token(interface(key="k0")))
    nodes.add(token())
    assert len(nodes.nodes()) == 1


def test_an_endpoint_stands_for_every_node_that_has_the_interface():
    endpoints = [
        StandIn(kind=TokenKind.PUBLISHER, key_expr="chatter", writers=(FIRST,)),
        StandIn(kind=TokenKind.SUBSCRIBER, key_expr="chatter", readers=(READS,)),
    ]
    nodes = [far(interface(), node="a"), far(interface(), interface(TokenKind.SUBSCRIBER), node="ns/b")]
    assert shown(nodes, endpoints) == {"/a": (set(), {FIRST}), "/ns/b": ({READS}, {FIRST})}


def test_a_writer_made_for_one_participant_stands_for_its_nodes_alone():
    own = StandIn(
        kind=TokenKind.PUBLISHER, key_expr="chatter", writers=(SECOND,), source=participant_gid(7).prefix
    )
    common = StandIn(kind=TokenKind.PUBLISHER, key_expr="chatter", writers=(FIRST,))
    nodes = [far(interface(), node="a", participant=7), far(interface(), node="b", participant=8)]
    assert shown(nodes, [common, own]) == {"/a": (set(), {SECOND}), "/b": (set(), {FIRST})}


def test_an_action_stands_for_its_services_and_topics():
    goal = StandIn(
        kind=TokenKind.SERVICE_SERVER,
        key_expr="fib/_action/send_goal",
        readers=(READS,),
        writers=(FIRST,),
    )
    feedback = StandIn(kind=TokenKind.PUBLISHER, key_expr="fib/_action/feedback", writers=(SECOND,))
    action = Interface(kind=TokenKind.ACTION_SERVER, key_expr="fib", ros_type="a/action/Fib")
    assert shown([far(action)], [goal, feedback]) == {"/talker": ({READS}, {FIRST, SECOND})}
    client = Interface(kind=TokenKind.ACTION_CLIENT, key_expr="fib", ros_type="a/action/Fib")
    assert shown([far(client)], [goal, feedback]) == {"/talker": (set(), set())}


def test_the_namespace_of_this_side_is_cut_off_and_another_one_stays():
    nodes = [far(interface(), node="bot1/a"), far(interface(), node="bot2/a")]
    assert set(shown(nodes, [], namespace="/bot1")) == {"/a", "/bot2/a"}


def test_a_node_that_rules_keep_out_or_that_has_no_ros_name_is_not_shown():
    nodes = [far(interface(key="secret"), node="a"), far(interface(), node="b"), far(node="c")]
    nodes.append(far(interface(), node="1-no-name"))
    assert set(shown(nodes, [], allowed=lambda one: one.key_expr != "secret")) == {"/b"}


def test_no_more_nodes_are_published_than_every_participant_can_be_asked_to_read():
    nodes = [far(interface(), node=f"n{number}") for number in range(farnodes.MAX_NODES + 5)]
    found = stood_for(nodes, [], namespace="/", allowed=lambda _interface: True)
    assert len(found) == farnodes.MAX_NODES
    assert isinstance(found[0], NodeEntities)
