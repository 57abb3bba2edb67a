"""This agent in the election of the one that routes its domain: settles, decides, announces what it is."""

from __future__ import annotations

import logging

from bridge.core.election import Election, Verdict
from bridge.core.events import ParticipantDiscovered
from bridge.core.gid import Gid
from bridge.core.graph import Graph
from bridge.core.participants import is_companion_of
from bridge.core.status import AgentState
from bridge.core.tokens import AgentToken
from bridge.ports import Announcement, ZenohSide

log = logging.getLogger(__name__)

SETTLE_S = 0.5
"""After joining the domain, before anything is bridged: who else is here must be known first."""
QUIET_S = 0.25
"""… and this long without a new participant, at most :data:`SETTLE_MAX_S`."""
SETTLE_MAX_S = 2.0
LOOK_S = 0.05
"""While it cannot be said when something will be due."""


class Candidate:
    """Thread: engine, once it is started.

    Args:
        participant: ours.
        zenoh: where it is announced.
        graph: who else is there.
        joined_s: since when we have listened on the domain; None: since :meth:`start`.
    """

    def __init__(
        self, *, participant: Gid, zenoh: ZenohSide, graph: Graph, joined_s: float | None = None
    ) -> None:
        self._participant = participant
        self._zenoh = zenoh
        self._graph = graph
        self.state = AgentState.STARTING
        self.verdict = Verdict(route=False, reason="discovery is settling")
        self._election = Election(zid=zenoh.zid)
        self._announced: Announcement | None = None
        self._joined_s = joined_s
        self._started_s = 0.0
        self._last_participant_s = 0.0

    def start(self, now_s: float) -> None:
        """Both sides are joined from now on, the domain perhaps for a while already.

        What was heard there meanwhile must be in the inbox before the first :meth:`decide`.
        """
        self._started_s = now_s
        self._last_participant_s = now_s if self._joined_s is None else self._joined_s
        self.announce()

    def participant_discovered(self, event: ParticipantDiscovered, now_s: float) -> None:
        """Discovery is not quiet yet, unless that is a node of our own."""
        if not is_companion_of(self._zenoh.zid, event.user_data):
            heard_s = now_s if event.heard_s is None else min(event.heard_s, now_s)
            self._last_participant_s = max(self._last_participant_s, heard_s)

    def next_due_s(self, now_s: float) -> float | None:
        """When it must look again; None where only an event can change its mind.

        Elections and strangers are a matter of tenths of a second: while there are any it looks often.
        """
        if self.state is AgentState.STARTING and (due_s := self._settled_s()) > now_s:
            return min(due_s, now_s + LOOK_S)
        if self.state is not AgentState.ACTIVE or self._election.watching:
            return now_s + LOOK_S
        return None

    def decide(self, now_s: float) -> bool:
        """Route, stand by, or wait: see :mod:`bridge.core.election`.

        Returns:
            Whether that changed, which is to be announced once it is so.
        """
        if self.state is AgentState.STARTING and not self._settled(now_s):
            return False
        verdict = self._election.decide(
            now_s,
            rivals=self._graph.agents_on_domain(),
            on_domain=self._graph.participants.agent_zids(),
            foreign=self._graph.foreign_bridges(),
            routing=self.verdict.route,
            linked=lambda: any(link.whatami != "client" for link in self._zenoh.links()),
        )
        if verdict == self.verdict and self.state is not AgentState.STARTING:
            return False
        self.verdict = verdict
        self.state = AgentState.ACTIVE if verdict.route else AgentState.STANDBY
        return True

    def _settled_s(self) -> float:
        """When everybody has had time to be heard, if nobody else comes."""
        joined_s = self._started_s if self._joined_s is None else self._joined_s
        due_s = max(joined_s + SETTLE_S, self._last_participant_s + QUIET_S)
        return min(due_s, self._started_s + SETTLE_MAX_S)

    def _settled(self, now_s: float) -> bool:
        if now_s >= self._started_s + SETTLE_MAX_S:
            return True
        # An agent on our domain may be one of our Zenoh network as well, whose link takes a moment.
        here = self._graph.participants
        introduced = {token.participant.prefix for token in self._graph.agents.values()}
        strangers = here.agent_prefixes - here.rclpy_prefixes - introduced
        return now_s >= self._settled_s() and not strangers

    def announce(self) -> None:
        """Tell the others what it is now. Raises ZenohError."""
        token = AgentToken(zid=self._zenoh.zid, participant=self._participant, active=self.verdict.route)
        before, self._announced = self._announced, self._zenoh.announce(str(token))
        if before is not None:
            before.close()

    def drain(self) -> None:
        """It routes nothing new, and stays announced until it is closed."""
        self.state = AgentState.DRAINING

    def close(self) -> None:
        """It is a candidate no more."""
        if self._announced is not None:
            self._announced.close()
