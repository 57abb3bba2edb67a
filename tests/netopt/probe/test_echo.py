from __future__ import annotations

from netopt.core.probeframe import MAX_FRAME_BYTES, Request, decode_reply
from netopt.probe.echo import Answerer
from netopt.probe.simulation import SimulatedClock

REQUEST = Request(run=5, sequence=3, sent_wall_ns=9)


def test_a_reply_names_its_request():
    answerer = Answerer(clock=SimulatedClock(), rate_hz=10.0, bytes_per_s=1e6)
    reply = decode_reply(answerer.answer(REQUEST.encode()))
    assert (reply.run, reply.sequence, reply.sent_wall_ns) == (5, 3, 9)


def test_beyond_the_rate_nothing_is_answered_until_time_has_passed():
    import threading

    clock = SimulatedClock()
    answerer = Answerer(clock=clock, rate_hz=10.0, bytes_per_s=1e9)
    replies = [answerer.answer(REQUEST.encode()) for _ in range(20)]
    assert sum(reply is not None for reply in replies) == 5, "half a second of burst"
    assert answerer.limited == 15
    clock.wait_until(200_000_000, threading.Event())
    assert sum(answerer.answer(REQUEST.encode()) is not None for _ in range(20)) == 2


def test_bytes_are_bounded_too_and_the_largest_frame_fits():
    answerer = Answerer(clock=SimulatedClock(), rate_hz=1000.0, bytes_per_s=1e6)
    assert answerer.answer(REQUEST.encode(MAX_FRAME_BYTES)) is not None
    assert answerer.answer(REQUEST.encode(MAX_FRAME_BYTES)) is None


def test_malformed_frames_are_counted_and_use_up_the_bound():
    answerer = Answerer(clock=SimulatedClock(), rate_hz=4.0, bytes_per_s=1e6)
    assert [answerer.answer(b"?") for _ in range(3)] == [None] * 3
    assert (answerer.malformed, answerer.limited, answerer.answered) == (2, 1, 0)
