"""Measures all the time what an agent is linked to: every neighbour that echoes, and configured targets.

A message of 64 bytes every half second to each: below 10 kbit/s and a thousandth of a core
(``docs/measuring.md``). One thread sends to all; replies come on the threads of Zenoh and of bare sockets.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import zenoh

from netopt.core.clockoffset import OffsetEstimator
from netopt.core.probeframe import MIN_FRAME_BYTES, Echo, decode_reply
from netopt.core.schedule import NS_PER_S
from netopt.core.verdict import Target
from netopt.core.watched import Watched, WatchedFigures
from netopt.errors import FrameError
from netopt.ports import MonotonicClock
from netopt.probe.bareway import REOPEN_NS, BareWay, is_bare
from netopt.probe.channel import ProbeChannel
from netopt.probe.zenoh import neighbours

log = logging.getLogger(__name__)

_LOOK_NEIGHBOURS_NS = 2 * NS_PER_S
_GONE_NS = 30 * NS_PER_S
"""How long a neighbour whose link is gone, or an echo that answered, is still told about as silent."""
_MAX_TARGETS = 1024
"""More neighbours than that are not measured: what is sent is bounded, whoever connects."""
_POLL_S = 0.25
_JOIN_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchTarget:
    """A target that somebody configured."""

    name: str
    """A Zenoh id, ``tcp://HOST:PORT`` or ``udp://HOST:PORT``."""
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What is watched, and how often."""

    period_s: float = 0.5
    neighbours: Target | None = field(default_factory=Target)
    """What the link to each neighbour should do; None: only what is configured is watched."""
    targets: tuple[WatchTarget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedLink:
    """A target and how it is now."""

    name: str
    configured: bool
    target: Target
    figures: WatchedFigures


@dataclass(slots=True, eq=False)
class _One:
    """A target with its way there."""

    name: str
    configured: bool
    watched: Watched
    way: ProbeChannel | BareWay
    seen_ns: int = 0
    """When its link was there last; of a neighbour."""
    told_silent: bool = False


class Watch:
    """Watches until it is closed.

    Args:
        session: the agent's own, so that a probe goes the way of the data.
        settings: what to watch.
        clock: of the measurement.
        own: our clock.
    """

    def __init__(
        self, session: zenoh.Session, settings: WatchSettings, *, clock: MonotonicClock, own: Echo
    ) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._own = own
        self._period_ns = round(settings.period_s * NS_PER_S)
        self._lock = threading.Lock()
        """Guards the two tables and every ``Watched`` in them."""
        self._by_name: dict[str, _One] = {}
        self._by_run: dict[int, _One] = {}
        self._stop = threading.Event()
        self._look_ns = 0
        self.foreign = 0
        """Frames that were no replies to us."""
        self._inlet = ProbeChannel.listen(session, self._received)
        self._thread = threading.Thread(target=self._run, name="probe-watch", daemon=True)

    def start(self) -> None:
        """Begin. Thread: any, once."""
        self._thread.start()

    def links(self) -> tuple[WatchedLink, ...]:
        """Every target, the configured ones first. Thread: any."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            found = [
                WatchedLink(
                    name=one.name,
                    configured=one.configured,
                    target=one.watched.target,
                    figures=one.watched.figures(now_ns),
                )
                for one in self._by_name.values()
            ]
        return tuple(sorted(found, key=lambda link: (not link.configured, link.name)))

    def close(self) -> None:
        """End; idempotent."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
        self._inlet.close()
        for one in self._by_name.values():
            one.way.close()

    def _run(self) -> None:
        """Thread: probe-watch."""
        for configured in self._settings.targets:
            self._add(configured.name, configured.target, configured=True)
        while not self._stop.is_set():
            try:
                self._step()
            except Exception:
                # The agent must go on, and so must the other targets; the session may be closing.
                log.exception("a probe of the links failed")
                self._stop.wait(_POLL_S)

    def _step(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if now_ns >= self._look_ns:
            self._look_ns = now_ns + _LOOK_NEIGHBOURS_NS
            self._follow_neighbours(now_ns)
        for one in tuple(self._by_name.values()):
            if now_ns >= one.watched.due_ns:
                self._ping(one)
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            for one in self._by_name.values():
                one.watched.expire(now_ns)
            due_ns = min((one.watched.due_ns for one in self._by_name.values()), default=self._look_ns)
        for one in tuple(self._by_name.values()):
            self._tell_silence(one)
        # So exactly as a probe that counts from the intended time needs it, and no oftener.
        self._clock.wait_until(min(due_ns, self._look_ns, now_ns + round(_POLL_S * NS_PER_S)), self._stop)

    def _ping(self, one: _One) -> None:
        send = self._way_of(one)
        with self._lock:
            now_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
            if send is None:
                one.watched.pause(now_ns)
                return
            request = one.watched.send(now_ns, wall_ns)
        send(request.encode(max(MIN_FRAME_BYTES, one.watched.target.payload_bytes)))

    def _way_of(self, one: _One) -> Callable[[bytes], None] | None:
        """How to send to it; None while there is no way."""
        # With the link its subscription is gone, too; what is sent for a while then is lost, and counts.
        quiet_ns = one.watched.quiet_ns(self._clock.monotonic_ns())
        ready = one.way.ready()
        return one.way.send if ready or 0 < quiet_ns < _GONE_NS else None

    def _received(self, frame: bytes) -> None:
        """Thread: Zenoh's, or a bare socket's."""
        now_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        try:
            reply = decode_reply(frame)
        except FrameError:
            self.foreign += 1
            return
        with self._lock:
            one = self._by_run.get(reply.run)
            if one is None:
                self.foreign += 1
                return
            one.watched.received(reply, now_ns, wall_ns)

    def _follow_neighbours(self, now_ns: int) -> None:
        target = self._settings.neighbours
        if target is None:
            return
        here = neighbours(self._session)
        for zid in here:
            one = self._by_name.get(zid)
            if one is not None:
                one.seen_ns = now_ns
            elif len(self._by_name) < _MAX_TARGETS:
                self._add(zid, target, configured=False)
        for one in tuple(self._by_name.values()):
            if not one.configured and now_ns - one.seen_ns > _GONE_NS:
                with self._lock:
                    del self._by_name[one.name], self._by_run[one.watched.run]
                one.way.close()

    def _add(self, name: str, target: Target, *, configured: bool) -> None:
        now_ns = self._clock.monotonic_ns()
        watched = Watched(
            target,
            run=secrets.randbits(64),
            period_ns=self._period_ns,
            # Spread, so that many targets make no burst.
            begin_ns=now_ns + secrets.randbelow(self._period_ns),
            estimator=OffsetEstimator(clock_id=self._own.clock_id, max_error_us=self._own.max_error_us),
        )
        way = (
            BareWay(name, self._received, clock=self._clock, reopen_ns=max(REOPEN_NS, 3 * self._period_ns))
            if is_bare(name)
            else ProbeChannel.to(self._session, name)
        )
        one = _One(name, configured, watched, way, seen_ns=now_ns)
        with self._lock:
            self._by_name[name] = self._by_run[watched.run] = one

    def _tell_silence(self, one: _One) -> None:
        silent_ns = one.watched.silent_ns(self._clock.monotonic_ns())
        if bool(silent_ns) != one.told_silent:
            one.told_silent = bool(silent_ns)
            if silent_ns:
                log.warning("no probe reply from %s for %.1f s", one.name, silent_ns / NS_PER_S)
            else:
                log.info("%s answers probes again", one.name)
