"""What an event means: for the graph, for what is held back a moment, for which names are planned anew."""

from __future__ import annotations

from collections import Counter

from bridge.candidate import Candidate
from bridge.core.events import (
    Event,
    ExtensionAnnounced,
    ExtensionRetired,
    InputRejected,
    MatchingChanged,
    ParticipantDiscovered,
    TokenAnnounced,
    TokenRetired,
)
from bridge.core.graph import Graph
from bridge.core.tokens import TokenKind, WriterToken
from bridge.reconciler import Reconciler
from bridge.retirement import Retirements
from bridge.routes.table import RouteTable


class Intake:
    """Folds events into the graph, and touches the names they concern. Thread: engine.

    Args:
        graph: what is there.
        routes: told of matches, and of bridges that went or returned.
        reconciler: told which names to look at.
        candidate: told of participants.
        link_grace_s: how long an agent whose link broke may take to return.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        routes: RouteTable,
        reconciler: Reconciler,
        candidate: Candidate,
        link_grace_s: float,
    ) -> None:
        self._graph = graph
        self._routes = routes
        self._reconciler = reconciler
        self._candidate = candidate
        self.retirements = Retirements(grace_s=link_grace_s)
        self.rejected: Counter[str] = Counter()
        """Malformed input dropped, by the decoder that refused it."""

    def take_due(self, now_s: float) -> None:
        """The retirements whose time has come."""
        for retired in self.retirements.due(now_s):
            self._reconciler.touch(self._graph.fold(retired))

    def take(self, event: Event, now_s: float) -> None:  # noqa: C901 - one case for each event
        """One event."""
        match event:
            case MatchingChanged():
                self._reconciler.guarded(
                    event.spec.subject, lambda: self._routes.set_matching(event.spec, event.matching, now_s)
                )
            case InputRejected():
                self.rejected[event.codec] += 1
            case TokenRetired(token=token):
                self.retirements.retired(token, now_s)
                if token.kind is TokenKind.BRIDGE:
                    self._routes.bridge_gone(token.zid)
                    self._fold(event)
            case ExtensionRetired(token=WriterToken() as source):
                self.retirements.retired(source, now_s)
            case TokenAnnounced(token=token):
                if self.retirements.announced(token, now_s):
                    self._routes.refresh_history(token.key_expr)
                if token.kind is TokenKind.BRIDGE:
                    self._routes.bridge_back(token.zid)
                self._fold(event)
            case ExtensionAnnounced(token=WriterToken() as source):
                self.retirements.announced(source, now_s)
                self._fold(event)
            case ParticipantDiscovered():
                self._candidate.participant_discovered(event, now_s)
                self._fold(event)
            case _:
                self._fold(event)

    def _fold(self, event: Event) -> None:
        agents = self._graph.participants.agent_prefixes
        self._reconciler.touch(self._graph.fold(event))
        if self._graph.participants.agent_prefixes != agents:
            self._routes.forget_sources()
