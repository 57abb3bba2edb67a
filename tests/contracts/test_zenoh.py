"""What routes and engine rely on at the Zenoh side."""

from __future__ import annotations

import itertools
import re
import threading

import pytest

from bridge.core.counts import CountRecord, SourceCount
from bridge.core.events import ExtensionAnnounced, InputRejected, TokenAnnounced, TokenRetired
from bridge.core.gid import Gid
from bridge.core.qos import Qos, Reliability
from bridge.core.tokens import Token, TokenKind, WriterToken
from bridge.errors import ZenohError
from bridge.ports import CacheReader, ZenohPublisher, ZenohSample, ZenohSide
from bridge.routes.history import HistoryCache
from tests.contracts.pairs import ZenohPair
from tests.integration.support.waiting import eventually

KEY = "robot/chatter"
WRITER = bytes(range(1, 17))


def token(zid: str) -> Token:
    return Token(
        zid=zid,
        kind=TokenKind.PUBLISHER,
        key_expr=KEY,
        ros_type="std_msgs/msg/String",
        qos=Qos(reliability=Reliability.RELIABLE),
    )


class Matching:
    """Remembers what a publisher was told."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    def __call__(self, matching: bool) -> None:
        self.told.append(matching)


def open_publisher(
    side: ZenohSide, *, key: str = KEY, cache: CacheReader | None = None, matching: Matching | None = None
) -> ZenohPublisher:
    return side.open_publisher(
        key_expr=key, block=True, priority=5, express=False, cache=cache, on_matching=matching or Matching()
    )


def connected(side: ZenohSide, *, key: str = KEY, cache: CacheReader | None = None) -> ZenohPublisher:
    """A publisher that somebody subscribes to."""
    matching = Matching()
    publisher = open_publisher(side, key=key, cache=cache, matching=matching)
    eventually(lambda: matching.told == [True])
    return publisher


class History:
    """What a query brought, and how often it was said to be all."""

    def __init__(self) -> None:
        self.answers: list[list[ZenohSample]] = []

    def __call__(self, samples: list[ZenohSample]) -> None:
        self.answers.append(samples)


def test_the_id_is_hexadecimal_and_neither_side_has_the_other_s(zenoh: ZenohPair) -> None:
    assert re.fullmatch("[1-9a-f][0-9a-f]*", zenoh.left.zid)
    assert zenoh.left.zid != zenoh.right.zid


def test_a_token_is_heard_by_the_others_from_announcement_to_retirement(zenoh: ZenohPair) -> None:
    zenoh.start()
    value = token(zenoh.left.zid)
    announced = zenoh.left.announce(str(value))
    assert eventually(lambda: zenoh.heard_right.events) == [TokenAnnounced(token=value)]
    announced.close()
    announced.close()
    eventually(lambda: len(zenoh.heard_right.events) > 1)
    assert zenoh.heard_right.events == [TokenAnnounced(token=value), TokenRetired(token=value)]
    assert zenoh.heard_left.events == []


def test_tokens_of_before_the_start_are_heard(zenoh: ZenohPair) -> None:
    bridge = Token(zid=zenoh.left.zid, kind=TokenKind.BRIDGE)
    source = WriterToken(zid=zenoh.left.zid, key_expr=KEY, writer=Gid(WRITER), depth=3)
    tokens = [zenoh.left.announce(str(value)) for value in (bridge, source)]
    zenoh.start()
    eventually(lambda: len(zenoh.heard_right.events) >= len(tokens))
    assert TokenAnnounced(token=bridge) in zenoh.heard_right.events
    assert ExtensionAnnounced(token=source) in zenoh.heard_right.events


def test_a_token_announced_twice_is_retired_by_the_last_of_the_two(zenoh: ZenohPair) -> None:
    zenoh.start()
    value = str(token(zenoh.left.zid))
    first, second = zenoh.left.announce(value), zenoh.left.announce(value)
    first.close()
    marker = Token(zid=zenoh.left.zid, kind=TokenKind.BRIDGE)
    kept = zenoh.left.announce(str(marker))
    eventually(lambda: TokenAnnounced(token=marker) in zenoh.heard_right.events)
    assert zenoh.heard_right.of(TokenRetired) == []
    second.close()
    assert eventually(lambda: zenoh.heard_right.of(TokenRetired)) == [
        TokenRetired(token=token(zenoh.left.zid))
    ]
    kept.close()


def test_hostile_tokens_are_counted_and_hide_no_good_one(zenoh: ZenohPair) -> None:
    zenoh.start()
    zid = zenoh.left.zid
    hostile = (f"@/{zid}/@ros2_lv/XX/a/b", f"@/{zid}/@ros2_lv/MP/a", f"@/{zid}/@zenlink/1/agent/zz/active")
    tokens = [zenoh.left.announce(key) for key in (*hostile, str(token(zid)))]
    assert len(tokens) == 4
    eventually(lambda: zenoh.heard_right.of(TokenAnnounced))
    eventually(lambda: len(zenoh.heard_right.of(InputRejected)) == 3)
    assert {event.codec for event in zenoh.heard_right.of(InputRejected)} <= {"token", "gid"}


def test_a_closed_session_takes_its_tokens_along(zenoh: ZenohPair) -> None:
    zenoh.start()
    announced = zenoh.left.announce(str(token(zenoh.left.zid)))
    eventually(lambda: zenoh.heard_right.of(TokenAnnounced))
    zenoh.left.close()
    zenoh.left.close()
    eventually(lambda: zenoh.heard_right.of(TokenRetired))
    announced.close()


def test_a_sample_keeps_its_bytes_its_source_time_and_its_writer(zenoh: ZenohPair) -> None:
    zenoh.start()
    received: list[ZenohSample] = []
    zenoh.right.open_subscriber(key_expr=KEY, on_sample=received.append)
    publisher = connected(zenoh.left)
    publisher.put(b"\x00\x01\x00\x00abc", 1_700_000_000_123_456_789, WRITER)
    eventually(lambda: received)
    assert received == [ZenohSample(b"\x00\x01\x00\x00abc", 1_700_000_000_123_456_789, WRITER)]


def test_every_blocking_put_arrives_in_order(zenoh: ZenohPair) -> None:
    zenoh.start()
    received: list[ZenohSample] = []
    zenoh.right.open_subscriber(key_expr=KEY, on_sample=received.append)
    publisher = connected(zenoh.left)
    samples = [ZenohSample(number.to_bytes(8, "big"), number + 1, WRITER) for number in range(3000)]
    for sample in samples:
        publisher.put(sample.payload, sample.source_ns or 0, sample.source_id)
    eventually(lambda: len(received) >= len(samples))
    assert received == samples


def test_a_record_of_counts_comes_behind_the_samples_it_counts(zenoh: ZenohPair) -> None:
    zenoh.start()
    received: list[object] = []
    subscriber = zenoh.right.open_subscriber(
        key_expr=KEY,
        on_sample=lambda sample: received.append(sample.source_ns),
        on_counts=lambda zid, record: received.append((zid, record)),
    )
    subscriber.follow_counts(frozenset({zenoh.left.zid, "abc"}))
    publisher = connected(zenoh.left)
    record = CountRecord(
        blocking=True, sources=(SourceCount(writer=Gid(WRITER), epoch=1, count=500, last_ns=500),)
    )
    for number in range(1, 501):
        publisher.put(bytes(64), number, WRITER)
    publisher.put_counts(record.encode(), block=True)
    publisher.put(b"after", 501, WRITER)
    eventually(lambda: len(received) == 502)
    assert received == [*range(1, 501), (zenoh.left.zid, record), 501]
    subscriber.follow_counts(frozenset({"abc"}))
    publisher.put_counts(record.encode(), block=True)
    publisher.put(b"last", 502, WRITER)
    eventually(lambda: len(received) == 503)
    assert received[-1] == 502


def test_puts_do_not_come_back_to_their_own_side(zenoh: ZenohPair) -> None:
    zenoh.start()
    own: list[ZenohSample] = []
    foreign: list[ZenohSample] = []
    zenoh.left.open_subscriber(key_expr=KEY, on_sample=own.append)
    zenoh.right.open_subscriber(key_expr=KEY, on_sample=foreign.append)
    connected(zenoh.left).put(b"x", 1, WRITER)
    eventually(lambda: foreign)
    assert own == []


def test_a_publisher_is_told_when_somebody_begins_and_ceases_to_listen(zenoh: ZenohPair) -> None:
    zenoh.start()
    matching = Matching()
    open_publisher(zenoh.left, matching=matching)
    subscriber = zenoh.right.open_subscriber(key_expr=KEY, on_sample=lambda sample: None)
    eventually(lambda: matching.told == [True])
    subscriber.close()
    subscriber.close()
    eventually(lambda: matching.told == [True, False])


def test_an_own_subscriber_is_nobody_to_publish_for(zenoh: ZenohPair) -> None:
    zenoh.start()
    matching = Matching()
    zenoh.left.open_subscriber(key_expr=KEY, on_sample=lambda sample: None)
    open_publisher(zenoh.left, matching=matching)
    connected_elsewhere = Matching()
    zenoh.right.open_subscriber(key_expr="robot/other", on_sample=lambda sample: None)
    open_publisher(zenoh.left, key="robot/other", matching=connected_elsewhere)
    eventually(lambda: connected_elsewhere.told == [True])
    assert matching.told == []


def test_after_its_close_a_subscriber_gets_nothing_new(zenoh: ZenohPair) -> None:
    zenoh.start()
    gone: list[ZenohSample] = []
    stays: list[ZenohSample] = []
    subscriber = zenoh.right.open_subscriber(key_expr=KEY, on_sample=gone.append)
    zenoh.right.open_subscriber(key_expr=KEY, on_sample=stays.append)
    publisher = connected(zenoh.left)
    subscriber.close()
    times = itertools.count(1)
    # Until one comes: on a busy machine a publisher that does not wait drops.
    eventually(lambda: publisher.put(b"x", next(times), WRITER) or stays)
    assert gone == []


def test_a_closed_publisher_refuses(zenoh: ZenohPair) -> None:
    zenoh.start()
    publisher = open_publisher(zenoh.left)
    publisher.close()
    publisher.close()
    with pytest.raises(ZenohError):
        publisher.put(b"x", 1, WRITER)


def test_history_brings_the_newest_of_each_writer_with_their_identity(zenoh: ZenohPair) -> None:
    zenoh.start()
    cache, history = HistoryCache(), History()
    other = bytes(reversed(WRITER))
    for number in range(5):
        cache.store(ZenohSample(bytes([number]), 1_000_000_001 + number, WRITER), depth=10)
    cache.store(ZenohSample(b"one", 7, other), depth=10)
    subscriber = zenoh.right.open_subscriber(key_expr=KEY, on_sample=lambda sample: None)
    connected(zenoh.left, cache=cache)
    subscriber.fetch_history(2, history)
    eventually(lambda: history.answers)
    # A cache may answer in the form of either generation of bridges, or both.
    assert set(history.answers[0]) == {
        ZenohSample(b"one", 7, other),
        ZenohSample(bytes([3]), 1_000_000_004, WRITER),
        ZenohSample(bytes([4]), 1_000_000_005, WRITER),
    }


def test_history_nobody_has_is_empty_and_ends(zenoh: ZenohPair) -> None:
    zenoh.start()
    history = History()
    subscriber = zenoh.right.open_subscriber(key_expr=KEY, on_sample=lambda sample: None)
    connected(zenoh.left)
    subscriber.fetch_history(10, history)
    eventually(lambda: history.answers)
    assert history.answers == [[]]


def test_own_history_is_not_answered(zenoh: ZenohPair) -> None:
    zenoh.start()
    cache, history = HistoryCache(), History()
    cache.store(ZenohSample(b"x", 1, WRITER), depth=1)
    open_publisher(zenoh.left, cache=cache)
    zenoh.left.open_subscriber(key_expr=KEY, on_sample=lambda sample: None).fetch_history(10, history)
    eventually(lambda: history.answers)
    assert history.answers == [[]]


def test_the_link_is_shown_on_both_sides(zenoh: ZenohPair) -> None:
    eventually(lambda: [link.zid for link in zenoh.left.links()] == [zenoh.right.zid])
    eventually(lambda: [link.zid for link in zenoh.right.links()] == [zenoh.left.zid])
    (link,) = zenoh.left.links()
    assert link.whatami == "router"
    assert link.src
    assert link.dst


def test_the_listening_endpoint_is_a_real_one(zenoh: ZenohPair) -> None:
    (endpoint,) = zenoh.left.listening()
    assert endpoint
    assert not endpoint.endswith(":0")


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/", "a?b"])
def test_a_key_that_is_none_is_refused(zenoh: ZenohPair, key: str) -> None:
    with pytest.raises(ZenohError):
        zenoh.left.announce(key)
    with pytest.raises(ZenohError):
        open_publisher(zenoh.left, key=key)
    with pytest.raises(ZenohError):
        zenoh.left.open_subscriber(key_expr=key, on_sample=lambda sample: None)


def test_history_ends_once_even_while_live_samples_flow(zenoh: ZenohPair) -> None:
    zenoh.start()
    cache, history = HistoryCache(), History()
    live: list[ZenohSample] = []
    subscriber = zenoh.right.open_subscriber(key_expr=KEY, on_sample=live.append)
    publisher = connected(zenoh.left, cache=cache)
    stop = threading.Event()

    def publish() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            sample = ZenohSample(b"x", number, WRITER)
            cache.store(sample, depth=3)
            publisher.put(*sample)

    flow = threading.Thread(target=publish)
    flow.start()
    try:
        subscriber.fetch_history(3, history)
        eventually(lambda: history.answers)
        seen = len(live)
        eventually(lambda: len(live) > seen)
    finally:
        stop.set()
        flow.join()
    assert len(history.answers) == 1
