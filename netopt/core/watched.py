"""One target that is measured all the time: what is sent next, what came of it, how the link is now.

The figures are those of the last two minutes, the histograms those since the beginning. Each delay one way
is corrected by the offset as it was known when its reply came, so that drift does not add up over the window.
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from netopt.core.clockoffset import OffsetEstimator
from netopt.core.histogram import Counts, Histogram
from netopt.core.probeframe import Reply, Request
from netopt.core.schedule import NS_PER_S, Shot
from netopt.core.tally import OneWay, Percentiles, Summary
from netopt.core.verdict import Answer, Target, Verdict, judge

WINDOW = 240
"""Messages that the figures speak of: two minutes at the default rate."""
TIMEOUT_NS = NS_PER_S
SILENT_NS = 3 * NS_PER_S // 2
"""Without a reply for so long, though several were due, a link is silent."""
_VOID = "the clocks are not compared yet, or one was stepped"


class LinkState(Enum):
    """How a watched link is."""

    STARTING = "starting"
    """Nothing was answered yet, and it is not late yet."""
    NO_ECHO = "no echo"
    """The other side does not echo, or does not see us: nothing is sent."""
    MET = "met"
    MISSED = "missed"
    SILENT = "silent"
    """It answered, or should, and does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFigures:
    """How a watched target is now."""

    state: LinkState
    verdict: Verdict | None
    """None before the first figures."""
    sent: int
    """Since the beginning, as are the next four."""
    lost: int
    duplicates: int
    clock_steps: int
    silent_s: float
    """Since when nothing comes back although it should; 0: all is well."""
    window: Summary
    """Of the last messages."""
    round_trip: Histogram
    there: Histogram
    back: Histogram


@dataclass(frozen=True, slots=True)
class _Done:
    """A message that was answered or given up; times in µs, one way with their bound."""

    round_trip_us: int | None
    late_us: int
    there_us: int | None = None
    back_us: int | None = None
    bound_us: float = 0.0


class Watched:
    """One target. Thread: one at a time.

    Args:
        target: what the link should do.
        run: random number that tells this measurement from others.
        period_ns: between two messages.
        begin_ns: monotonic time of the first.
        estimator: of the offset of the other clock.
    """

    def __init__(
        self, target: Target, *, run: int, period_ns: int, begin_ns: int, estimator: OffsetEstimator
    ) -> None:
        self.target = target
        self.run = run
        self.due_ns = begin_ns
        """When the next message is to be sent."""
        self._period_ns = period_ns
        self._estimator = estimator
        self._sequence = 0
        self._under_way: OrderedDict[int, Shot] = OrderedDict()
        self._over: OrderedDict[int, bool] = OrderedDict()
        """Sequence → answered, of the newest that are done with."""
        self._done: deque[_Done] = deque(maxlen=WINDOW)
        self._round_trip, self._there, self._back = Counts(), Counts(), Counts()
        self._sent = self._lost = self._duplicates = 0
        self._waiting_since_ns: int | None = None
        """The last reply, or the first message if there was none yet; None: nothing is sent."""
        self._judged: tuple[Summary, Verdict | None] | None = None
        """Of the window as it is; None: it has changed. Asked for oftener than that, and long to work out."""

    def send(self, now_ns: int, wall_ns: int) -> Request:
        """The next message; what a busy host could not send in time is left out, not sent in a burst."""
        sequence, intended_ns = self._sequence, self.due_ns
        self._sequence += 1
        self._sent += 1
        self.due_ns += self._period_ns * max(1, -(-(now_ns - intended_ns) // self._period_ns))
        self._under_way[sequence] = Shot(
            sequence=sequence, intended_ns=intended_ns, sent_ns=now_ns, sent_wall_ns=wall_ns
        )
        if self._waiting_since_ns is None:
            self._waiting_since_ns = now_ns
        return Request(run=self.run, sequence=sequence & 0xFFFFFFFF, sent_wall_ns=wall_ns)

    def pause(self, now_ns: int) -> None:
        """There is nobody to send to now."""
        self.due_ns = max(self.due_ns, now_ns + self._period_ns)
        self._waiting_since_ns = None

    def received(self, reply: Reply, now_ns: int, wall_ns: int) -> None:
        """A reply of this run."""
        shot = self._under_way.pop(reply.sequence, None)
        if shot is None:
            if self._over.get(reply.sequence):
                self._duplicates += 1
                self._judged = None
            return
        shot = replace(shot, received_ns=now_ns, received_wall_ns=wall_ns, reply=reply)
        self._waiting_since_ns = now_ns
        steps = self._estimator.steps
        self._estimator.add(shot)
        if self._estimator.steps != steps:
            self._void_one_way()
        done = self._measured(shot, reply)
        self._round_trip.add(done.round_trip_us or 0)
        if done.there_us is not None and done.back_us is not None:
            self._there.add(done.there_us)
            self._back.add(done.back_us)
        self._finish(shot.sequence, done, answered=True)

    def expire(self, now_ns: int) -> None:
        """Give up what is under way too long."""
        while self._under_way:
            sequence, shot = next(iter(self._under_way.items()))
            if now_ns - shot.sent_ns < TIMEOUT_NS:
                return
            del self._under_way[sequence]
            self._lost += 1
            self._finish(sequence, _Done(None, shot.late_ns // 1000), answered=False)

    def quiet_ns(self, now_ns: int) -> int:
        """Since the last reply, or the first message if there was none yet; 0: nothing is sent."""
        return 0 if self._waiting_since_ns is None else now_ns - self._waiting_since_ns

    def silent_ns(self, now_ns: int) -> int:
        """How long nothing has come back although something was due; 0: all is well."""
        silent_ns = self.quiet_ns(now_ns)
        return silent_ns if silent_ns > max(SILENT_NS, 2 * self._period_ns) else 0

    def figures(self, now_ns: int) -> WatchedFigures:
        """How it is now."""
        silent_ns = self.silent_ns(now_ns)
        if self._judged is None:
            summary = self._window()
            self._judged = summary, judge(summary, self.target) if summary.sent else None
        window, verdict = self._judged
        return WatchedFigures(
            state=self._state(silent_ns, verdict),
            verdict=verdict,
            sent=self._sent,
            lost=self._lost,
            duplicates=self._duplicates,
            clock_steps=self._estimator.steps,
            silent_s=silent_ns / NS_PER_S,
            window=window,
            round_trip=self._round_trip.value(),
            there=self._there.value(),
            back=self._back.value(),
        )

    def _state(self, silent_ns: int, verdict: Verdict | None) -> LinkState:
        if silent_ns:
            return LinkState.SILENT
        if self._waiting_since_ns is None:
            return LinkState.NO_ECHO
        if verdict is None or verdict.answer is Answer.UNREACHABLE:
            return LinkState.STARTING
        return LinkState.MET if verdict.answer is Answer.MET else LinkState.MISSED

    def _measured(self, shot: Shot, reply: Reply) -> _Done:
        round_trip_us = (shot.round_trip_ns or 0) // 1000
        offset = self._estimator.estimate(shot.received_ns)
        if offset is None:
            return _Done(round_trip_us, shot.late_ns // 1000)
        there_ns = reply.echo_received_wall_ns - shot.sent_wall_ns - offset.offset_ns
        back_ns = shot.received_wall_ns - reply.echo_sent_wall_ns + offset.offset_ns
        return _Done(
            round_trip_us,
            shot.late_ns // 1000,
            max(0, there_ns) // 1000,
            max(0, back_ns) // 1000,
            offset.bound_ns / 1000,
        )

    def _finish(self, sequence: int, done: _Done, *, answered: bool) -> None:
        self._done.append(done)
        self._judged = None
        self._over[sequence] = answered
        if len(self._over) > WINDOW:
            self._over.popitem(last=False)

    def _void_one_way(self) -> None:
        """A clock was stepped: what was known one way holds no more."""
        kept = [_Done(one.round_trip_us, one.late_us) for one in self._done]
        self._done.clear()
        self._done.extend(kept)
        self._judged = None

    def _window(self) -> Summary:
        done = tuple(self._done)
        trips = [one.round_trip_us for one in done if one.round_trip_us is not None]
        lost, asked = len(done) - len(trips), self.target.percentile
        steps_us = [abs(after - before) for before, after in itertools.pairwise(trips)]
        round_trip = _percentiles(trips, lost, asked)
        one_way = self._one_way(done, lost)
        return Summary(
            sent=len(done),
            received=len(trips),
            lost=lost,
            late=0,
            duplicates=self._duplicates,
            reordered=0,
            jitter_ms=_ms(sum(steps_us) / max(1, len(steps_us))),
            latency=round_trip,
            round_trip=round_trip,
            lateness=_percentiles([one.late_us for one in done], 0, asked),
            one_way=one_way,
            one_way_void="" if one_way is not None else _VOID,
            spoiled="",
        )

    def _one_way(self, done: Sequence[_Done], lost: int) -> OneWay | None:
        known = [one for one in done if one.there_us is not None]
        offset = self._estimator.estimate()
        if not known or offset is None:
            return None
        return OneWay(
            bound_ms=_ms(max(one.bound_us for one in known)),
            offset_ms=_ms(offset.offset_ns / 1000),
            source=offset.source.value,
            forward=_percentiles([one.there_us or 0 for one in known], lost, self.target.percentile),
            back=_percentiles([one.back_us or 0 for one in known], lost, self.target.percentile),
        )


def _percentiles(values_us: Sequence[int], lost: int, asked: float) -> Percentiles:
    """Exact ones, with ``lost`` values beyond the end; a window is small."""
    ordered = sorted(values_us)
    p50, p90, p99, p999, at_asked = (_at(ordered, lost, p) for p in (50.0, 90.0, 99.0, 99.9, asked))
    return Percentiles(
        count=len(ordered),
        min_ms=_ms(ordered[0]) if ordered else 0.0,
        mean_ms=_ms(sum(ordered) / len(ordered)) if ordered else 0.0,
        p50_ms=p50,
        p90_ms=p90,
        p99_ms=p99,
        p999_ms=p999,
        max_ms=_ms(ordered[-1]) if ordered and not lost else None,
        asked=asked,
        asked_ms=at_asked,
        histogram="",
    )


def _at(ordered: Sequence[int], lost: int, percentile: float) -> float | None:
    rank = max(1, math.ceil(round((len(ordered) + lost) * percentile / 100.0, 6)))
    return None if rank > len(ordered) else _ms(ordered[rank - 1])


def _ms(us: float) -> float:
    return round(us / 1000.0, 3)
