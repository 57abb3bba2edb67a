"""Tokens: byte-equal to the upstream bridge both ways; nothing a peer announces does harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zenoh import KeyExpr

from bridge.core.gid import Gid
from bridge.core.keys import check_route_key
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.tokens import (
    MAX_KEY_CHARS,
    WATCH_KEY_EXPR,
    Token,
    TokenKind,
    WriterToken,
    parse_token,
)
from bridge.core.typenames import check_ros_type
from bridge.errors import InvalidName, UsageError, WireError
from tests.strategies import damaged_text, tokens
from tests.vectors import records

Z = "50a551a082a4add71e36d81fbc8b55eb"
HEAD = f"@/{Z}/@ros2_lv"
GID = "0110aabbccddeeff0011223300001003"
VECTORS = records("tokens_ros2dds.txt")


def meant(record: dict[str, str]) -> Token:
    """The token a golden record describes, built from its fields."""
    kind = TokenKind[record["kind"]]
    if "reliability" not in record:
        key_expr, ros_type = record.get("key_expr", ""), record.get("ros_type", "")
        return Token(zid=record["zid"], kind=kind, key_expr=key_expr, ros_type=ros_type)
    history = None
    if record["history"] != "none":
        name, count = record["history"].split()
        history = History(HistoryKind[name], int(count))
    qos = Qos(
        reliability=None if record["reliability"] == "none" else Reliability[record["reliability"]],
        durability=Durability[record["durability"]],
        history=history,
        user_data=record["user_data"].encode(),
    )
    return Token(
        zid=record["zid"], kind=kind, key_expr=record["key_expr"], ros_type=record["ros_type"], qos=qos,
        keyed=record["keyed"] == "yes",
    )  # fmt: skip


@pytest.mark.parametrize("record", VECTORS, ids=lambda r: r["situation"])
def test_upstream_token_reads_as_what_it_means(record: dict[str, str]) -> None:
    assert parse_token(record["token"]) == meant(record)


@pytest.mark.parametrize("record", VECTORS, ids=lambda r: r["situation"])
def test_our_token_is_byte_equal_to_that_of_upstream(record: dict[str, str]) -> None:
    assert str(meant(record)) == record["token"]
    assert str(parse_token(record["token"])) == record["token"]


def test_keep_last_one_is_announced_like_no_history() -> None:
    one = Qos(reliability=Reliability.RELIABLE, history=History(HistoryKind.KEEP_LAST, 1))
    token = Token(zid=Z, kind=TokenKind.PUBLISHER, key_expr="map", ros_type="a/msg/B", qos=one)
    assert str(token) == f"{HEAD}/MP/map/a§msg§B/:1::"


def test_user_data_is_left_out_where_old_bridges_listen() -> None:
    token = parse_token(f"{HEAD}/MP/x/a§msg§B/:1:::u=1;")
    assert token.text(with_user_data=False) == f"{HEAD}/MP/x/a§msg§B/:1::"
    assert token.text(with_user_data=True) == str(token)


@given(tokens)
def test_token_reads_back_equal_and_its_watcher_sees_it(token: Token) -> None:
    assert parse_token(str(token)) == token
    assert KeyExpr(WATCH_KEY_EXPR).intersects(KeyExpr(str(token)))


@given(damaged_text(tokens.map(str)) | st.text(max_size=40))
def test_any_key_gives_a_token_fit_for_a_route_or_a_wire_error(key: str) -> None:
    try:
        token = parse_token(key)
    except WireError:
        return
    if token.kind is not TokenKind.BRIDGE:
        check_route_key(token.key_expr)
        check_ros_type(token.ros_type)
    assert str(parse_token(str(token))) == str(token)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "@",
        f"@/{Z}",
        f"@/{Z}/@ros2_lvx",
        f"x/{Z}/@ros2_lv",
        f"{HEAD}/",
        f"{HEAD}/MP",
        f"{HEAD}/M",
        f"{HEAD}/XX/a/a§msg§B",
        f"{HEAD}/mp/a/a§msg§B/:1::",
        f"{HEAD}/MP/a/a§msg§B",
        f"{HEAD}/MP/a/a§msg§B/:1::/x",
        f"{HEAD}/MP/a/a§msg§B/:1:",
        f"{HEAD}/MP/a/a§msg§B/:7::",
        f"{HEAD}/MP/§a/a§msg§B/:1::",
        f"{HEAD}/MP/a§/a§msg§B/:1::",
        f"{HEAD}/MP/a§§b/a§msg§B/:1::",
        f"{HEAD}/MP/a/§a§msg§B/:1::",
        f"{HEAD}/MP/a/B/:1::",
        f"{HEAD}/MP/a*/a§msg§B/:1::",
        f"{HEAD}/MP/*/a§msg§B/:1::",
        f"{HEAD}/MP/a$*/a§msg§B/:1::",
        f"{HEAD}/MP/a?x=1/a§msg§B/:1::",
        f"{HEAD}/MP/a/a§msg§B/:1:::u$*",
        f"{HEAD}/MP/@§{Z}§@ros2_lv/a§msg§B/:1::",
        f"{HEAD}/MP/a§@adv§pub/a§msg§B/:1::",
        f"{HEAD}/SS/a/a§srv§B/:1::",
        f"{HEAD}/SS/a",
        "@/*/@ros2_lv",
        "@/0abc/@ros2_lv",
        "@/ABC/@ros2_lv",
        f"@/{Z}0/@ros2_lv",
        f"{HEAD}/MP/\ud800/a§msg§B/:1::",
    ],
)
def test_hostile_token_is_a_wire_error(key: str) -> None:
    with pytest.raises(WireError):
        parse_token(key)


def test_key_as_long_as_allowed_passes_and_one_more_character_does_not() -> None:
    tail = "/a§srv§B"
    longest = f"{HEAD}/SS/" + "k" * (MAX_KEY_CHARS - len(f"{HEAD}/SS/{tail}")) + tail
    assert str(parse_token(longest)) == longest
    with pytest.raises(WireError, match="at most 4096 characters"):
        parse_token(longest.replace("/kk", "/kkk"))
    with pytest.raises(InvalidName, match="longer than 4096"):
        Token(zid=Z, kind=TokenKind.SERVICE_SERVER, key_expr="k" * MAX_KEY_CHARS, ros_type="a/srv/B")
    with pytest.raises(InvalidName, match="longer than 4096"):
        WriterToken(zid=Z, key_expr="k" * MAX_KEY_CHARS, writer=Gid.from_hex(GID), depth=1)


@pytest.mark.parametrize("key", ["", "/a", "a/", "a§b", "a/*", "@a"])
def test_key_that_cannot_be_announced_is_refused_before_it_is(key: str) -> None:
    with pytest.raises(InvalidName):
        Token(zid=Z, kind=TokenKind.SERVICE_SERVER, key_expr=key, ros_type="a/srv/B")


def test_fields_a_kind_does_not_have_are_our_own_mistake() -> None:
    with pytest.raises(UsageError, match="carries no QoS"):
        Token(zid=Z, kind=TokenKind.SERVICE_SERVER, key_expr="a", ros_type="a/srv/B", keyed=True)
    with pytest.raises(UsageError, match="names no interface"):
        Token(zid=Z, kind=TokenKind.BRIDGE, key_expr="a")


def test_wire_error_shows_only_the_beginning_of_an_endless_key() -> None:
    with pytest.raises(WireError) as caught:
        parse_token("a" * 10**6)
    assert len(str(caught.value)) < 400
