"""Live samples and history from anybody: foreign, hostile or silent, none of them stops us."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import zenoh

from bridge.ports import ZenohSample
from bridge.zenoh.session import ZenohSession
from bridge.zenoh.subscriber import MAX_HISTORY_SAMPLES, RouteSubscriber, _Gathering
from tests.integration.support.waiting import eventually

KEY = "robot/map"


class Received:
    """Keeps samples; may be in trouble with one."""

    def __init__(self) -> None:
        self.samples: list[ZenohSample] = []
        self.fault: Exception | None = None

    def __call__(self, sample: ZenohSample) -> None:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        self.samples.append(sample)


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def subscriber(ours: ZenohSession, received: Received) -> Iterator[RouteSubscriber]:
    subscriber = ours.open_subscriber(key_expr=KEY, on_sample=received)
    yield subscriber
    subscriber.close()


def connected(stranger: zenoh.Session) -> zenoh.Publisher:
    # Zenoh drops by default what a busy machine does not take at once.
    publisher = stranger.declare_publisher(KEY, congestion_control=zenoh.CongestionControl.BLOCK)
    eventually(lambda: publisher.matching_status.matching)
    return publisher


def test_a_foreign_sample_without_a_time_is_taken_as_it_is(
    subscriber: RouteSubscriber, received: Received, stranger: zenoh.Session
) -> None:
    connected(stranger).put(b"x")
    (sample,) = eventually(lambda: received.samples)
    # A router of ours stamps what nobody stamped; then the stamp is its own.
    assert sample.payload == b"x"
    assert (sample.source_ns is None) == (sample.source_id == b"")


def test_a_foreign_stamp_is_its_identity(
    subscriber: RouteSubscriber, received: Received, stranger: zenoh.Session
) -> None:
    publisher = connected(stranger)
    stamp = stranger.new_timestamp()
    publisher.put(b"x", timestamp=stamp)
    (sample,) = eventually(lambda: received.samples)
    assert sample.source_id == bytes(stamp.get_id())
    assert sample.source_ns


@pytest.mark.parametrize("payload", [b"", b"\xff", b"\x00" * (3 << 20)])
def test_any_payload_is_handed_on_and_the_next_one_too(
    subscriber: RouteSubscriber, received: Received, stranger: zenoh.Session, payload: bytes
) -> None:
    publisher = connected(stranger)
    publisher.put(payload)
    publisher.put(b"next")
    eventually(lambda: len(received.samples) == 2)
    assert [sample.payload for sample in received.samples] == [payload, b"next"]


def test_a_route_in_trouble_with_one_sample_gets_the_next(
    subscriber: RouteSubscriber, received: Received, stranger: zenoh.Session
) -> None:
    received.fault = RuntimeError("boom")
    publisher = connected(stranger)
    publisher.put(b"bad")
    publisher.put(b"good")
    eventually(lambda: [sample.payload for sample in received.samples] == [b"good"])


def test_a_delete_is_a_sample_like_any_other_and_stops_nothing(
    subscriber: RouteSubscriber, received: Received, stranger: zenoh.Session
) -> None:
    publisher = connected(stranger)
    publisher.delete()
    publisher.put(b"after")
    eventually(lambda: b"after" in [sample.payload for sample in received.samples])


def test_both_generations_of_bridges_are_asked_for_as_much_as_is_wanted(
    subscriber: RouteSubscriber, stranger: zenoh.Session
) -> None:
    asked: list[str] = []

    def answer(query: zenoh.Query) -> None:
        asked.append(str(query.selector))
        query.reply(KEY, str(query.key_expr).encode())
        query.drop()

    keys = (f"{KEY}/@adv/pub/ab/uhlc/_", f"{KEY}/@ros2_pub_cache/ab")
    queryables = [stranger.declare_queryable(key, answer, complete=True) for key in keys]
    answers: list[list[ZenohSample]] = []

    def complete() -> bool:
        subscriber.fetch_history(7, answers.append)
        eventually(lambda: answers)
        return len(answers.pop()) == 2

    eventually(complete)
    # Besides, accepting replies under another key than the asked one is a parameter, too.
    assert all("_max=7" in text.partition("?")[2].split(";") for text in asked)
    assert {text.partition("?")[0] for text in asked} == {f"{KEY}/@adv/**", f"{KEY}/@ros2_pub_cache/*"}
    assert len(queryables) == 2


def test_an_error_for_an_answer_is_passed_over(subscriber: RouteSubscriber, stranger: zenoh.Session) -> None:
    asked: list[str] = []

    def answer(query: zenoh.Query) -> None:
        asked.append(str(query.selector))
        query.reply_err(b"no")
        query.drop()

    queryable = stranger.declare_queryable(f"{KEY}/@adv/pub/ab/uhlc/_", answer, complete=True)
    answers: list[list[ZenohSample]] = []

    def reached() -> bool:
        subscriber.fetch_history(1, answers.append)
        eventually(lambda: answers)
        assert answers.pop() == []
        return bool(asked)

    eventually(reached)
    queryable.undeclare()


def test_one_that_never_answers_is_not_waited_for_for_ever(
    subscriber: RouteSubscriber, stranger: zenoh.Session
) -> None:
    kept: list[zenoh.Query] = []
    queryable = stranger.declare_queryable(f"{KEY}/@adv/pub/ab/uhlc/_", kept.append, complete=True)
    answers: list[list[ZenohSample]] = []

    def reached() -> bool:
        subscriber.fetch_history(1, answers.append)
        eventually(lambda: answers)
        assert answers == [[]]
        answers.clear()
        return bool(kept)

    eventually(reached)
    for query in kept:
        query.drop()
    queryable.undeclare()


def test_more_history_than_anybody_needs_is_cut_off() -> None:
    done: list[list[ZenohSample]] = []
    gathering = _Gathering(parts=2, done=done.append)

    class Reply:
        class ok:  # noqa: N801 - as zenoh names it
            payload = zenoh.ZBytes(b"x")
            timestamp = None

    for _ in range(MAX_HISTORY_SAMPLES + 5):
        gathering.reply(Reply)
    gathering.part_done()
    assert done == []
    gathering.part_done()
    assert [len(samples) for samples in done] == [MAX_HISTORY_SAMPLES]


def test_a_route_in_trouble_with_its_history_does_not_reach_zenoh() -> None:
    def fail(samples: list[ZenohSample]) -> None:
        raise RuntimeError("boom")

    gathering = _Gathering(parts=1, done=fail)
    gathering.part_done()


def test_history_of_a_closed_session_is_empty_and_ends(ours: ZenohSession, received: Received) -> None:
    subscriber = ours.open_subscriber(key_expr=KEY, on_sample=received)
    ours.close()
    answers: list[list[ZenohSample]] = []
    subscriber.fetch_history(1, answers.append)
    assert eventually(lambda: answers) == [[]]
