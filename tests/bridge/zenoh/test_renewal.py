"""A session that is closed and opened anew under everything that is declared on it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bridge.core.counts import CountRecord
from bridge.core.events import TokenAnnounced, TokenRetired
from bridge.core.tokens import Token, TokenKind
from bridge.errors import BridgeError
from bridge.ports import ZenohSample
from bridge.serviceports import ZenohQuery
from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import PAUSE_S, ZenohSession
from tests.contracts.pairs import Heard, zenoh_session
from tests.integration.support.waiting import eventually

pytestmark = pytest.mark.alone  # Zenoh's routers are late on a busy machine, and drop what comes meanwhile
KEY = "robot/chatter"
WRITER = bytes(range(1, 17))
PATIENCE_S = 20.0
AFTER_THE_FIRST = 200
"""Samples that must come once one came."""
LISTENING = ZenohNetwork(listen=("tcp/127.0.0.1:0",), shared_memory=False)


class Far:
    """The other side of the link, which takes what comes."""

    def __init__(self, session: ZenohSession) -> None:
        self.session = session
        self.heard = Heard()
        session.start(self.heard)
        self.samples: list[ZenohSample] = []
        self.subscriber = session.open_subscriber(key_expr=KEY, on_sample=self.samples.append)

    @property
    def numbers(self) -> list[int]:
        return [sample.source_ns for sample in self.samples]


@pytest.fixture
def ours() -> Iterator[ZenohSession]:
    session = ZenohSession.open(LISTENING, stop=threading.Event())
    yield session
    session.close()


@pytest.fixture
def far(ours: ZenohSession) -> Iterator[Far]:
    session = zenoh_session(connect=ours.listening())
    eventually(session.links)
    yield Far(session)
    session.close()


class Told:
    """Whether somebody matches, as told."""

    def __init__(self) -> None:
        self.all: list[bool] = []

    def __call__(self, matching: bool) -> None:
        self.all.append(matching)


def publisher(session: ZenohSession, told: Told, *, key: str = KEY):
    return session.open_publisher(
        key_expr=key, block=True, priority=5, express=False, cache=None, on_matching=told
    )


def renew(ours: ZenohSession) -> float:
    """Renew it as it is, however long a busy machine takes; the seconds that took."""
    network = ours.bound(LISTENING)
    began_s = time.monotonic()
    ours.renew(network, pause_s=PATIENCE_S)
    return time.monotonic() - began_s


def test_it_keeps_its_id_and_its_port(ours, far):
    zid, listening = ours.zid, ours.listening()
    renew(ours)
    assert (str(ours.raw.zid()), ours.listening()) == (zid, listening)
    eventually(lambda: [link.zid for link in ours.links()] == [far.session.zid])


def test_what_is_sent_meanwhile_waits_and_nothing_is_lost_or_doubled(ours, far):
    told, ended = Told(), threading.Event()
    sending = publisher(ours, told)
    eventually(lambda: told.all == [True])
    sent: list[int] = []

    def stream() -> None:
        while not ended.wait(0.001):
            sending.put(b"x", len(sent) + 1, WRITER)
            sent.append(len(sent) + 1)

    thread = threading.Thread(target=stream)
    thread.start()
    took_s = []
    try:
        for _ in range(5):
            begun = len(sent)
            eventually(lambda begun=begun: len(sent) > begun + 50)
            took_s.append(renew(ours))
    finally:
        ended.set()
        thread.join()
    eventually(lambda: far.numbers == sent)
    assert min(took_s) < PAUSE_S, "or it would not have waited for the other"
    assert set(told.all) == {True}, "that it stopped matching was not told: it did not, to who sends"


def test_a_receiver_that_does_not_come_back_is_told_at_the_end_of_the_pause(ours, far):
    told = Told()
    sending = publisher(ours, told)
    eventually(lambda: told.all == [True])
    network = ours.bound(LISTENING)
    far.session.raw.close()
    eventually(lambda: told.all == [True, False])
    ours.renew(network)
    assert told.all == [True, False]
    sending.put(b"x", 1, WRITER)


def test_samples_counts_and_queries_come_over_the_new_session(ours, far):
    samples: list[ZenohSample] = []
    counts: list[tuple[str, CountRecord]] = []
    queries: list[ZenohQuery] = []
    subscriber = ours.open_subscriber(
        key_expr="other", on_sample=samples.append, on_counts=lambda *record: counts.append(record)
    )
    subscriber.follow_counts(frozenset({far.session.zid}))
    queryable = ours.services.open_queryable(key_expr="robot/call", on_query=queries.append)
    told, asked = Told(), Told()
    sending = publisher(far.session, told, key="other")
    asking = far.session.services.open_querier(key_expr="robot/call", timeout_s=5.0, on_matching=asked)
    eventually(lambda: told.all == asked.all == [True])
    renew(ours)
    eventually(lambda: told.all == asked.all == [True, False, True])
    numbers = itertools.count(1)

    def comes() -> bool:
        sending.put(b"x", next(numbers), WRITER)
        return bool(samples)

    eventually(comes)  # the far side is not ours to wait: it may send before ours takes anything
    for _ in range(AFTER_THE_FIRST):
        comes()
    last = next(numbers) - 1
    eventually(lambda: samples[-1].source_ns == last)
    came = [sample.source_ns for sample in samples]
    assert came == list(range(came[0], last + 1)), "in order, each once"
    asking.get(b"\x00\x01\x00\x00", b"", lambda *_: None)
    eventually(lambda: len(queries) == 1)
    for one in (subscriber, queryable, asking, sending):
        one.close()


def test_a_query_that_is_open_ends_and_the_next_one_is_answered(ours, far):
    held: list[ZenohQuery] = []
    queryable = far.session.services.open_queryable(key_expr="robot/call", on_query=held.append)
    asked, ends = Told(), []
    asking = ours.services.open_querier(key_expr="robot/call", timeout_s=30.0, on_matching=asked)
    eventually(lambda: asked.all == [True])
    asking.get(b"\x00\x01\x00\x00", b"", lambda payload, reason: ends.append(payload))
    eventually(lambda: len(held) == 1)
    renew(ours)
    assert ends == [None]
    asking.get(b"\x00\x01\x00\x00", b"", lambda payload, reason: ends.append(payload))
    eventually(lambda: len(held) == 2)
    held[1].reply(b"\x00\x01\x00\x00yes")
    eventually(lambda: ends == [None, b"\x00\x01\x00\x00yes"])
    queryable.close()


def test_tokens_go_and_come_back_on_both_sides(ours, far):
    heard = Heard()
    ours.start(heard)
    of_ours, of_far = (Token(zid=one.zid, kind=TokenKind.BRIDGE) for one in (ours, far.session))
    mine, theirs = ours.announce(str(of_ours)), far.session.announce(str(of_far))
    of_another = Token(zid="a1", kind=TokenKind.BRIDGE)
    withdrawn = far.session.announce(str(of_another))
    eventually(lambda: {TokenAnnounced(token=of_far), TokenAnnounced(token=of_another)} <= set(heard.events))
    withdrawn.close()
    eventually(lambda: TokenRetired(token=of_another) in heard.events)
    del heard.events[:]
    renew(ours)
    eventually(lambda: heard.events == [TokenRetired(token=of_far), TokenAnnounced(token=of_far)])
    eventually(lambda: far.heard.events[-2:] == [TokenRetired(token=of_ours), TokenAnnounced(token=of_ours)])
    for one in (mine, theirs):
        one.close()


def test_a_session_beside_takes_in_what_comes_while_it_is_renewed(ours, far):
    """Of the connecting side: nothing that others send is lost, and they see it all the time."""
    told, ended = Told(), threading.Event()
    numbers: list[int] = []
    network = ZenohNetwork(connect=ours.listening(), shared_memory=False)
    connecting = ZenohSession.open(network, stop=threading.Event())
    beside = ZenohSession.open(network, stop=threading.Event())
    known = Token(zid=connecting.zid, kind=TokenKind.BRIDGE)
    announced = connecting.announce(str(known))
    receiving = connecting.open_subscriber(
        key_expr="other", on_sample=lambda sample: numbers.append(sample.source_ns)
    )
    sending = publisher(ours, told, key="other")
    eventually(lambda: told.all == [True])
    sent: list[int] = []

    def stream() -> None:
        while not ended.wait(0.001):
            sent.append(len(sent) + 1)
            sending.put(b"x", sent[-1], WRITER)

    thread = threading.Thread(target=stream)
    thread.start()
    try:
        held = connecting.beside(beside)
        assert len(held) == 2, "the subscription and the token"
        for renewed in (lambda: connecting.renew(connecting.bound(network)), beside.close):
            begun = len(sent)
            eventually(lambda begun=begun: numbers and numbers[-1] > begun + 50)
            renewed()
        connecting.alone()
    finally:
        ended.set()
        thread.join()
    eventually(lambda: numbers[-1] == len(sent))
    assert numbers == list(range(numbers[0], len(sent) + 1))
    assert told.all == [True], "to the sender somebody subscribed all the time"
    assert far.heard.events == [TokenAnnounced(token=known)], "and to others it was there all the time"
    announced.close()
    eventually(lambda: far.heard.events[-1] == TokenRetired(token=known))
    receiving.close()
    connecting.close()


def test_an_agent_that_cannot_be_opened_again_says_so_and_can_be_renewed_later(ours, far):
    told = Told()
    sending = publisher(ours, told)
    eventually(lambda: told.all == [True])
    network = ours.bound(LISTENING)
    with pytest.raises(BridgeError, match="cannot open"):
        ours.renew(replace(network, listen=("tcp/192.0.2.1:1",)))
    assert told.all == [True, False]
    with pytest.raises(BridgeError):
        sending.put(b"x", 1, WRITER)
    ours.renew(network)
    eventually(lambda: told.all == [True, False, True])
    sending.put(b"x", 2, WRITER)
    eventually(lambda: far.numbers == [2])
