"""What an egress route knows about one local DDS writer, and which time identifies each of its samples.

On Zenoh a sample is known by its writer's GID and its time. Receivers drop what is not newer than what they
have of the same writer, so the times of new samples rise strictly, and a sample that is sent once more
keeps the time it had.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from bridge.core.routespec import DropCause
from bridge.routes.history import MAX_DEPTH


@dataclass(slots=True, eq=False)
class Source:
    """One local DDS writer. Thread: the one inside the route."""

    gid: bytes
    refused: DropCause | None
    """Another agent's (passing it on would loop or double it), or of a node that a rule keeps here."""
    depth: int
    """Samples that the writer keeps, negative for KEEP_ALL."""
    keeps_history: bool
    """TRANSIENT_LOCAL: a new reader is given samples that an earlier one had."""
    sent: tuple[int, int] = (0, 0)
    """How many new samples were sent, and the time of the last one; one value, so that it is read whole."""
    told: tuple[int, int] = (0, 0)
    """What the last record said of that."""
    epoch: int = field(default_factory=lambda: secrets.randbits(64))
    """Tells a source that is counted anew from the one before."""
    last_raw_ns: int = 0
    """As the writer stamped the last sample."""
    _last_ns: int = 0
    _repeats_to_ns: int = -1
    _sent_ns: dict[int, int] = field(default_factory=dict)
    """Raw time → identifying time, of as many samples as the writer keeps."""

    def expect_repeats(self) -> None:
        """The reader is closed; the next one gets the history again."""
        if self.keeps_history:
            self._repeats_to_ns = self.last_raw_ns

    def identity_ns(self, raw_ns: int, latest_ns: int) -> int:
        """The time a sample is sent with.

        Args:
            raw_ns: as its writer stamped it.
            latest_ns: a time ahead of this is pulled back to it.
        """
        if raw_ns <= self._repeats_to_ns:
            if raw_ns == self._repeats_to_ns:
                self._repeats_to_ns = -1  # that was the last one; the writer may go back in time from here
            return self._sent_ns.get(raw_ns, min(raw_ns, latest_ns))
        made_ns = min(raw_ns, latest_ns)
        self._last_ns = made_ns if made_ns > self._last_ns else self._last_ns + 1
        if self.keeps_history:
            self._sent_ns[raw_ns] = self._last_ns
            limit = MAX_DEPTH if self.depth < 0 else min(self.depth, MAX_DEPTH)
            while len(self._sent_ns) > limit:
                del self._sent_ns[next(iter(self._sent_ns))]
        return self._last_ns
