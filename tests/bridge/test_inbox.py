"""The way into the engine's thread."""

from __future__ import annotations

import threading

import pytest

from bridge.core.events import InputRejected
from bridge.errors import CannotRun
from bridge.inbox import Inbox, Question

EVENT = InputRejected(codec="token")


def test_takes_everything_in_the_order_it_came():
    inbox = Inbox()
    events = [InputRejected(codec=str(number)) for number in range(100)]
    for event in events:
        inbox.put(event)
    assert inbox.take(0.0) == events
    assert inbox.take(0.0) == []


def test_an_event_ends_the_waiting():
    inbox = Inbox()
    taken: list[object] = []
    thread = threading.Thread(target=lambda: taken.extend(inbox.take(60.0)))
    thread.start()
    inbox.put(EVENT)
    thread.join(10.0)
    assert taken == [EVENT]


def test_wake_ends_the_waiting_with_nothing():
    inbox = Inbox()
    thread = threading.Thread(target=lambda: inbox.take(60.0))
    thread.start()
    inbox.wake()
    thread.join(10.0)
    assert not thread.is_alive()


def test_what_comes_beyond_the_bound_is_counted():
    inbox = Inbox(max_events=3)
    for _ in range(5):
        inbox.put(EVENT)
    assert len(inbox.take(0.0)) == 3
    assert inbox.dropped == 2


def answered(inbox: Inbox) -> threading.Thread:
    """An engine that answers one round of questions."""

    def run() -> None:
        for item in inbox.take(10.0):
            assert isinstance(item, Question)
            item.run()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_question_is_answered_on_the_other_thread():
    inbox = Inbox()
    thread = answered(inbox)
    assert inbox.ask(threading.get_ident) == thread.ident
    thread.join(10.0)


def test_the_asker_gets_what_went_wrong():
    inbox = Inbox()
    thread = answered(inbox)
    with pytest.raises(ZeroDivisionError):
        inbox.ask(lambda: 1 // 0)
    thread.join(10.0)


def test_a_question_that_nobody_takes_is_given_up():
    with pytest.raises(CannotRun, match="did not answer"):
        Inbox(ask_timeout_s=0.01).ask(lambda: None)
