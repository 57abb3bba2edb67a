"""A link and two clocks that exist in memory alone, for the self-test: every fault is injected and known.

The runner that measures real links runs on them unchanged; a minute of link time takes a fraction of a
second.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from dataclasses import dataclass, field

from netopt.core.kernelview import Ends
from netopt.core.probeframe import Echo, answer
from netopt.core.schedule import NS_PER_S
from netopt.ports import OnReply

_WALL_BEGIN_NS = 1_700_000_000 * NS_PER_S
_MS = 1_000_000


class SimulatedClock:
    """See :class:`netopt.ports.MonotonicClock`: time that passes only while somebody waits."""

    def __init__(self) -> None:
        self._now_ns = 0
        self._step_ns = 0
        self._events: list[tuple[int, int, Event]] = []
        self._numbers = itertools.count()

    def monotonic_ns(self) -> int:
        """See :class:`netopt.ports.MonotonicClock`."""
        return self._now_ns

    def wall_ns(self) -> int:
        """See :class:`netopt.ports.MonotonicClock`."""
        return _WALL_BEGIN_NS + self._now_ns + self._step_ns

    def step_wall(self, delta_ns: int) -> None:
        """Set the wall clock, as an operator or NTP does."""
        self._step_ns += delta_ns

    def at(self, when_ns: int, event: Event) -> None:
        """Let something happen when the time comes."""
        heapq.heappush(self._events, (max(when_ns, self._now_ns), next(self._numbers), event))

    def wait_until(self, deadline_ns: int, stop: threading.Event) -> None:
        """See :class:`netopt.ports.MonotonicClock`."""
        while self._events and self._events[0][0] <= deadline_ns:
            self._now_ns, _, event = heapq.heappop(self._events)
            event.happen()
        self._now_ns = max(self._now_ns, deadline_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What the simulated link does to a message. Times in ms."""

    there_ms: float = 5.0
    back_ms: float = 5.0
    jitter_ms: float = 0.0
    """Up to so much, evenly spread, is added to each way; the order of messages stays free."""
    loss: float = 0.0
    duplicates: float = 0.0
    reordered: float = 0.0
    """Share of messages that take ``overtaken_ms`` longer."""
    overtaken_ms: float = 0.0
    stall_at_s: float = 0.0
    stall_ms: float = 0.0
    """From ``stall_at_s`` on nothing passes for so long; then all of it does."""
    offset_ms: float = 0.0
    """How far the echo's clock is ahead."""
    drift_ppm: float = 0.0
    echo_step_at_s: float = 0.0
    echo_step_ms: float = 0.0


@dataclass(slots=True)
class Injected:
    """What really happened, for comparison."""

    lost: int = 0
    duplicates: int = 0
    overtaken: int = 0
    sent: int = 0


@dataclass(slots=True)
class Event:
    """A message at one of its two ends."""

    link: SimulatedLink
    frame: bytes
    at_echo: bool

    def happen(self) -> None:
        """The message arrives."""
        if self.at_echo:
            self.link.at_echo(self.frame)
        else:
            self.link.deliver(self.frame)


@dataclass(slots=True)
class SimulatedLink:
    """See :class:`netopt.ports.Transport`: a path with faults to an echo with a clock of its own.

    The first ``spared`` messages (the warm-up) meet no loss, duplication or reordering, so that what is
    injected can be compared with what is reported to the last message.
    """

    clock: SimulatedClock
    faults: Faults
    seed: int = 1
    spared: int = 0
    name: str = "simulated"
    injected: Injected = field(default_factory=Injected)
    _random: random.Random = field(init=False)
    _on_reply: OnReply | None = None
    _last_overtaken: bool = False

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  # a repeatable simulation, no secret

    def open(self, on_reply: OnReply) -> None:
        """See :class:`netopt.ports.Transport`."""
        self._on_reply = on_reply

    def send(self, frame: bytes) -> None:
        """See :class:`netopt.ports.Transport`."""
        self.injected.sent += 1
        spared = self.injected.sent <= self.spared
        if not spared and self._random.random() < self.faults.loss:
            self.injected.lost += 1
            return
        extra_ms = 0.0
        if not spared and not self._last_overtaken and self._random.random() < self.faults.reordered:
            extra_ms, self._last_overtaken = self.faults.overtaken_ms, True
            self.injected.overtaken += 1
        else:
            self._last_overtaken = False
        self._pass(frame, self.faults.there_ms + extra_ms, at_echo=True)
        if not spared and self._random.random() < self.faults.duplicates:
            self.injected.duplicates += 1
            self._pass(frame, self.faults.there_ms + extra_ms + 0.01, at_echo=True)

    def sockets(self) -> tuple[Ends, ...]:
        """See :class:`netopt.ports.Transport`."""
        return ()

    def close(self) -> None:
        """See :class:`netopt.ports.Transport`."""
        self._on_reply = None

    def echo_wall_ns(self) -> int:
        """The wall clock of the echo."""
        now_ns = self.clock.monotonic_ns()
        faults = self.faults
        stepped = faults.echo_step_ms and now_ns >= faults.echo_step_at_s * NS_PER_S
        return (
            _WALL_BEGIN_NS
            + now_ns
            + round((faults.offset_ms + (faults.echo_step_ms if stepped else 0.0)) * _MS)
            + round(now_ns * faults.drift_ppm / 1e6)
        )

    def at_echo(self, frame: bytes) -> None:
        """A request arrives."""
        wall_ns = self.echo_wall_ns()
        reply = answer(
            frame,
            received_wall_ns=wall_ns,
            received_monotonic_ns=self.clock.monotonic_ns(),
            sent_wall_ns=wall_ns,
            echo=Echo(clock_id=2),
        )
        self._pass(reply, self.faults.back_ms, at_echo=False)

    def deliver(self, frame: bytes) -> None:
        """A reply arrives."""
        if self._on_reply is not None:
            self._on_reply(frame)

    def _pass(self, frame: bytes, delay_ms: float, *, at_echo: bool) -> None:
        faults, now_ns = self.faults, self.clock.monotonic_ns()
        due_ns = now_ns + round((delay_ms + self._random.random() * faults.jitter_ms) * _MS)
        begin_ns = round(faults.stall_at_s * NS_PER_S)
        if faults.stall_ms and begin_ns <= due_ns < begin_ns + faults.stall_ms * _MS:
            due_ns = begin_ns + round(faults.stall_ms * _MS)
        self.clock.at(due_ns, Event(link=self, frame=frame, at_echo=at_echo))
