"""What is declared on a session, and outlives it.

A session is closed and opened anew when its certificates were replaced: Zenoh reads those of a listener once.
Everything here is done on one thread, the one that opens and closes what is declared (the engine's).
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import zenoh

Held = zenoh.Subscriber[None] | zenoh.Queryable[None] | zenoh.LivelinessToken
"""Declared until its session closes."""


class Renewable(ABC):
    """Something declared on a session, which can be declared anew on its successor; the rest it may do."""

    def pause(self, deadline_s: float) -> None:
        """From here on nothing goes out; what is on its way is waited for until the deadline (monotonic)."""

    @abstractmethod
    def renew(self, session: zenoh.Session) -> None:
        """Declare it on the successor; the session before is closed.

        Raises:
            ZenohError: refused.
        """

    def ended(self) -> None:
        """The session is closed: nothing comes over it any more."""

    def rematch(self, deadline_s: float) -> None:
        """Wait until it is matched as before, until the deadline (monotonic) at the latest."""

    def resume(self) -> None:
        """Go on."""

    def beside(self, session: zenoh.Session) -> Held | None:
        """Stay within the others' reach over another session, too; None for what only sends.

        Raises:
            ZenohError: refused.
        """
        return None

    def alone(self) -> None:
        """The session beside is closed."""


_Part = TypeVar("_Part", bound=Renewable)


class Declarations:
    """Everything on a session that is still in use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: weakref.WeakSet[Renewable] = weakref.WeakSet()

    def add(self, part: _Part) -> _Part:
        """One more, for as long as somebody holds it. Thread: any."""
        with self._lock:
            self._parts.add(part)
        return part

    def all(self) -> list[Renewable]:
        """Those of now."""
        with self._lock:
            return list(self._parts)


class Matching:
    """Tells whether somebody matches; a change of sessions is not told where the answer stays the same.

    Args:
        tell: Told of each change; never blocks. Thread: Zenoh's, or the one that resumes.
    """

    def __init__(self, tell: Callable[[bool], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        """Guards the rest, and the order in which it is told."""
        self._heard = 0
        """Which of the declarations counts."""
        self._told = False
        self._matched = threading.Event()

    def listen(self, declared: zenoh.Publisher | zenoh.Querier) -> None:
        """The status of this one counts from now on. May raise ZError."""
        self._heard += 1
        self._declared = declared  # it stays until it is closed, whoever still knows it
        # Called on Zenoh's own thread: with the default, each of 1000 routes had a thread for it.
        declared.declare_matching_listener(
            zenoh.handlers.Callback(partial(self._changed, self._heard), indirect=False)
        )

    def _changed(self, heard: int, status: zenoh.MatchingStatus) -> None:
        """Thread: Zenoh's."""
        with self._lock:
            if heard != self._heard:
                return
            if status.matching:
                self._matched.set()
            else:
                self._matched.clear()
            self._told = status.matching
            self._tell(status.matching)

    def pause(self) -> None:
        """What is declared is about to end, which is told to nobody."""
        with self._lock:
            self._heard += 1
            self._matched.clear()

    def rematch(self, deadline_s: float) -> None:
        """Wait for the match there was before; once it is clear that there is none, that is told."""
        if not self._told:
            return
        self._matched.wait(max(0.0, deadline_s - time.monotonic()))
        with self._lock:
            if not self._matched.is_set():
                self._told = False
                self._tell(False)


class Gate:
    """Who sends does so under its lock; shut, nothing is sent."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._shut = False

    def shut(self, deadline_s: float) -> None:
        """Wait for what is being sent, until the deadline: a stuck link is no reason to keep it."""
        self._shut = self._shut or self.lock.acquire(timeout=max(0.0, deadline_s - time.monotonic()))

    def open(self) -> None:
        """Go on."""
        if self._shut:
            self._shut = False
            self.lock.release()


class Sender(Renewable):
    """A publisher or a querier, which waits with what is to be sent while its session is renewed.

    Args:
        on_matching: See :class:`Matching`.
    """

    def __init__(self, on_matching: Callable[[bool], None]) -> None:
        self._matching = Matching(on_matching)
        self._gate = Gate()
        self._sending = self._gate.lock
        """Held by whoever sends, and while it is undeclared: Zenoh allows but one of the two at a time."""
        self._closed = False
        self._undeclared = False

    @abstractmethod
    def _declare(self, session: zenoh.Session) -> None:
        """Send through a new declaration from now on, and let its matching count.

        Raises:
            ZenohError: refused.
        """

    @abstractmethod
    def _undeclare(self) -> None:
        """Let go of the declaration. To send through it is refused from then on."""

    def close(self) -> None:
        """Never wait for a stuck link: who is sending then undeclares it after that. Idempotent."""
        self._closed = True
        self._retire()

    def _retire(self) -> None:
        """Undeclare it, unless somebody sends, who does this next where it is closed. Thread: any."""
        if self._sending.acquire(blocking=False):
            try:
                if not self._undeclared:
                    self._undeclared = True
                    with contextlib.suppress(zenoh.ZError):  # its session was closed, and it went with that
                        self._undeclare()
            finally:
                self._sending.release()

    def pause(self, deadline_s: float) -> None:
        """See :class:`Renewable`. Who sends waits from here on."""
        self._matching.pause()
        self._gate.shut(deadline_s)

    def renew(self, session: zenoh.Session) -> None:
        """See :class:`Renewable`."""
        if not self._closed:
            self._declare(session)

    def rematch(self, deadline_s: float) -> None:
        """See :class:`Renewable`."""
        if not self._closed:
            self._matching.rematch(deadline_s)

    def resume(self) -> None:
        """See :class:`Renewable`."""
        self._gate.open()
