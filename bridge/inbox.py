"""The engine's inbox: events and questions from any thread, taken in batches by one.

Bounded, because nothing from the network may grow without limit: beyond the bound events are dropped,
counted, and the engine is told to look at everything anew.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from bridge.core.events import Event
from bridge.errors import CannotRun

T = TypeVar("T")

MAX_EVENTS = 1_000_000
"""About 500 MB of endpoints; far beyond any real graph."""
ASK_TIMEOUT_S = 5.0


class Question(Generic[T]):
    """Something to be computed on the engine's thread, and its answer."""

    def __init__(self, compute: Callable[[], T]) -> None:
        self._compute = compute
        self._done = threading.Event()
        self._answer: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Compute. Thread: engine."""
        try:
            self._answer = self._compute()
        except Exception as error:  # noqa: BLE001 - the asker gets it, on its own thread
            self._error = error
        finally:
            self._done.set()

    def answer(self, timeout_s: float) -> T:
        """Wait for the answer.

        Raises:
            CannotRun: the engine does not answer in time.
        """
        if not self._done.wait(timeout_s):
            raise CannotRun(f"the agent did not answer in {timeout_s:g} s", remedy="try again; see its log")
        if self._error is not None:
            raise self._error
        return self._answer  # type: ignore[return-value]  # None only where T includes it


Item = Event | Question[object]


class Inbox:
    """Thread: ``put`` and ``ask`` from any, ``take`` from the engine's.

    Args:
        max_events: what it holds; what comes beyond is counted and dropped.
        ask_timeout_s: how long a question may take.
    """

    def __init__(self, *, max_events: int = MAX_EVENTS, ask_timeout_s: float = ASK_TIMEOUT_S) -> None:
        self._max_events = max_events
        self._ask_timeout_s = ask_timeout_s
        self._items: deque[Item] = deque()
        self._wake = threading.Event()
        self.dropped = 0
        """Events refused because the inbox was full."""

    def put(self, item: Item) -> None:
        """Hand over an event; never blocks."""
        if len(self._items) >= self._max_events:
            self.dropped += 1
            return
        self._items.append(item)
        self._wake.set()

    def ask(self, compute: Callable[[], T]) -> T:
        """Have something computed on the engine's thread, and wait for it."""
        question: Question[T] = Question(compute)
        self.put(question)  # type: ignore[arg-type]  # covariant in its answer, which the engine does not see
        return question.answer(self._ask_timeout_s)

    def take(self, timeout_s: float) -> list[Item]:
        """Everything that is there, after waiting at most ``timeout_s`` for the first."""
        if not self._items:
            self._wake.wait(timeout_s)
        self._wake.clear()
        return [self._items.popleft() for _ in range(len(self._items))]

    def wake(self) -> None:
        """End a running ``take``."""
        self._wake.set()
