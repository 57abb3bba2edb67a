"""The part of `self-test` over real sockets, with the real clock: what a simulation cannot lie about."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Iterator
from statistics import median

from netopt.core.kernelview import Ends
from netopt.core.probeframe import Echo, answer
from netopt.core.schedule import Schedule
from netopt.ports import OnReply
from netopt.probe.clocks import SystemClock
from netopt.probe.echo import SERVE_BYTES_PER_S, SERVE_RATE_HZ, Answerer
from netopt.probe.runner import Result, Runner
from netopt.probe.selftest import Check
from netopt.probe.udp import UdpEcho, UdpTransport

THERE_MS, BACK_MS, OFFSET_S = 4.0, 12.0, 3.0
"""Unequal on purpose: four time stamps cannot tell that, and must not pretend to."""
_SCHEDULE = Schedule(rate_hz=100.0, messages=100, warmup=10)
_SLACK_MS = 0.5
"""Between what the link stamped and what the probe measured, at the median; both are in this process, so that
a busy host makes both longer."""
_JOIN_S = 2.0


class _Shifted(Answerer):
    """Answers as from a host whose wall clock is ahead, after a delay on the way there."""

    def answer(self, frame: bytes) -> bytes | None:
        ahead_ns = round(OFFSET_S * 1e9)
        now_ns = self._clock.monotonic_ns()
        wall_ns = self._clock.wall_ns() + ahead_ns + round(THERE_MS * 1e6)
        return answer(
            frame,
            received_wall_ns=wall_ns,
            received_monotonic_ns=now_ns + round(THERE_MS * 1e6),
            sent_wall_ns=wall_ns,
            echo=Echo(clock_id=2),
        )


class _Delayed:
    """A transport whose replies come later, each by the same time. See :class:`netopt.ports.Transport`.

    It stamps what it did itself: a busy host holds a message longer than it was asked to.
    """

    def __init__(self, inner: UdpTransport, delay_ms: float) -> None:
        self._inner = inner
        self._delay_s = delay_ms / 1000.0
        self.name = inner.name
        self._some = threading.Condition()
        self._due: list[tuple[float, int, bytes]] = []
        self._numbers = itertools.count()
        self._taken_ns: dict[bytes, int] = {}
        self.taken_ns: dict[int, int] = {}
        """Sequence → from taking the request to giving the reply."""
        self._over = False
        self._thread: threading.Thread | None = None

    def open(self, on_reply: OnReply) -> None:
        self._thread = threading.Thread(
            target=self._pass, args=(on_reply,), name="probe-self-test", daemon=True
        )
        self._thread.start()
        self._inner.open(self._hold)

    def send(self, frame: bytes) -> None:
        self._taken_ns[_identity(frame)] = time.monotonic_ns()
        self._inner.send(frame)

    def sockets(self) -> tuple[Ends, ...]:
        return self._inner.sockets()

    def close(self) -> None:
        self._inner.close()
        with self._some:
            self._over = True
            self._some.notify()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def _hold(self, frame: bytes) -> None:
        with self._some:
            heapq.heappush(self._due, (time.monotonic() + self._delay_s, next(self._numbers), frame))
            self._some.notify()

    def _pass(self, on_reply: OnReply) -> None:
        """Thread: probe-self-test."""
        while True:
            with self._some:
                while not self._over and (not self._due or self._due[0][0] > time.monotonic()):
                    self._some.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else None)
                if self._over:
                    return
                _, _, frame = heapq.heappop(self._due)
            identity = _identity(frame)
            self.taken_ns[int.from_bytes(identity[8:], "big")] = (
                time.monotonic_ns() - self._taken_ns[identity]
            )
            on_reply(frame)


def _identity(frame: bytes) -> bytes:
    """Run and sequence number, at the same place in a request and in its reply."""
    return frame[8:20]


def live_checks() -> Iterator[Check]:
    """One run over UDP on loopback with a known delay each way and an echo whose clock is ahead."""
    answerer = _Shifted(clock=SystemClock(), rate_hz=SERVE_RATE_HZ, bytes_per_s=SERVE_BYTES_PER_S)
    echo = UdpEcho("127.0.0.1:0", answerer)
    try:
        link = _Delayed(UdpTransport(echo.address), THERE_MS + BACK_MS)
        runner = Runner(link, _SCHEDULE, clock=SystemClock(), own=Echo(clock_id=1))
        result = runner.run(threading.Event())
    finally:
        echo.close()
    yield _delay(result, link)
    one_way = result.summary.one_way
    yield Check(
        name="offset, live",
        injected=f"{OFFSET_S:+g} s, {THERE_MS:g} ms there, {BACK_MS:g} ms back",
        measured=result.summary.one_way_void or f"{one_way.offset_ms if one_way else 0:g} ms",
        bound="" if one_way is None else f"± {one_way.bound_ms:g} ms, as it says itself",
        good=one_way is not None and abs(one_way.offset_ms - OFFSET_S * 1000.0) <= one_way.bound_ms,
    )


def _delay(result: Result, link: _Delayed) -> Check:
    round_trips = [(shot.round_trip_ns, shot.sequence) for shot in result.shots]
    answered = [(taken, number) for taken, number in round_trips if taken is not None]
    if not answered:
        return Check(name="delay, live", injected="", measured="lost", bound="", good=False)
    wanted_ms = THERE_MS + BACK_MS
    measured_ms = median(taken for taken, _ in answered) / 1e6
    stamped_ms = median(link.taken_ns[number] for _, number in answered) / 1e6
    apart_ms = median(abs(taken - link.taken_ns[number]) for taken, number in answered) / 1e6
    return Check(
        name="delay, live",
        injected=f"{wanted_ms:g} ms there and back, {stamped_ms:.3f} ms by the link's own stamps",
        measured=f"{measured_ms:.3f} ms",
        bound=f"± {_SLACK_MS:g} ms, never below",
        good=apart_ms <= _SLACK_MS and min(taken for taken, _ in answered) >= wanted_ms * 1e6,
    )
