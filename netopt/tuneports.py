"""What the tuner needs of the world, as Protocols: things to set, and a journal.

``kernel`` brings the real ones, ``tests/fakes`` others that can fail; both pass the same contract.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from netopt.core.observed import Reading
from netopt.core.records import Journal
from netopt.core.settings import Target


class Knobs(Protocol):
    """Everything that can be read and written on a host."""

    def read(self, target: Target) -> Reading:
        """How it is now, and whether it could be written; never raises for what is absent or refused."""
        ...

    def write(self, target: Target, text: str | None) -> None:
        """Set it; ``None`` removes a file.

        Raises:
            CannotTune: Refused. A vector may be changed in part.
        """
        ...


class JournalStore(Protocol):
    """Where the journal is kept, one for a network namespace."""

    @property
    def place(self) -> str:
        """Which network namespace or tree it belongs to."""
        ...

    def obstacle(self) -> str:
        """Why no journal can be written; empty when it can. Changes nothing."""
        ...

    def load(self) -> Journal | None:
        """What is kept; ``None``: nothing was changed, or all of it undone.

        Raises:
            CannotTune: It cannot be read, or is damaged.
        """
        ...

    def save(self, journal: Journal) -> None:
        """Replace it whole; on return it is on the disk.

        Raises:
            CannotTune: The disk refused.
        """
        ...

    def retire(self) -> None:
        """Put it aside: everything is undone."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Keeps every other tuner of this place out.

        Raises:
            CannotTune: Another one is at work.
        """
        ...
