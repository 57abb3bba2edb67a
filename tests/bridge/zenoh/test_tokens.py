"""Tokens of others become events; what nobody can read is counted and hides nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import zenoh

from bridge.core.events import (
    Event,
    ExtensionAnnounced,
    ExtensionRetired,
    InputRejected,
    TokenAnnounced,
    TokenRetired,
)
from bridge.core.tokens import MAX_KEY_CHARS
from bridge.errors import ZenohError
from bridge.zenoh.session import ZenohSession
from bridge.zenoh.tokens import DeclaredToken, TokenWatch
from tests.builders import agent, bridge, publisher, source
from tests.contracts.pairs import Heard
from tests.integration.support.waiting import eventually

ZID = "d4"
SOUND = [bridge(ZID), publisher(ZID), source(zid=ZID), agent(ZID, participant=5, active=True)]
HOSTILE = [
    f"@/{ZID}/@ros2_lv/XX/a§b/c",
    f"@/{ZID}/@ros2_lv/MP",
    f"@/{ZID}/@ros2_lv/MP/a/b",
    f"@/{ZID}/@ros2_lv/MP/a/a§msg§B/:9::",
    f"@/{ZID}/@ros2_lv/MP/a/a§msg§B/:::9",
    f"@/{ZID}/@ros2_lv/MP/a§@x/a§msg§B/:::",
    f"@/{ZID}/@ros2_lv/SS/a",
    "@/NOHEX/@ros2_lv/MP/a/a§msg§B/:::",
    f"@/{ZID}/@ros2_lv/MP/{'x' * MAX_KEY_CHARS}/a§msg§B/:::",
    f"@/{ZID}/@zenlink/1/agent/short/active",
    f"@/{ZID}/@zenlink/1/agent/{'0' * 32}/perhaps",
    f"@/{ZID}/@zenlink/1/writer/a/{'0' * 32}/99999999999999",
    f"@/{ZID}/@zenlink/1/something/else",
    f"@/{ZID}/@zenlink/1/node/{'0' * 32}/a/MP/a",
]


@pytest.fixture
def heard(ours: ZenohSession) -> Heard:
    heard = Heard()
    ours.start(heard)
    return heard


@pytest.fixture
def declared(stranger: zenoh.Session) -> Iterator[list[zenoh.LivelinessToken]]:
    """Keeps tokens; they end with the test."""
    tokens: list[zenoh.LivelinessToken] = []
    yield tokens
    for token in tokens:
        token.undeclare()


def test_sound_tokens_come_and_go_as_events(heard: Heard, stranger: zenoh.Session) -> None:
    tokens = [stranger.liveliness().declare_token(str(value)) for value in SOUND]
    eventually(lambda: len(heard.events) >= len(SOUND))
    expected: list[Event] = [TokenAnnounced(token=one) for one in SOUND[:2]]
    expected += [ExtensionAnnounced(token=one) for one in SOUND[2:]]
    assert sorted(heard.events, key=repr) == sorted(expected, key=repr)
    heard.events.clear()
    for token in tokens:
        token.undeclare()
    eventually(lambda: len(heard.events) >= len(SOUND))
    expected = [TokenRetired(token=one) for one in SOUND[:2]]
    expected += [ExtensionRetired(token=one) for one in SOUND[2:]]
    assert sorted(heard.events, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_token_is_counted_and_the_next_sound_one_is_heard(
    heard: Heard, stranger: zenoh.Session, declared: list[zenoh.LivelinessToken], key: str
) -> None:
    declared += map(stranger.liveliness().declare_token, (key, str(SOUND[1])))
    eventually(lambda: heard.of(TokenAnnounced))
    assert eventually(lambda: heard.of(InputRejected))
    assert heard.of(TokenAnnounced) == [TokenAnnounced(token=SOUND[1])]


def test_a_stranger_that_speaks_for_us_is_not_heard(
    ours: ZenohSession, heard: Heard, stranger: zenoh.Session, declared: list[zenoh.LivelinessToken]
) -> None:
    values = [
        publisher(ours.zid),
        bridge(ours.zid),
        agent(ours.zid, participant=1, active=True),
        bridge(ZID),
    ]
    declared += map(stranger.liveliness().declare_token, map(str, values))
    eventually(lambda: heard.events)
    assert heard.events == [TokenAnnounced(token=bridge(ZID))]


def test_keys_of_other_kinds_are_none_of_our_business(
    heard: Heard, stranger: zenoh.Session, declared: list[zenoh.LivelinessToken]
) -> None:
    keys = ("robot/x", f"@/{ZID}/router", f"@/{ZID}/@zenlink/2/agent/x/y", str(bridge(ZID)))
    declared += map(stranger.liveliness().declare_token, keys)
    eventually(lambda: heard.events)
    assert heard.events == [TokenAnnounced(token=bridge(ZID))]


def test_a_listener_in_trouble_with_one_token_hears_the_next(
    ours: ZenohSession, stranger: zenoh.Session, declared: list[zenoh.LivelinessToken]
) -> None:
    heard = Heard()
    faults = [RuntimeError("boom")]

    def listen(event: Event) -> None:
        if faults:
            raise faults.pop()
        heard(event)

    ours.start(listen)
    declared.append(stranger.liveliness().declare_token(str(bridge(ZID))))
    assert eventually(lambda: heard.events) == [InputRejected(codec="token")]
    declared.append(stranger.liveliness().declare_token(str(publisher(ZID))))
    eventually(lambda: heard.of(TokenAnnounced))


def test_a_closed_watch_hears_nothing(ours: ZenohSession, stranger: zenoh.Session) -> None:
    first, second = Heard(), Heard()
    watch = TokenWatch(ours._session, first)
    other = TokenWatch(ours._session, second)
    watch.close()
    token = stranger.liveliness().declare_token(str(bridge(ZID)))
    eventually(lambda: second.events)
    assert first.events == []
    token.undeclare()
    other.close()


def test_what_is_no_key_cannot_be_announced(ours: ZenohSession) -> None:
    with pytest.raises(ZenohError, match="cannot announce a//b"):
        DeclaredToken(ours._session, "a//b")
