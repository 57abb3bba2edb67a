"""What is told of the nodes here, in how many keys, and what becomes of a key when a part of it goes."""

from __future__ import annotations

import logging

import pytest

from bridge.core.extensions import Interface, InterfacesToken, NodeToken, parse_extension
from bridge.core.gid import Gid
from bridge.core.graph import Graph
from bridge.core.naming import Naming
from bridge.core.policy import Policy
from bridge.core.tokens import TokenKind
from bridge.nodetokens import NodeTokens
from tests.builders import STRING
from tests.fakes.zenoh import FakeNetwork, FakeZenoh

POLICY = Policy()
PARTICIPANT = Gid(bytes(range(16)))


class Given(NodeTokens):
    """Of routes that are their own tokens."""

    def _tokens(self, route, policy):
        return route


class Stage:
    def __init__(self) -> None:
        self.zenoh: FakeZenoh = FakeNetwork().session("a1")
        self.tokens = Given(zenoh=self.zenoh, graph=Graph(naming=Naming()), namespace="/")

    def follow(self, *names: str, node: str = "talker") -> None:
        for name in names:
            self.tokens.follow(f"/{name}", [[token(node), token(node, name)]], POLICY)
        self.tokens.announce()

    def forget(self, *names: str) -> None:
        for name in names:
            self.tokens.follow(f"/{name}", [], POLICY)
        self.tokens.announce()

    def told(self) -> list[set[str]]:
        """Keys of the interfaces in each token, in the order of the first of them; of a node itself: none."""
        found = []
        for key in list(self.zenoh.tokens):
            one = parse_extension(key)
            if isinstance(one, InterfacesToken):
                found.append({interface.key_expr for interface in one.interfaces})
            elif isinstance(one, NodeToken):
                found.append(set() if one.interface is None else {one.interface.key_expr})
        return sorted(found, key=lambda keys: min(keys, default=""))


def token(node: str, key: str = "") -> NodeToken:
    of = Interface(kind=TokenKind.PUBLISHER, key_expr=key, ros_type=STRING) if key else None
    return NodeToken(zid="a1", participant=PARTICIPANT, node=node, interface=of)


def test_what_comes_together_is_told_together_and_what_comes_alone_alone():
    stage = Stage()
    stage.follow("a", "b", "c")
    stage.follow("d")
    assert stage.told() == [set(), {"a", "b", "c"}, {"d"}]


def test_a_thousand_interfaces_take_few_keys():
    stage = Stage()
    stage.follow(*(f"t{number}" for number in range(1000)))
    told = stage.told()
    assert len(told) == 51
    assert set().union(*told) == {f"t{number}" for number in range(1000)}


def test_long_names_stay_within_what_a_token_may_have():
    stage = Stage()
    names = [f"{'n' * 240}{number}" for number in range(30)]
    stage.follow(*names)
    assert set().union(*stage.told()) == set(names)


def test_each_node_has_keys_of_its_own():
    stage = Stage()
    for name in "ab":
        stage.tokens.follow(f"/{name}", [[token("one", f"{name}1"), token("two", f"{name}2")]], POLICY)
    stage.tokens.announce()
    assert stage.told() == [{"a1", "b1"}, {"a2", "b2"}]


def test_what_is_left_is_told_anew_before_the_old_key_goes():
    stage = Stage()
    stage.follow("a", "b", "c")
    [before] = [key for key in stage.zenoh.tokens if ";" in key]
    order = []
    announce = stage.zenoh.announce

    def watched(key: str):
        order.append((key, before in stage.zenoh.tokens))
        return announce(key)

    stage.zenoh.announce = watched  # type: ignore[method-assign]
    stage.forget("b")
    assert stage.told() == [set(), {"a", "c"}]
    [(_, stood)] = order
    assert stood


def test_what_goes_together_leaves_nothing_and_tells_nothing():
    stage = Stage()
    stage.follow("a", "b", "c")
    stage.zenoh.refusals.add("announce")
    stage.forget("a", "b", "c")
    assert stage.told() == []


def test_what_goes_and_comes_within_a_turn_is_left_alone():
    stage = Stage()
    stage.follow("a", "b")
    before = dict(stage.zenoh.tokens)
    stage.tokens.follow("/a", [], POLICY)
    stage.follow("a")
    assert dict(stage.zenoh.tokens) == before


def test_what_was_refused_is_told_with_the_names_next_change(caplog: pytest.LogCaptureFixture):
    stage = Stage()
    stage.zenoh.refusals.add("announce")
    with caplog.at_level(logging.WARNING):
        stage.follow("a", "b")
    assert "node talker is not announced" in caplog.text
    stage.zenoh.refusals.clear()
    stage.follow("a")
    assert stage.told() == [set(), {"a"}]
    stage.follow("b")
    assert stage.told() == [set(), {"a"}, {"b"}]


def test_at_the_end_nothing_is_left():
    stage = Stage()
    stage.follow("a", "b")
    stage.follow("c")
    stage.tokens.close()
    stage.tokens.close()
    assert stage.told() == []
