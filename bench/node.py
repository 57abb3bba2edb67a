"""A bench node as a process: ``python -m bench.node SPEC``; orders and answers are JSON lines.

The far node echoes ``ping`` and counts ``load``; the near node sends both and measures.
"""

from __future__ import annotations

import itertools
import json
import struct
import sys
import threading
import time
from collections import deque
from typing import Any

from bench.endpoints import DdsEnd, End, ZenohEnd
from bridge.dds.endpoints import CycloneReader

_HEADER = struct.Struct("<4sIQq")
"""Encapsulation header, length of the rest, sequence, ns of the monotonic clock when it was due."""
_CDR_LE = b"\0\1\0\0"
_CYCLE_S = 0.5
_FIRST_MOST = 1 << 20
"""More pings than any one order sends."""


def payload(size_bytes: int, sequence: int, due_ns: int) -> bytes:
    """A message of that size (at least the header's 24 bytes)."""
    return _HEADER.pack(_CDR_LE, size_bytes, sequence, due_ns) + bytes(max(0, size_bytes - _HEADER.size))


class Counter:
    """What the far node has seen of one load."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.count = self.lost = self.doubled = 0
        self.late_ns: list[int] = []
        """From when a message was due to when it came, where it had such a time."""
        self.last = -1
        self.first_ns = self.last_ns = 0

    def add(self, message: bytes) -> None:
        """Count one message."""
        now_ns = time.monotonic_ns()
        _, _, sequence, due_ns = _HEADER.unpack_from(message)
        if due_ns:
            self.late_ns.append(now_ns - due_ns)
        self.first_ns = self.first_ns or now_ns
        self.last_ns = now_ns
        if sequence <= self.last:
            self.doubled += 1
            return
        self.lost += sequence - self.last - 1
        self.count, self.last = self.count + 1, sequence

    def result(self) -> dict[str, float]:
        """For the runner."""
        return {
            "count": self.count,
            "lost": self.lost,
            "doubled": self.doubled,
            "last": self.last,
            "seconds": (self.last_ns - self.first_ns) / 1e9,
        }

    def latency(self) -> dict[str, float]:
        """Of what came at a steady rate."""
        found = sorted(self.late_ns) or [0]
        return {
            "count": self.count,
            "p50_ms": found[len(found) // 2] / 1e6,
            "p99_ms": found[int(len(found) * 0.99)] / 1e6,
        }


def _open(spec: dict[str, Any]) -> End:
    if "domain" in spec:
        return DdsEnd(spec["domain"])
    return ZenohEnd(listen=spec.get("listen"), connect=spec.get("connect"))


def far(end: End) -> None:
    """Echo and count until standard input ends."""
    counter, heard = Counter(), set[int]()
    end.receive("load", counter.add)
    end.receive("ping", lambda message: end.send("pong", message))
    end.wait_matched("pong", 0.0)
    _answer({"ready": True})
    for line in sys.stdin:
        order = json.loads(line)
        match order["do"]:
            case "open":
                heard.clear()
                end.receive_all(_topics(order), lambda message: heard.add(_HEADER.unpack_from(message)[2]))
                _answer({})
            case "heard":
                _answer({"topics": len(heard)})
            case "visits":
                threading.Thread(target=_visit, args=(end, order), daemon=True).start()
                _answer({})
            case "latency":
                _answer(counter.latency())
            case "reset":
                counter.reset()
                _answer({})
            case _:
                _answer(counter.result())


def near(end: End) -> None:
    """Carry out orders until standard input ends."""
    round_trips: dict[int, int] = {}

    def on_pong(message: bytes) -> None:
        _, _, sequence, due_ns = _HEADER.unpack_from(message)
        round_trips[sequence] = time.monotonic_ns() - due_ns

    end.receive("pong", on_pong)
    _answer({"ready": True})
    asked, quiet = 0, threading.Event()
    for line in sys.stdin:
        order = json.loads(line)
        match order["do"]:
            case "first":
                _answer(_first(end, order, round_trips))
            case "load":
                _answer(_load(end, order))
            case "open":
                quiet = threading.Event()
                threading.Thread(target=_cycle, args=(end, _topics(order), quiet), daemon=True).start()
                _answer({})
            case "quiet":
                quiet.set()
                _answer({})
            case _:
                round_trips.clear()
                asked += _FIRST_MOST
                _answer(_ping(end, order, round_trips, asked))


def _topics(order: dict[str, Any]) -> list[str]:
    return [f"{order['prefix']}_{number}" for number in range(order["count"])]


def _cycle(end: End, topics: list[str], quiet: threading.Event) -> None:
    """A message on each topic, its number in it, again and again until it is told to be quiet."""
    end.publish_all(topics)
    while True:
        for number, topic in enumerate(topics):
            if quiet.wait(_CYCLE_S / len(topics)):
                return
            end.send(topic, payload(64, number, 0))


def _visit(end: End, order: dict[str, Any]) -> None:
    """Short-lived subscribers, so many a second, each for a while, until the process ends."""
    assert isinstance(end, DdsEnd)
    topics, stay = itertools.cycle(_topics(order)), deque[CycloneReader]()
    while True:
        time.sleep(1 / order["per_s"])
        stay.append(end.visit(next(topics)))
        if len(stay) > order["at_a_time"]:
            end.leave(stay.popleft())


def _first(end: End, order: dict[str, Any], round_trips: dict[int, int]) -> dict[str, Any]:
    """Ping until the first answer; its time is told on the monotonic clock, which processes share."""
    deadline_s = time.monotonic() + order["timeout_s"]
    round_trips.clear()
    sequence = 0
    while not round_trips and time.monotonic() < deadline_s:
        end.send("ping", payload(64, sequence, time.monotonic_ns()))
        sequence += 1
        time.sleep(0.01)
    return {"answered": bool(round_trips), "at_ns": time.monotonic_ns()}


def _load(end: End, order: dict[str, Any]) -> dict[str, Any]:
    end.wait_matched("load", 10.0)
    rate_hz, count, size = order["rate_hz"], order["count"], order["size"]
    body = payload(size, 0, 0)[_HEADER.size :]
    began_ns = time.monotonic_ns()
    for sequence in range(count):
        due_ns = began_ns + int(sequence * 1e9 / rate_hz) if rate_hz else 0
        if due_ns:
            _sleep_until(due_ns)
        end.send("load", _HEADER.pack(_CDR_LE, size, sequence, due_ns) + body)
    return {"seconds": (time.monotonic_ns() - began_ns) / 1e9}


def _ping(end: End, order: dict[str, Any], round_trips: dict[int, int], first: int) -> dict[str, Any]:
    """A fixed schedule: a late answer does not delay the next question (no coordinated omission).

    The first sequence number lies beyond all before: an answer to an earlier order is no answer to this.
    """
    size, count, period_ns = order["size"], order["count"], int(1e9 / order["rate_hz"])
    body = payload(size, 0, 0)[_HEADER.size :]
    began_ns = time.monotonic_ns()
    for number in range(count):
        due_ns = began_ns + number * period_ns
        _sleep_until(due_ns)
        end.send("ping", _HEADER.pack(_CDR_LE, size, first + number, due_ns) + body)
    _wait_quiet(round_trips, count, order["quiet_s"])
    came = {sequence - first: rtt_ns for sequence, rtt_ns in dict(round_trips).items() if sequence >= first}
    return {"rtt_ns": came}


def _wait_quiet(round_trips: dict[int, int], count: int, quiet_s: float) -> None:
    """Until all came, or none for so long."""
    known, since_s = len(round_trips), time.monotonic()
    while known < count and time.monotonic() - since_s < quiet_s:
        time.sleep(0.005)
        if len(round_trips) != known:
            known, since_s = len(round_trips), time.monotonic()


def _sleep_until(due_ns: int) -> None:
    while (left_ns := due_ns - time.monotonic_ns()) > 0:
        time.sleep(left_ns / 1e9)


def _answer(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    opened = _open(given)
    try:
        (far if given["role"] == "far" else near)(opened)
    finally:
        opened.close()
