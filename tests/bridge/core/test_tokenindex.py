"""Tokens by local name: bounded, and sorted anew when names change."""

from __future__ import annotations

from bridge.core.naming import Naming
from bridge.core.tokenindex import MAX_TOKENS, TokenIndex
from bridge.core.tokens import Token, TokenKind
from tests.builders import FAR_ZID, NAME, STRING, publisher, source, subscriber


def test_a_token_is_found_under_its_local_name_until_it_is_dropped() -> None:
    index = TokenIndex(Naming(namespace="/bot1"))
    token = publisher(key="bot1/chatter")
    assert index.add(token) == {NAME}
    assert index.add(token) == set()
    assert index.announced(NAME) == (token,)
    assert index.drop(token) == {NAME}
    assert index.drop(token) == set()
    assert index.names() == set()


def test_interfaces_are_counted_by_kind_whatever_their_name_here() -> None:
    index = TokenIndex(Naming(ingress={"/chatter": "/other"}))
    for token in (publisher(), publisher(), subscriber(), source()):
        index.add(token)
    assert index.sizes() == (("publisher", 1), ("subscriber", 1))
    index.rename(Naming())
    assert index.sizes() == (("publisher", 1), ("subscriber", 1))
    index.drop(publisher())
    index.drop(publisher())
    assert index.sizes() == (("publisher", 0), ("subscriber", 1))


def test_publishers_and_sources_are_told_apart() -> None:
    index = TokenIndex(Naming())
    for token in (source(), publisher(), subscriber()):
        index.add(token)
    assert index.announced(NAME) == (publisher(), subscriber())
    assert index.sources(NAME) == (source(),)


def test_remaps_hold_for_the_direction_of_the_other_half() -> None:
    index = TokenIndex(Naming(egress={"/here": "/chatter"}))
    assert index.add(subscriber()) == {"/here"}
    assert index.add(publisher()) == {NAME}


def test_a_key_without_a_name_here_is_kept_for_later_and_dropped_without_a_trace() -> None:
    index = TokenIndex(Naming(ingress={"/chatter": "/other"}))
    assert index.add(publisher()) == set()
    assert index.names() == set()
    assert index.rename(Naming()) == {NAME}
    assert index.announced(NAME) == (publisher(),)
    assert index.drop(publisher()) == {NAME}


def test_a_peer_that_announces_without_end_is_cut_off_and_leaves_room_when_it_goes() -> None:
    index = TokenIndex(Naming())
    flood = [
        Token(zid=FAR_ZID, kind=TokenKind.SERVICE_SERVER, key_expr=f"k{number}", ros_type=STRING)
        for number in range(MAX_TOKENS)
    ]
    for token in flood:
        index.add(token)
    assert index.add(publisher()) == set()
    assert len(index.names()) == MAX_TOKENS
    index.drop(flood[0])
    assert index.add(publisher()) == {NAME}
