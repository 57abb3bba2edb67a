"""What is lost, by what a sender says and what came: each of it once, and nothing that is only late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.counts import CountRecord, SourceCount
from bridge.core.gid import Gid
from bridge.core.routespec import LossCause
from bridge.routes.ledger import FORGET_S, RECOVERY_S, SILENT_RECORDS, Ledger

WRITER = bytes(range(1, 17))
OTHER = bytes(range(2, 18))
ZID = "a1"


class Stream:
    """A sender of samples numbered from 1, whose number is their time, and a receiver behind a bad link."""

    def __init__(self, *, recovers: bool = False, blocking: bool = True) -> None:
        self.ledger = Ledger(recovers=recovers, max_sources=4)
        self.blocking = blocking
        self.sent = 0
        self.epoch = 1
        self.last_ns: dict[bytes, int] = {}
        self.lost: dict[LossCause, int] = {}

    def send(self, count: int = 1, *, arrives: bool = True, history: bool = False) -> None:
        for _ in range(count):
            self.sent += 1
            if arrives:
                self.last_ns[WRITER] = self.sent
                counted = self.ledger.replayed if history else self.ledger.arrived
                counted[WRITER] = counted.get(WRITER, 0) + 1

    def recover(self, count: int) -> None:
        """History brings samples that were sent before."""
        self.ledger.replayed[WRITER] = self.ledger.replayed.get(WRITER, 0) + count
        self.last_ns[WRITER] = self.sent

    def tell(self, *, zid: str = ZID, writer: bytes = WRITER, now_s: float = 0.0) -> None:
        one = SourceCount(writer=Gid(writer), epoch=self.epoch, count=self.sent, last_ns=self.sent)
        record = CountRecord(blocking=self.blocking, sources=(one,))
        self._add(self.ledger.take(zid, record, self.last_ns, now_s))

    def look(self, now_s: float) -> None:
        self._add(self.ledger.overdue(now_s))

    def _add(self, lost: dict[LossCause, int]) -> None:
        for cause, count in lost.items():
            self.lost[cause] = self.lost.get(cause, 0) + count


def test_nothing_is_lost_while_everything_comes():
    stream = Stream()
    for _ in range(3):
        stream.send(5)
        stream.tell()
    assert stream.lost == {}


def test_what_was_sent_before_the_first_record_is_not_ours_to_count():
    stream = Stream()
    stream.send(7, arrives=False)
    stream.send()
    stream.tell()
    assert stream.lost == {}


def test_a_source_is_silent_when_its_records_come_and_its_samples_do_not():
    stream = Stream()
    stream.send()
    stream.tell()
    for now_s in range(SILENT_RECORDS):
        assert not stream.ledger.silent(now_s)
        stream.send(5, arrives=False)
        stream.tell(now_s=now_s)
    assert stream.ledger.silent(SILENT_RECORDS)
    assert not stream.ledger.silent(SILENT_RECORDS + FORGET_S), "nothing more was sent"
    stream.send()
    stream.tell(now_s=SILENT_RECORDS)
    assert not stream.ledger.silent(SILENT_RECORDS)


def test_a_source_that_sends_nothing_is_not_silent():
    stream = Stream()
    stream.send()
    for now_s in range(2 * SILENT_RECORDS):
        stream.tell(now_s=now_s)
    assert not stream.ledger.silent(2 * SILENT_RECORDS)


def test_what_does_not_come_is_lost_once():
    stream = Stream()
    stream.send()
    stream.tell()
    stream.send(3, arrives=False)
    stream.send()
    stream.tell()
    stream.tell()
    assert stream.lost == {LossCause.UNKNOWN: 3}


def test_the_last_ones_count_too():
    stream = Stream()
    stream.send()
    stream.tell()
    stream.send(2, arrives=False)
    stream.tell()
    assert stream.lost == {LossCause.UNKNOWN: 2}


def test_the_cause_is_the_link_when_it_broke_and_the_queue_when_the_topic_drops():
    stream = Stream(blocking=False)
    stream.send()
    stream.tell()
    stream.send(2, arrives=False)
    stream.ledger.bridge_gone("b2")
    stream.tell()
    stream.ledger.bridge_gone(ZID)
    stream.send(3, arrives=False)
    stream.tell()
    stream.send(4, arrives=False)
    stream.tell()
    assert stream.lost == {LossCause.QUEUE: 6, LossCause.LINK: 3}


def test_a_record_that_was_overtaken_says_nothing():
    stream = Stream()
    stream.send()
    stream.tell()
    stream.send(2, arrives=False)
    stream.last_ns[WRITER] = stream.sent + 1  # a later one is here already
    stream.tell()
    assert stream.lost == {}


def test_a_sender_that_counts_anew_is_believed_anew():
    stream = Stream()
    stream.send(5)
    stream.tell()
    stream.epoch, stream.sent = 2, 0
    stream.last_ns.clear()
    stream.send(1)
    stream.tell()
    stream.tell(zid="b2")
    assert stream.lost == {}


def test_what_history_brings_in_time_is_not_lost():
    stream = Stream(recovers=True)
    stream.send()
    stream.tell()
    stream.ledger.bridge_gone(ZID)
    stream.send(5, arrives=False)
    stream.tell(now_s=10.0)
    stream.recover(3)
    stream.look(10.0 + RECOVERY_S / 2)
    assert stream.lost == {}
    assert stream.ledger.waits
    stream.look(10.0 + RECOVERY_S)
    stream.look(20.0 + RECOVERY_S)
    assert stream.lost == {LossCause.LINK: 2}
    assert not stream.ledger.waits


def test_history_that_comes_before_the_record_counts_as_well():
    stream = Stream(recovers=True)
    stream.send()
    stream.tell()
    stream.send(5, arrives=False)
    stream.recover(5)
    stream.tell()
    stream.look(RECOVERY_S)
    assert stream.lost == {}


def test_accounts_are_bounded():
    stream = Stream()
    stream.send()
    for number in range(10):
        stream.tell(writer=bytes([number + 1]) * 16)
    stream.tell()
    stream.send(1, arrives=False)
    stream.tell()
    assert stream.lost == {LossCause.UNKNOWN: 1}
    stream.ledger.forget(WRITER)
    stream.send(1, arrives=False)
    stream.tell()
    assert stream.lost == {LossCause.UNKNOWN: 1}, "a new account begins with what it is told first"


@given(st.lists(st.sampled_from(["comes", "lost", "tell", "record lost"]), max_size=60))
def test_sent_is_come_and_lost_whatever_the_order(steps):
    """In the end, after a record that arrives; from the first record on."""
    stream = Stream()
    stream.send()
    stream.tell()
    for step in steps:
        if step == "tell":
            stream.tell()
        elif step != "record lost":
            stream.send(arrives=step == "comes")
    stream.tell()
    assert stream.lost.get(LossCause.UNKNOWN, 0) == steps.count("lost")
