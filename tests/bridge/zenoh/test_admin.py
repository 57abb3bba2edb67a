"""Queries of the admin space: answered by key, in bounds, whoever asks and however often."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
import zenoh

from bridge.core.jsonform import Json
from bridge.errors import CannotRun
from bridge.zenoh.admin import MAX_WAITING, AdminSpace
from bridge.zenoh.session import ZenohSession
from tests.integration.support.waiting import eventually

ENTRIES: dict[str, Json] = {"version": "1", "route/topic/pub/a": {"é": [1]}, "route/topic/sub/a/b": None}


class Looks:
    """What is told, and how often it was looked up; held back, or failing, as the test wants."""

    def __init__(self) -> None:
        self.count = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self.fault: Exception | None = None

    def __call__(self) -> list[tuple[str, object]]:
        self.count += 1
        self.go_on.wait(60)
        if self.fault is not None:
            raise self.fault
        return [(key, lambda value=value: value) for key, value in ENTRIES.items()]


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def admin(ours: ZenohSession, looks: Looks) -> Iterator[AdminSpace]:
    space = ours.open_admin(looks)  # type: ignore[arg-type]
    yield space
    space.close()
    assert not [one for one in threading.enumerate() if one.name == "zenoh-admin"]


def asked(by: zenoh.Session, of: ZenohSession, selector: str) -> dict[str, Json]:
    """Answers by the key below the root."""
    found: dict[str, Json] = {}
    for reply in by.get(f"@/{of.zid}/ros2/{selector}", timeout=20.0):
        assert reply.ok is not None
        assert reply.ok.encoding == zenoh.Encoding.APPLICATION_JSON
        key = str(reply.ok.key_expr).removeprefix(f"@/{of.zid}/ros2/")
        found[key] = json.loads(reply.ok.payload.to_bytes())
    return found


@pytest.mark.parametrize(
    ("selector", "keys"),
    [
        ("**", set(ENTRIES)),
        ("version", {"version"}),
        ("route/topic/pub/*", {"route/topic/pub/a"}),
        ("route/**/b", {"route/topic/sub/a/b"}),
        ("none", set()),
    ],
)
def test_each_key_that_is_asked_for_is_answered_once(
    admin: AdminSpace, ours: ZenohSession, stranger: zenoh.Session, selector: str, keys: set[str]
) -> None:
    eventually(lambda: asked(stranger, ours, "version"))
    assert asked(stranger, ours, selector) == {key: ENTRIES[key] for key in keys}


def test_a_tool_need_not_know_the_id(admin: AdminSpace, ours: ZenohSession, stranger: zenoh.Session) -> None:
    eventually(lambda: asked(stranger, ours, "version"))
    [reply] = stranger.get("@/*/ros2/version")
    assert str(reply.ok.key_expr) == f"@/{ours.zid}/ros2/version"


def test_many_questions_are_few_looks(
    admin: AdminSpace, looks: Looks, ours: ZenohSession, stranger: zenoh.Session
) -> None:
    eventually(lambda: asked(stranger, ours, "version"))
    before = looks.count
    for _ in range(100):
        asked(stranger, ours, "version")
    assert looks.count - before < 100


def test_questions_beyond_the_bound_are_counted_and_end_at_once(
    admin: AdminSpace, looks: Looks, ours: ZenohSession, stranger: zenoh.Session
) -> None:
    eventually(lambda: asked(stranger, ours, "version"))
    eventually(lambda: looks.count)
    looks.go_on.clear()
    sent: list[int] = []
    ended: list[int] = []

    def refused() -> int:
        """More questions; those within the age of the last look are answered all the same."""
        for _ in range(2 * MAX_WAITING):
            sent.append(len(sent))
            done = zenoh.handlers.Callback(lambda _reply: None, lambda: ended.append(1))
            stranger.get(f"@/{ours.zid}/ros2/version", done, timeout=60.0)
        return admin.counts["refused"]

    eventually(refused)
    looks.go_on.set()
    eventually(lambda: len(ended) == len(sent))
    assert asked(stranger, ours, "version")


@pytest.mark.parametrize("fault", [CannotRun("busy", remedy="wait"), ValueError("of the test")])
def test_a_fault_ends_but_the_question_it_met(
    admin: AdminSpace, looks: Looks, ours: ZenohSession, stranger: zenoh.Session, fault: Exception
) -> None:
    looks.fault = fault
    eventually(lambda: asked(stranger, ours, "version") == {} and admin.counts["failed"])
    looks.fault = None
    eventually(lambda: asked(stranger, ours, "version"))
