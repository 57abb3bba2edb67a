"""Tokens of our own: as documented, equal both ways; nothing a peer announces does harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zenoh import KeyExpr

from bridge.core.extensions import Extension, Interface, InterfacesToken, NodeToken, parse_extension
from bridge.core.gid import Gid
from bridge.core.tokens import (
    EXTENSION_KEY_EXPR,
    MAX_KEY_CHARS,
    WATCH_KEY_EXPR,
    AgentToken,
    TokenKind,
    WriterToken,
)
from bridge.errors import InvalidName, UsageError, WireError
from tests.strategies import damaged_text, extension_tokens

Z = "50a551a082a4add71e36d81fbc8b55eb"
HEAD = f"@/{Z}/@ros2_lv"
OURS = f"@/{Z}/@zenlink/1"
GID = "0110aabbccddeeff0011223300001003"


@given(extension_tokens)
def test_extension_reads_back_equal_and_its_watcher_sees_it(token: Extension) -> None:
    assert parse_extension(str(token)) == token
    assert KeyExpr(EXTENSION_KEY_EXPR).intersects(KeyExpr(str(token)))
    assert not KeyExpr(WATCH_KEY_EXPR).intersects(KeyExpr(str(token)))


@given(damaged_text(extension_tokens.map(str)) | st.text(max_size=40))
def test_any_key_gives_an_extension_or_a_wire_error(key: str) -> None:
    try:
        token = parse_extension(key)
    except WireError:
        return
    assert parse_extension(str(token)) == token


@pytest.mark.parametrize(
    "key",
    [
        "",
        HEAD,
        OURS,
        f"@/{Z}/@zenlink/2/agent/{GID}/active",
        f"{OURS}/agent",
        f"{OURS}/agent/{GID}",
        f"{OURS}/agent/{GID}/asleep",
        f"{OURS}/agent/{GID[:-1]}/active",
        f"{OURS}/agent/{GID}/active/x",
        f"@/xyz/@zenlink/1/agent/{GID}/active",
        f"{OURS}/writer/a/{GID}",
        f"{OURS}/writer/a/{GID}/-2",
        f"{OURS}/writer/a/{GID}/2147483648",
        f"{OURS}/writer/a/{GID}/1.5",
        f"{OURS}/writer/a/{GID}/" + "9" * 5000,
        f"{OURS}/writer/a§§b/{GID}/1",
        f"{OURS}/writer/@adv/{GID}/1",
        f"{OURS}/writer/a/{GID}/*",
        f"{OURS}/reader/a/{GID}/1",
        f"{OURS}/node/{GID}",
        f"{OURS}/node/{GID[:-1]}/talker",
        f"{OURS}/node/{GID}/§talker",
        f"{OURS}/node/{GID}/@adv",
        f"{OURS}/node/{GID}/talker/MP",
        f"{OURS}/node/{GID}/talker/MP/chatter",
        f"{OURS}/node/{GID}/talker/XX/chatter/a§msg§B",
        f"{OURS}/node/{GID}/talker/MP/chatter/a§msg§B/:1::",
        f"{OURS}/node/{GID}/talker/MP/chat§§ter/a§msg§B",
        f"{OURS}/node/{GID}/talker/MP/chatter/B",
        f"{OURS}/node/{GID}/talker/MP:chatter",
        f"{OURS}/node/{GID}/talker/MP:chatter:a§msg§B;",
        f"{OURS}/node/{GID}/talker/MP:chatter:a§msg§B:x",
        f"{OURS}/node/{GID}/talker/XX:chatter:a§msg§B",
        f"{OURS}/node/{GID}/talker/:chatter:a§msg§B",
        f"{OURS}/node/{GID}/talker/MP:@adv:a§msg§B",
        f"{OURS}/node/{GID}/talker/MP:chatter:B",
    ],
)
def test_hostile_extension_is_a_wire_error(key: str) -> None:
    with pytest.raises(WireError):
        parse_extension(key)


def test_extensions_look_as_documented() -> None:
    gid = Gid.from_hex(GID)
    assert str(AgentToken(zid=Z, participant=gid, active=True)) == f"{OURS}/agent/{GID}/active"
    assert str(AgentToken(zid=Z, participant=gid, active=False)) == f"{OURS}/agent/{GID}/standby"
    writer = WriterToken(zid=Z, key_expr="bot1/tf_static", writer=gid, depth=-1)
    assert str(writer) == f"{OURS}/writer/bot1§tf_static/{GID}/-1"
    node = NodeToken(zid=Z, participant=gid, node="bot1/talker")
    assert str(node) == f"{OURS}/node/{GID}/bot1§talker"
    of = Interface(kind=TokenKind.PUBLISHER, key_expr="bot1/chatter", ros_type="std_msgs/msg/String")
    token = NodeToken(zid=Z, participant=gid, node="bot1/talker", interface=of)
    assert str(token) == f"{OURS}/node/{GID}/bot1§talker/MP/bot1§chatter/std_msgs§msg§String"
    heard = Interface(kind=TokenKind.SUBSCRIBER, key_expr="bot1/heard", ros_type="a/msg/B")
    together = InterfacesToken(zid=Z, participant=gid, node="bot1/talker", interfaces=(of, heard))
    assert str(together) == (
        f"{OURS}/node/{GID}/bot1§talker/MP:bot1§chatter:std_msgs§msg§String;MS:bot1§heard:a§msg§B"
    )


def test_what_the_wire_cannot_carry_is_refused_before_it_is_announced() -> None:
    gid = Gid.from_hex(GID)
    with pytest.raises(InvalidName):
        NodeToken(zid=Z, participant=gid, node="/talker")
    with pytest.raises(InvalidName, match="longer than 4096"):
        NodeToken(zid=Z, participant=gid, node="n" * MAX_KEY_CHARS)
    with pytest.raises(InvalidName):
        Interface(kind=TokenKind.PUBLISHER, key_expr="chatter", ros_type="String")
    for key in ("a:b", "a;b"):
        alone = Interface(kind=TokenKind.PUBLISHER, key_expr=key, ros_type="a/msg/B")
        with pytest.raises(InvalidName):
            InterfacesToken(zid=Z, participant=gid, node="talker", interfaces=(alone, alone))
    many = tuple(
        Interface(kind=TokenKind.PUBLISHER, key_expr=f"{number}{'k' * 100}", ros_type="a/msg/B")
        for number in range(40)
    )
    with pytest.raises(InvalidName, match="longer than 4096"):
        InterfacesToken(zid=Z, participant=gid, node="talker", interfaces=many)
    with pytest.raises(UsageError):
        Interface(kind=TokenKind.BRIDGE, key_expr="chatter", ros_type="a/msg/B")
