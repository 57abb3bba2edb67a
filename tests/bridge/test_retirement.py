"""A token that vanishes is held until it is clear whether its whole bridge went, and might come back."""

from __future__ import annotations

import itertools

import pytest

from bridge.core.events import ExtensionRetired, TokenRetired
from bridge.core.gid import Gid
from bridge.core.tokens import Token, TokenKind, WriterToken
from bridge.retirement import RETURN_S, SETTLE_S, Retirements

GRACE_S = 10.0
BRIDGE = Token(zid="a1", kind=TokenKind.BRIDGE)
CHATTER = Token(zid="a1", kind=TokenKind.PUBLISHER, key_expr="chatter", ros_type="std_msgs/msg/String")
CLOUD = Token(zid="a1", kind=TokenKind.PUBLISHER, key_expr="cloud", ros_type="sensor_msgs/msg/PointCloud2")
OTHER = Token(zid="b2", kind=TokenKind.PUBLISHER, key_expr="chatter", ros_type="std_msgs/msg/String")
WRITER = WriterToken(zid="a1", key_expr="map", writer=Gid(bytes(range(16))), depth=1)


@pytest.fixture
def held() -> Retirements:
    return Retirements(grace_s=GRACE_S)


def test_a_lone_retirement_counts_after_a_moment(held: Retirements) -> None:
    held.retired(CHATTER, 100.0)
    assert held.due(100.0) == []
    assert held.next_due_s() == 100.0 + SETTLE_S
    assert held.due(100.0 + SETTLE_S) == [TokenRetired(token=CHATTER)]
    assert held.next_due_s() is None


@pytest.mark.parametrize("order", list(itertools.permutations([BRIDGE, CHATTER, WRITER])))
@pytest.mark.parametrize("pause_s", [0.0, SETTLE_S / 4])
def test_the_tokens_of_a_lost_bridge_wait_for_it_in_whatever_order_they_vanish(
    held: Retirements, order: tuple[Token | WriterToken, ...], pause_s: float
) -> None:
    now_s = 100.0
    for token in order:
        held.retired(token, now_s)
        assert held.due(now_s) == []  # as the engine asks after every event
        now_s += pause_s
    assert held.due(100.0 + GRACE_S - 0.01) == []
    assert held.away() == {"a1"}
    assert sorted(held.due(100.0 + GRACE_S + 1.0), key=repr) == sorted(
        [TokenRetired(token=CHATTER), ExtensionRetired(token=WRITER)], key=repr
    )
    assert held.away() == frozenset()


def test_a_bridge_that_returns_has_a_moment_to_announce_its_tokens_again(held: Retirements) -> None:
    for token in (BRIDGE, CHATTER, CLOUD):
        held.retired(token, 100.0)
    assert not held.announced(BRIDGE, 105.0)
    assert held.announced(CHATTER, 105.1)
    assert held.due(105.0 + RETURN_S - 0.01) == []
    assert held.due(105.0 + RETURN_S) == [TokenRetired(token=CLOUD)]


def test_a_token_that_was_not_on_hold_is_news(held: Retirements) -> None:
    assert not held.announced(CHATTER, 100.0)


def test_a_lost_bridge_holds_no_tokens_of_others(held: Retirements) -> None:
    held.retired(BRIDGE, 100.0)
    held.retired(OTHER, 100.0)
    assert held.due(100.0 + SETTLE_S) == [TokenRetired(token=OTHER)]


def test_after_the_grace_period_a_bridge_is_forgotten(held: Retirements) -> None:
    held.retired(BRIDGE, 100.0)
    assert held.due(100.0 + GRACE_S) == []
    held.retired(CHATTER, 100.0 + GRACE_S)
    assert held.due(100.0 + GRACE_S + SETTLE_S) == [TokenRetired(token=CHATTER)]
