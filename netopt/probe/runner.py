"""One measurement: sends by a fixed schedule, collects what comes back, adds up.

The thread that calls :meth:`Runner.run` sends; replies come on the transport's thread. Time comes from a
clock that a simulation can drive, so the self-test runs this very code.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from netopt.core.clockoffset import OffsetEstimator
from netopt.core.probeframe import Echo, Request, decode_reply
from netopt.core.schedule import NS_PER_S, Schedule, Shot
from netopt.core.tally import Summary, Tally
from netopt.errors import FrameError
from netopt.ports import MonotonicClock, Transport
from netopt.probe.distribution import HdrDistribution

SILENT_AFTER_S = 1.0
"""Without a reply for so long, while replies are due, a link is called silent."""
_REMEMBERED = 65_536
"""Answered messages whose duplicates are still known as such."""
_LOOK_NS = NS_PER_S // 10
"""How often a waiting runner looks whether something timed out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a running measurement is."""

    sent: int
    total: int
    received: int
    lost: int
    silent_s: float
    """Since when nothing comes back although it should; 0: all is well."""
    last_ms: tuple[float | None, ...]
    """The newest latencies, oldest first; None: lost."""
    p50_ms: float | None
    asked_ms: float | None
    """At the percentile of the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run came to."""

    schedule: Schedule
    first_message_ms: float | None
    """From opening the transport to the first reply; None: none came."""
    warmup_sent: int
    warmup_lost: int
    summary: Summary
    shots: tuple[Shot, ...]
    """Every measured message, in the order of completion."""
    begun_wall_ns: int
    complete: bool
    """False: stopped before the schedule was through."""
    silences: tuple[tuple[float, float], ...]
    """(seconds into the run, length in s) of each time that nothing came back."""


class Runner:
    """One run of one schedule over one transport. Use once.

    Args:
        transport: closed; the runner opens it, and closes it in the end.
        schedule: what to send.
        clock: real or simulated.
        own: our clock, to compare with the echo's.
        asked: percentile of the target.
    """

    def __init__(
        self,
        transport: Transport,
        schedule: Schedule,
        *,
        clock: MonotonicClock,
        own: Echo,
        asked: float = 99.0,
    ) -> None:
        self._transport = transport
        self._schedule = schedule
        self._clock = clock
        self._asked = asked
        self._estimator = OffsetEstimator(clock_id=own.clock_id, max_error_us=own.max_error_us)
        self._tally = Tally(HdrDistribution, self._estimator, asked=asked)
        self._warmup = Tally(HdrDistribution, OffsetEstimator())
        self._run = secrets.randbits(64)
        self._lock = threading.Lock()
        """Guards everything below, and the tallies."""
        self._under_way: OrderedDict[int, Shot] = OrderedDict()
        self._over: OrderedDict[int, bool] = OrderedDict()
        """Sequence → answered, of messages that are done with."""
        self._first_ns: int | None = None
        self._last_reply_ns = 0
        self._silences: list[tuple[int, int]] = []
        self.foreign = 0
        """Frames that were no replies of this run, those to `--load` among them."""

    def run(
        self,
        stop: threading.Event,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        every_s: float = 0.25,
        before_closing: Callable[[], None] = lambda: None,
    ) -> Result:
        """Measure until the schedule is through, or ``stop`` is set.

        Args:
            stop: ends it early.
            on_progress: told where it is.
            every_s: how often, at most.
            before_closing: called when the last message is through, with the transport still open.

        Raises:
            CannotMeasure: the far side cannot be reached.

        Thread: any; blocks.
        """
        with contextlib.ExitStack() as closing:
            begun_wall_ns, opened_ns = self._clock.wall_ns(), self._clock.monotonic_ns()
            closing.callback(self._transport.close)
            self._transport.open(self._received)
            begin_ns = self._last_reply_ns = self._clock.monotonic_ns()
            due_progress_ns = begin_ns
            for _ in self._send_all(begin_ns, stop):
                now_ns = self._clock.monotonic_ns()
                if on_progress is not None and now_ns >= due_progress_ns:
                    due_progress_ns = now_ns + round(every_s * NS_PER_S)
                    on_progress(self.progress())
            self._await_rest(stop)
            before_closing()
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            self._expire(now_ns)
            self._under_way.clear()  # stopped early: nobody knows what would have become of them
            self._watch_silence(now_ns)
            return self._result(begun_wall_ns, opened_ns, begin_ns)

    def progress(self) -> Progress:
        """Where it is. Thread: any."""
        with self._lock:
            tally = self._tally
            now_ns = self._clock.monotonic_ns()
            return Progress(
                sent=len(tally.shots) + len(self._under_way),
                total=self._schedule.messages,
                received=tally.received,
                lost=tally.lost,
                silent_s=self._silent_ns(now_ns) / NS_PER_S,
                last_ms=tuple(
                    None if shot.latency_ns is None else shot.latency_ns / 1e6 for shot in tally.shots[-120:]
                ),
                p50_ms=tally.percentile_ms(50.0),
                asked_ms=tally.percentile_ms(self._asked),
            )

    def _send_all(self, begin_ns: int, stop: threading.Event) -> Iterator[None]:
        for sequence in range(self._schedule.total):
            due_ns = begin_ns + self._schedule.intended_ns(sequence)
            while (left_ns := due_ns - self._clock.monotonic_ns()) > 0 and not stop.is_set():
                self._clock.wait_until(due_ns - max(0, left_ns - _LOOK_NS), stop)
                if left_ns > _LOOK_NS:
                    self._look()
                    yield
            if stop.is_set():
                return
            self._send(sequence, due_ns)
            self._look()
            yield

    def _send(self, sequence: int, due_ns: int) -> None:
        sent_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        frame = Request(run=self._run, sequence=sequence, sent_wall_ns=wall_ns)
        with self._lock:
            self._under_way[sequence] = Shot(
                sequence=sequence, intended_ns=due_ns, sent_ns=sent_ns, sent_wall_ns=wall_ns
            )
        self._transport.send(frame.encode(self._schedule.payload_bytes))

    def _await_rest(self, stop: threading.Event) -> None:
        while not stop.is_set():
            with self._lock:
                newest = next(reversed(self._under_way.values()), None)
            now_ns = self._clock.monotonic_ns()
            if newest is None or now_ns >= newest.intended_ns + self._schedule.timeout_ns:
                return
            step_ns = min(newest.intended_ns + self._schedule.timeout_ns, now_ns + _LOOK_NS // 10)
            self._clock.wait_until(step_ns, stop)
            self._look()

    def _look(self) -> None:
        """Give up what is overdue, and see whether the link is silent."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            self._expire(now_ns)
            self._watch_silence(now_ns)

    def _received(self, frame: bytes) -> None:
        """Thread: the transport's."""
        now_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        try:
            reply = decode_reply(frame)
        except FrameError:
            self.foreign += 1
            return
        if reply.run != self._run:
            self.foreign += 1
            return
        with self._lock:
            sent = self._under_way.pop(reply.sequence, None)
            tally = self._warmup if reply.sequence < self._schedule.warmup else self._tally
            if sent is None:
                self._count_surplus(reply.sequence, tally)
                return
            self._watch_silence(now_ns)
            self._first_ns = now_ns if self._first_ns is None else self._first_ns
            self._last_reply_ns = max(self._last_reply_ns, now_ns)
            in_time = now_ns - sent.intended_ns < self._schedule.timeout_ns
            shot = Shot(
                sequence=sent.sequence,
                intended_ns=sent.intended_ns,
                sent_ns=sent.sent_ns,
                sent_wall_ns=sent.sent_wall_ns,
                received_ns=now_ns if in_time else None,
                received_wall_ns=wall_ns,
                reply=reply,
            )
            self._finish(shot, answered=True)
            tally.late += not in_time
            self._estimator.add(shot)

    def _count_surplus(self, sequence: int, tally: Tally) -> None:
        """A reply to a message that is done with: late the first time, else a duplicate."""
        if self._over.get(sequence) is False:
            self._over[sequence] = True
            tally.late += 1
        elif sequence in self._over:
            tally.duplicates += 1
        else:
            self.foreign += 1

    def _expire(self, now_ns: int) -> None:
        """What is under way too long is lost."""
        while self._under_way:
            shot = next(iter(self._under_way.values()))
            if now_ns - shot.intended_ns < self._schedule.timeout_ns:
                return
            del self._under_way[shot.sequence]
            self._finish(shot, answered=False)

    def _finish(self, shot: Shot, *, answered: bool) -> None:
        (self._warmup if shot.sequence < self._schedule.warmup else self._tally).add(shot)
        self._over[shot.sequence] = answered
        if len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)

    def _silent_ns(self, now_ns: int) -> int:
        """How long nothing has come back although something was due."""
        period_ns = round(NS_PER_S / self._schedule.rate_hz)
        silent_ns = now_ns - self._last_reply_ns
        return silent_ns if silent_ns > max(round(SILENT_AFTER_S * NS_PER_S), 2 * period_ns) else 0

    def _watch_silence(self, now_ns: int) -> None:
        silent_ns = self._silent_ns(now_ns)
        if not silent_ns:
            return
        if self._silences and self._silences[-1][0] == self._last_reply_ns:
            self._silences.pop()
        self._silences.append((self._last_reply_ns, silent_ns))

    def _result(self, begun_wall_ns: int, opened_ns: int, begin_ns: int) -> Result:
        tally = self._tally
        first_ns = self._first_ns
        return Result(
            schedule=self._schedule,
            first_message_ms=None if first_ns is None else round((first_ns - opened_ns) / 1e6, 3),
            warmup_sent=len(self._warmup.shots),
            warmup_lost=self._warmup.lost,
            summary=tally.summary(),
            shots=tuple(tally.shots),
            begun_wall_ns=begun_wall_ns,
            complete=len(tally.shots) == self._schedule.messages,
            silences=tuple(
                (round((at_ns - begin_ns) / NS_PER_S, 3), round(length_ns / NS_PER_S, 3))
                for at_ns, length_ns in self._silences
            ),
        )
