"""Work that can wait, done in slices with a rest between them, so that samples never wait for it long.

Threads of one interpreter take turns, and one that computes for milliseconds makes each sample on its way
wait several times. A rest is long enough for what came meanwhile to be passed on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

SLICE_STEPS = 60
"""At least, between two rests. A step is about one line of a scrape, 4 µs: a slice is a quarter of a ms."""
SLICE_SHARE = 0.1
"""Of the work so far, where that is more: many rests would keep whoever asks waiting.
A scrape of 20 routes rests 16 times, one of 1000 routes 80 times."""
REST_S = 0.0003
"""Three samples come meanwhile at 10 000 a second."""


class Pace:
    """Counts the steps of one piece of work and rests after each slice. Thread: that of the work.

    Args:
        rest: lets other threads run.
    """

    def __init__(self, rest: Callable[[], None] = lambda: time.sleep(REST_S)) -> None:
        self._rest = rest
        self._steps = 0
        self._rest_at = SLICE_STEPS

    def over(self, items: Iterable[T], *, steps: int = 1) -> Iterator[T]:
        """The items, each of which makes so many steps of work."""
        for item in items:
            yield item
            self._steps += steps
            if self._steps >= self._rest_at:
                self._rest_at = self._steps + max(SLICE_STEPS, int(self._steps * SLICE_SHARE))
                self._rest()


def hurried() -> Pace:
    """Of work that somebody waits for while nothing else is to be done."""
    return Pace(rest=lambda: None)
