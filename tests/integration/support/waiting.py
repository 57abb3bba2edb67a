"""Waiting on a condition, never on a time."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_S = 0.05


def eventually(condition: Callable[[], T], timeout_s: float = 60.0, *, poll_s: float = _POLL_S) -> T:
    """The first true value of ``condition``, which may also say "not yet" by a failing assertion.

    Raises:
        AssertionError: it did not come true in time; tells the condition and what it gave last.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        flaw: AssertionError | None = None
        try:
            value = condition()
        except AssertionError as error:
            flaw = error
        else:
            if value:
                return value
        if time.monotonic() > deadline_s:
            last = f"last: {flaw}" if flaw else f"last value: {value!r:.2000}"
            raise AssertionError(f"not within {timeout_s:g} s: {_text(condition)}; {last}") from flaw
        time.sleep(poll_s)


def _text(condition: Callable[[], object]) -> str:
    try:
        return " ".join(inspect.getsource(condition).split())
    except (OSError, TypeError):
        return repr(condition)


def stand_still(count: Callable[[], int], *, for_s: float = 0.2) -> int:
    """Wait until a count has not changed for a while; what it is then."""
    seen, since_s = count(), time.monotonic()

    def unchanged() -> bool:
        nonlocal seen, since_s
        if (now := count()) != seen:
            seen, since_s = now, time.monotonic()
        return time.monotonic() - since_s >= for_s

    eventually(unchanged)
    return seen
