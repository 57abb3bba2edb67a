"""When a retired token really counts as gone.

A token vanishes because its bridge withdrew it, or because the link to that bridge broke, and then all of
them vanish in any order. Only the bridge token tells which. So a retirement waits a moment for it; if it
went too, the whole bridge is given a grace period to come back with the same tokens, and nothing is torn
down that is about to return.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.core.events import ExtensionRetired, TokenRetired
from bridge.core.tokens import Token, TokenKind, WriterToken

Retirable = Token | WriterToken

SETTLE_S = 0.3
"""How long a retirement waits to see whether the whole bridge went."""
RETURN_S = 2.0
"""How long a returned bridge may take to announce its tokens again."""


@dataclass(slots=True)
class Retirements:
    """Retirements on hold. Thread: engine."""

    grace_s: float
    """For a bridge whose link broke."""
    _due_s: dict[Retirable, float] = field(default_factory=dict)
    _lost: dict[str, float] = field(default_factory=dict)
    """Zenoh ids whose bridge token is away, and until when it may return. Kept even while no retirement is on
    hold: the bridge token can be the first that vanishes."""

    def retired(self, token: Retirable, now_s: float) -> None:
        """A token vanished."""
        if isinstance(token, Token) and token.kind is TokenKind.BRIDGE:
            self._lost[token.zid] = now_s + self.grace_s
            self._postpone(token.zid, now_s + self.grace_s)
        else:
            self._due_s[token] = max(now_s + SETTLE_S, self._lost.get(token.zid, 0.0))

    def announced(self, token: Retirable, now_s: float) -> bool:
        """A token appeared; True when its retirement was on hold, so that nothing had changed."""
        if isinstance(token, Token) and token.kind is TokenKind.BRIDGE:
            if self._lost.pop(token.zid, None) is not None:
                self._postpone(token.zid, now_s + RETURN_S)
            return False
        return self._due_s.pop(token, None) is not None

    def _postpone(self, zid: str, due_s: float) -> None:
        for token in self._due_s:
            if token.zid == zid:
                self._due_s[token] = due_s

    def due(self, now_s: float) -> list[TokenRetired | ExtensionRetired]:
        """The retirements whose time has come, as events to fold."""
        found = [token for token, due_s in self._due_s.items() if due_s <= now_s]
        for token in found:
            del self._due_s[token]
        self._lost = {zid: until_s for zid, until_s in self._lost.items() if until_s > now_s}
        return [
            TokenRetired(token=token) if isinstance(token, Token) else ExtensionRetired(token=token)
            for token in found
        ]

    def next_due_s(self) -> float | None:
        """When :meth:`due` has something."""
        return min(self._due_s.values(), default=None)

    def away(self) -> frozenset[str]:
        """Zenoh ids of bridges in their grace period."""
        return frozenset(self._lost)
