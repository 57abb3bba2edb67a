"""Which of several bridges on one DDS domain routes, so that every message crosses exactly once.

Agents that see each other on DDS and on Zenoh agree on one: whoever routes already goes on, otherwise the
lowest Zenoh id begins. Agents that share the domain alone both route. A foreign bridge cannot be
negotiated with: we stand by. Pure: the engine brings the time.

The hard part is silence. A rival that DDS shows and Zenoh does not is dead, or its link is, or ours is; and
where links have just come back, it may be back a moment later. :class:`Election` remembers whom to expect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bridge.core.tokens import AgentToken

TAKEOVER_S = 0.2
"""A silent rival is given up after that: when our own link breaks, its token goes before the link does."""
REUNION_S = 5.0
"""The same after our own link was down: the rival's was perhaps, too, and Zenoh tries every 4 s at worst."""
MEET_S = 0.5
"""At the start: how long after our first link an agent that shares Zenoh with us may still be unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the agent should do now."""

    route: bool
    reason: str = ""
    """Why it stands by; empty when it routes."""
    rival: str = ""
    """Whom it stands by for, or waits for."""
    foreign: bool = False
    """The rival is not an agent of ours."""


def elect(*, zid: str, rivals: Mapping[str, AgentToken], foreign: Sequence[str], routing: bool) -> Verdict:
    """Decide for one agent by what it sees now.

    Args:
        zid: our Zenoh id.
        rivals: agents that share domain and Zenoh with us, by Zenoh id.
        foreign: nodes of foreign bridges on the domain.
        routing: whether we route now.
    """
    if foreign:
        reason = f"{foreign[0]} bridges this DDS domain already"
        return Verdict(route=False, rival=foreign[0], foreign=True, reason=reason)
    active = sorted((other for other, token in rivals.items() if token.active), key=_order)
    lower = [other for other in sorted(rivals, key=_order) if _order(other) < _order(zid)]
    if routing:
        both = [other for other in lower if other in active]
        if both:
            reason = f"agent {both[0]} routes, too, and has the lower Zenoh id"
            return Verdict(route=False, rival=both[0], reason=reason)
        return Verdict(route=True)
    if active:
        return Verdict(route=False, rival=active[0], reason=f"agent {active[0]} routes")
    if lower:
        return Verdict(
            route=False, rival=lower[0], reason=f"agent {lower[0]} has the lower Zenoh id and begins"
        )
    return Verdict(route=True)


@dataclass(slots=True, kw_only=True)
class Election:
    """One agent's memory of its rivals. Thread: engine."""

    zid: str
    _known: AbstractSet[str] = frozenset()
    """Rivals that were seen on both sides and have not left DDS since."""
    _began: bool = False
    """Our first decision to route was made; who was not met by then is on another Zenoh network."""
    _silent_since_s: float | None = None
    """Since when DDS shows a known rival that Zenoh does not."""
    _linked_since_s: float | None = None
    """None while we have no link, and while nobody is silent, for then it is not watched."""
    _watching: bool = False

    @property
    def watching(self) -> bool:
        """A rival is silent, so the links must be looked at often."""
        return self._watching

    def decide(
        self,
        now_s: float,
        *,
        rivals: Mapping[str, AgentToken],
        on_domain: AbstractSet[str],
        foreign: Sequence[str],
        routing: bool,
        linked: Callable[[], bool],
    ) -> Verdict:
        """Decide for this agent.

        Args:
            now_s: monotonic time.
            rivals: agents on both sides, by Zenoh id.
            on_domain: Zenoh ids of all agents that DDS shows.
            foreign: nodes of foreign bridges on the domain.
            routing: whether we route now.
            linked: whether we have any Zenoh link; asked only while somebody is silent.
        """
        verdict = elect(zid=self.zid, rivals=rivals, foreign=foreign, routing=routing)
        self._known = (self._known | rivals.keys()) & on_domain
        unseen = on_domain - rivals.keys() - {self.zid}
        known = unseen & self._known
        silent = known if self._began else unseen
        self._watch(now_s, silent=silent, known=known, linked=linked)
        if silent and verdict.route:
            verdict = self._without(min(silent), now_s, routing=routing)
        self._began = self._began or verdict.route
        return verdict

    def _watch(
        self, now_s: float, *, silent: AbstractSet[str], known: AbstractSet[str], linked: Callable[[], bool]
    ) -> None:
        self._watching = bool(silent)
        if not silent or not linked():
            self._linked_since_s = None
        elif self._linked_since_s is None:
            self._linked_since_s = now_s
        if not known:
            self._silent_since_s = None
        elif self._silent_since_s is None:
            self._silent_since_s = now_s

    def _without(self, silent: str, now_s: float, *, routing: bool) -> Verdict:
        """We would route, but for an agent of which only DDS tells."""
        if self._linked_since_s is None:
            reason = f"no Zenoh link here, and agent {silent}, which serves this DDS domain too, may have one"
            return Verdict(route=False, rival=silent, reason=reason)
        if self._silent_since_s is None:
            due_s = self._linked_since_s + MEET_S
        elif self._linked_since_s > self._silent_since_s:
            due_s = self._linked_since_s + REUNION_S
        else:
            due_s = self._silent_since_s + TAKEOVER_S
        if routing or now_s >= due_s:
            return Verdict(route=True)
        reason = f"waiting for a sign of agent {silent}, which is on this DDS domain"
        return Verdict(route=False, rival=silent, reason=reason)


def _order(zid: str) -> int:
    return int(zid, 16)
