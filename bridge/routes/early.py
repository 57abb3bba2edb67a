"""Where samples wait whose writer is about to be announced, so that they become part of its own history.

A sample can overtake the token of its writer. Written by the common DDS writer of the route it would stay in
that one's history, and be given to late joiners long after its own writer has gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bridge.routes.backlog import Backlog

T = TypeVar("T")

WAIT_S = 0.5
"""How long a sample waits: a token and a plan take a few milliseconds, on a busy machine some tens."""
MAX_STRANGERS = 4096
"""Writers remembered as those that nobody announces; beyond it all are forgotten, and wait once more."""


@dataclass(slots=True, eq=False)
class _Room(Generic[T]):
    """The samples of one writer."""

    until_s: float
    samples: Backlog[T] = field(default_factory=Backlog)


class EarlySamples(Generic[T]):
    """Samples by source writer. Thread: any, one at a time (the route's lock)."""

    def __init__(self) -> None:
        self._rooms: dict[bytes, _Room[T]] = {}
        self._strangers: set[bytes] = set()

    def __bool__(self) -> bool:
        """Whether any sample waits."""
        return bool(self._rooms)

    def is_stranger(self, source_id: bytes) -> bool:
        """Whether waiting for this writer was in vain."""
        return source_id in self._strangers

    def hold(self, source_id: bytes, sample: T, size_bytes: int, now_s: float) -> int:
        """Keep a sample; returns how many older ones of its writer had to go."""
        room = self._rooms.setdefault(source_id, _Room(until_s=now_s + WAIT_S))
        return room.samples.push(sample, size_bytes)

    def announced(self, source_id: bytes) -> Iterator[T]:
        """Everything of a writer that is known now, in order."""
        self._strangers.discard(source_id)
        yield from self._leave(source_id)

    def overdue(self, now_s: float) -> Iterator[T]:
        """Everything that has waited in vain; its writers are strangers from now on."""
        for source_id in [one for one, room in self._rooms.items() if room.until_s <= now_s]:
            if len(self._strangers) >= MAX_STRANGERS:
                self._strangers.clear()
            self._strangers.add(source_id)
            yield from self._leave(source_id)

    def all(self) -> Iterator[T]:
        """Everything, since nothing is to be waited for any more."""
        for source_id in list(self._rooms):
            yield from self._leave(source_id)

    def _leave(self, source_id: bytes) -> Iterator[T]:
        room = self._rooms.pop(source_id, None)
        while room is not None and (sample := room.samples.pop()) is not None:
            yield sample
