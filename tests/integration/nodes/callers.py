"""Callers of an echo at once, each knowing its question again, and what came of all of them.

Needs nothing but Python.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

Ask = Callable[[int, str], "tuple[int, str] | None"]
"""Asks with a number and a text; the same two, or None without an answer in time."""


class Caller:
    """Calls of one client after the other, each with a number of its own."""

    def __init__(self, ask: Ask, *, first: int, count: int, chars: int) -> None:
        self.counts: Counter[str] = Counter()
        self.latencies_s: list[float] = []
        self._ask, self._numbers, self._chars = ask, range(first, first + count), chars
        self.thread = threading.Thread(target=self._run, name=f"calls-{first}")

    def _run(self) -> None:
        for number in self._numbers:
            text = f"{number}:".ljust(self._chars, "x")
            began_s = time.monotonic()
            answer = self._ask(number, text)
            if answer is None:
                self.counts["unanswered"] += 1
                continue
            self.latencies_s.append(time.monotonic() - began_s)
            self.counts["answered" if answer == (number, text) else "wrong"] += 1


def outcome(callers: Sequence[Caller]) -> dict[str, Any]:
    """Let them all call at once; what came of it."""
    for one in callers:
        one.thread.start()
    for one in callers:
        one.thread.join()
    latencies_s = sorted(one for each in callers for one in each.latencies_s)
    counts = sum((each.counts for each in callers), Counter[str]())
    found: dict[str, Any] = {key: counts[key] for key in ("answered", "wrong", "unanswered")}
    if latencies_s:
        found["p50_ms"] = round(latencies_s[len(latencies_s) // 2] * 1e3, 2)
        found["p99_ms"] = round(latencies_s[int(len(latencies_s) * 0.99)] * 1e3, 2)
    return found
