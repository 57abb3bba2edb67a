"""Which ROS nodes the participants of the domain say they hold, and which node claims an endpoint.

Part of the graph; one owner (the engine thread).
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.core.gid import Gid
from bridge.core.rosgraph import ParticipantEntities

MAX_PARTICIPANTS = 10_000
"""Participants whose nodes are kept; far beyond any real domain, and anybody can announce without end."""


class DomainNodes:
    """What each participant last said about its nodes. Thread: engine."""

    def __init__(self) -> None:
        self._by_prefix: dict[bytes, ParticipantEntities] = {}
        self._owners: dict[Gid, str] = {}
        """Full name of the node that claims an endpoint."""

    def __iter__(self) -> Iterator[ParticipantEntities]:
        return iter(self._by_prefix.values())

    def set(self, entities: ParticipantEntities) -> set[Gid]:
        """Take in what a participant says; answers the endpoints that are claimed otherwise now."""
        prefix = entities.participant.prefix
        if prefix not in self._by_prefix and (not entities.nodes or len(self._by_prefix) >= MAX_PARTICIPANTS):
            return set()
        before = self._forget(prefix)
        after: dict[Gid, str] = {}
        if entities.nodes:
            self._by_prefix[prefix] = entities
            for node in reversed(entities.nodes):  # the first that claims an endpoint has it
                after |= dict.fromkeys((*node.readers, *node.writers), node.full_name)
            self._owners |= after
        return {gid for gid in before.keys() | after.keys() if before.get(gid) != after.get(gid)}

    def drop(self, prefix: bytes) -> None:
        """A participant is gone."""
        self._forget(prefix)

    def owner(self, gid: Gid) -> str | None:
        """Full name of the node that claims an endpoint."""
        return self._owners.get(gid)

    def participant(self, gid: Gid) -> Gid | None:
        """The participant whose nodes claim an endpoint."""
        return self._by_prefix[gid.prefix].participant if gid in self._owners else None

    def _forget(self, prefix: bytes) -> dict[Gid, str]:
        """Answers who claimed what."""
        entities = self._by_prefix.pop(prefix, None)
        nodes = entities.nodes if entities is not None else ()
        gids = {gid for node in nodes for gid in (*node.readers, *node.writers)}
        return {gid: self._owners.pop(gid) for gid in gids}
