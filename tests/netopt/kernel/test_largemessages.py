"""Large messages over the loopback of this machine."""

from __future__ import annotations

import threading
from dataclasses import replace

from netopt.core.largemessages import LargeMessages
from netopt.kernel.largemessages import Reader, send_datagrams, send_stream

SMALL = LargeMessages(message_bytes=2000, rate_hz=100.0, count=5)


def test_small_ones_all_arrive_with_their_latency():
    for outcome in (send_datagrams(SMALL, Reader(), kind="udp"), send_stream(SMALL, kind="tcp")):
        assert (outcome.sent, outcome.lost) == (5, 0)
        assert all(0 < latency < 60 for latency in outcome.latencies_s)
    assert not [thread for thread in threading.enumerate() if thread.name == "tune-reader"]


def test_a_reader_gets_what_it_asks_for():
    asked = send_datagrams(SMALL, Reader(asked_bytes=50_000), kind="udp")
    assert asked.buffer_bytes == 100_000  # the kernel doubles it


def test_a_reader_is_kept_away_at_each_message():
    """So latencies have the pause, whatever the machine is like, and nothing is lost that fits the buffer."""
    away = replace(SMALL, message_bytes=100_000, rate_hz=10.0, reader_pause_s=0.05)
    for outcome in (send_datagrams(away, Reader(), kind="udp"), send_stream(away, kind="tcp")):
        assert outcome.lost == 0
        assert min(outcome.latencies_s) >= away.reader_pause_s


def test_a_stream_loses_nothing_however_large():
    outcome = send_stream(LargeMessages(message_bytes=6 << 20, rate_hz=10.0, count=2), kind="tcp")
    assert outcome.lost == 0
