"""A request of a client here that waits for its reply from Zenoh."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.routespec import DropCause
from bridge.serviceports import REFUSED

_LATE = 0.9
"""A call without an answer that took this much of its time ended by time-out; Zenoh's clock is its own."""


@dataclass(slots=True, eq=False)
class Asked:
    """One request. Times are monotonic seconds."""

    payload: bytes
    asked_s: float
    asked_of: frozenset[str]
    """Zenoh ids of the bridges that offered the server."""
    safe: bool
    """All of them are agents of ours, which know a request again."""
    sent: bool = False
    again_s: float | None = None
    """When to ask (again); None: it is asked, and no answer has come."""

    def repeatable(self, offering: frozenset[str], agent_ids: frozenset[str]) -> bool:
        """Whether to ask again cannot make a server run it twice.

        Args:
            offering: Zenoh ids of the bridges that offer the server now.
            agent_ids: those of agents of ours.
        """
        return self.safe and bool(offering) and offering <= (self.asked_of & agent_ids)

    def cause(self, why: str, now_s: float, timeout_s: float) -> DropCause:
        """Why there is no answer, of which Zenoh says ``why``."""
        if why.startswith(REFUSED):
            return DropCause.REFUSED
        return DropCause.TIMEOUT if now_s - self.asked_s >= _LATE * timeout_s else DropCause.NO_SERVER
