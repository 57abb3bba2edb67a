"""Puts as configured, and history for late joiners of both bridge generations."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zenoh

from bridge.errors import ZenohError
from bridge.ports import ZenohSample
from bridge.routes.history import HistoryCache
from bridge.zenoh.publisher import _PRIORITIES, RoutePublisher, _newest
from bridge.zenoh.samples import from_zenoh
from bridge.zenoh.session import ZenohSession
from tests.fakes.relay import Relay
from tests.integration.support.waiting import eventually, stand_still

KEY = "robot/map"
ONE, OTHER = bytes(range(1, 17)), bytes(range(17, 33))


def filled() -> HistoryCache:
    """Five samples of one writer, one of another."""
    cache = HistoryCache()
    for number in range(5):
        cache.store(ZenohSample(bytes([number]), 1_000_000_001 + number, ONE), depth=10)
    cache.store(ZenohSample(b"other", 7, OTHER), depth=10)
    return cache


def published(session: ZenohSession, **settings: object) -> RoutePublisher:
    defaults = {
        "block": True,
        "priority": 5,
        "express": False,
        "cache": None,
        "on_matching": lambda told: None,
    }
    return session.open_publisher(key_expr=KEY, **(defaults | settings))


@pytest.fixture
def latched(ours: ZenohSession) -> Iterator[RoutePublisher]:
    publisher = published(ours, cache=filled())
    yield publisher
    publisher.close()


def asked(session: zenoh.Session, selector: str) -> list[zenoh.Sample]:
    """What a late joiner gets, asking as bridges do; only an answer that ends."""
    replies = session.get(
        selector,
        target=zenoh.QueryTarget.ALL,
        consolidation=zenoh.ConsolidationMode.NONE,
        accept_replies=zenoh.ReplyKeyExpr.ANY,
        timeout=30.0,
    )
    return [reply.ok for reply in replies if reply.ok is not None]


@pytest.mark.parametrize("generation", ["@adv/**", "@ros2_pub_cache/*"])
def test_both_generations_of_bridges_are_answered_with_the_samples_identity(
    latched: RoutePublisher, stranger: zenoh.Session, generation: str
) -> None:
    eventually(lambda: len(asked(stranger, f"{KEY}/{generation}")) == 6)
    samples = asked(stranger, f"{KEY}/{generation}")
    assert {str(sample.key_expr) for sample in samples} == {KEY}
    assert [from_zenoh(sample) for sample in samples] == filled().history(None)


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ("?_max=2", 3),
        ("?_max=1;_anyke", 2),
        ("?_max=0", 0),
        ("?_max=4294967295", 6),
        ("?_max=99999999999", 6),
        ("?_max=-1", 6),
        ("?_max=2x", 6),
        ("?_max=", 6),
        ("?_max=٣", 6),
        ("?other=1", 6),
    ],
)
def test_a_limit_is_kept_and_an_unreadable_one_is_none(
    latched: RoutePublisher, stranger: zenoh.Session, parameters: str, count: int
) -> None:
    eventually(lambda: asked(stranger, f"{KEY}/@adv/**"))
    assert len(asked(stranger, f"{KEY}/@adv/**{parameters}")) == count


@pytest.mark.parametrize(
    ("text", "newest"),
    [(None, None), ("5", 5), ("0", 0), ("", None), ("-1", None), ("1" * 11, None), ("²", None)],
)
def test_a_limit_is_a_plain_number(text: str | None, newest: int | None) -> None:
    assert _newest(text) == newest


def test_a_cache_in_trouble_still_ends_the_query(ours: ZenohSession, stranger: zenoh.Session) -> None:
    class Faulty:
        def history(self, newest: int | None) -> list[ZenohSample]:
            raise RuntimeError("boom")

    publisher = published(ours, cache=Faulty())
    told = stranger.liveliness().get(f"{KEY}/@adv/pub/**")
    eventually(lambda: list(told) or list(stranger.liveliness().get(f"{KEY}/@adv/pub/**")))
    assert asked(stranger, f"{KEY}/@adv/**") == []
    publisher.close()


def test_a_late_publisher_is_noticed_by_its_token_and_retired_with_it(
    ours: ZenohSession, stranger: zenoh.Session
) -> None:
    seen: list[tuple[str, zenoh.SampleKind]] = []
    watch = stranger.liveliness().declare_subscriber(
        f"{KEY}/@adv/pub/**", lambda sample: seen.append((str(sample.key_expr), sample.kind)), history=True
    )
    publisher = published(ours, cache=filled())
    key = f"{KEY}/@adv/pub/{ours.zid}/uhlc/_"
    eventually(lambda: (key, zenoh.SampleKind.PUT) in seen)
    publisher.close()
    eventually(lambda: (key, zenoh.SampleKind.DELETE) in seen)
    watch.undeclare()


def test_after_the_close_nobody_is_answered(latched: RoutePublisher, stranger: zenoh.Session) -> None:
    eventually(lambda: asked(stranger, f"{KEY}/@adv/**"))
    latched.close()
    latched.close()
    eventually(lambda: not asked(stranger, f"{KEY}/@adv/**"))
    assert asked(stranger, f"{KEY}/@ros2_pub_cache/*") == []


@pytest.mark.parametrize("block", [True, False])
@pytest.mark.parametrize("priority", range(1, 8))
def test_a_sample_travels_as_its_rule_says(
    ours: ZenohSession, stranger: zenoh.Session, block: bool, priority: int
) -> None:
    received: list[zenoh.Sample] = []
    told: list[bool] = []
    subscriber = stranger.declare_subscriber(KEY, received.append)
    publisher = published(ours, block=block, priority=priority, express=block, on_matching=told.append)
    eventually(lambda: told)
    publisher.put(b"x", 1, ONE)
    (sample,) = eventually(lambda: received)
    expected = zenoh.CongestionControl.BLOCK if block else zenoh.CongestionControl.DROP
    assert sample.congestion_control == expected
    assert sample.priority == _PRIORITIES[priority]
    assert sample.express is block
    subscriber.undeclare()
    publisher.close()


def test_a_hundred_publishers_need_no_hundred_threads(ours: ZenohSession) -> None:
    before = len(list(Path("/proc/self/task").iterdir()))
    publishers = [
        ours.open_publisher(
            key_expr=f"many/{number}",
            block=True,
            priority=5,
            express=False,
            cache=None,
            on_matching=lambda told: None,
        )
        for number in range(100)
    ]
    assert len(list(Path("/proc/self/task").iterdir())) - before < 10
    for publisher in publishers:
        publisher.close()


def test_a_publisher_that_is_closed_while_its_link_is_stuck_waits_for_nobody_and_ends_with_the_put(
    ours: ZenohSession, stalling: tuple[ZenohSession, Relay]
) -> None:
    far, relay = stalling
    far.open_subscriber(key_expr=KEY, on_sample=lambda _sample: None)
    told: list[bool] = []
    publisher = published(ours, on_matching=told.append)
    eventually(lambda: told)
    put: list[int] = []

    def puts() -> None:
        with contextlib.suppress(ZenohError):  # once it is undeclared
            for number in range(1, 1000):
                publisher.put(bytes(1 << 20), number, ONE)
                put.append(number)

    relay.stall()
    thread = threading.Thread(target=puts)
    thread.start()
    eventually(lambda: put)
    before = stand_still(lambda: len(put))
    publisher.close()
    assert stand_still(lambda: len(put)) == before, "the link was not stuck: nothing is shown"
    relay.resume()
    thread.join(30.0)
    assert len(put) < 999, "it was not undeclared"
    with pytest.raises(ZenohError):
        publisher.put(b"", 1, ONE)
