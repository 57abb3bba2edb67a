"""What is known about one ROS topic name: who has it here, who announced it there.

Made by :class:`bridge.core.graph.Graph`, read by the planner.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.events import Endpoint
from bridge.core.gid import Gid
from bridge.core.tokens import Token, WriterToken


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicView:
    """All that is known about one ROS topic name."""

    name: str
    writers: tuple[Endpoint, ...]
    """Local, foreign to us, not of another bridge; by GID."""
    readers: tuple[Endpoint, ...]
    announced: tuple[Token, ...]
    """Remote publishers and subscribers, by key and zid."""
    sources: tuple[WriterToken, ...]
    """Remote TRANSIENT_LOCAL writers, by key and GID."""
    claims: tuple[tuple[Gid, str], ...] = ()
    """(writer, full name of the node that claims it), for those that are claimed."""
