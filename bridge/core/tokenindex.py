"""The tokens of other bridges, by the name their key has on this side.

Part of the graph; one owner (the engine thread). Bounded: a hostile peer can announce without end.
"""

from __future__ import annotations

from collections import Counter

from bridge.core.jsonform import Counts
from bridge.core.naming import Naming
from bridge.core.routespec import Direction
from bridge.core.tokens import Token, TokenKind, WriterToken

NamedToken = Token | WriterToken

_EGRESS = frozenset({TokenKind.SUBSCRIBER, TokenKind.SERVICE_CLIENT, TokenKind.ACTION_CLIENT})
MAX_TOKENS = 200_000
"""Tokens kept of all peers; at about 1 kB each a hostile peer costs 200 MB at most."""


class TokenIndex:
    """Tokens by local ROS name. Thread: engine."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self._names: dict[NamedToken, str | None] = {}
        """Every token, and its local name; None where it has none."""
        self._by_name: dict[str, dict[NamedToken, None]] = {}
        self._sizes: Counter[TokenKind] = Counter()

    def sizes(self) -> Counts:
        """(kind, interfaces) of each kind that has, or had, any; also of those without a name here."""
        return tuple(sorted((kind.name.lower(), count) for kind, count in self._sizes.items()))

    def add(self, token: NamedToken) -> set[str]:
        """Keep a token; answers the name it touched."""
        if token in self._names or len(self._names) >= MAX_TOKENS:
            return set()
        if isinstance(token, Token):
            self._sizes[token.kind] += 1
        name = self._naming.local_name(token.key_expr, _direction(token))
        self._names[token] = name
        if name is None:
            return set()
        self._by_name.setdefault(name, {})[token] = None
        return {name}

    def drop(self, token: NamedToken) -> set[str]:
        """Forget a token; answers the name it touched."""
        if token in self._names and isinstance(token, Token):
            self._sizes[token.kind] -= 1
        name = self._names.pop(token, None)
        if name is None:
            return set()
        del self._by_name[name][token]
        if not self._by_name[name]:
            del self._by_name[name]
        return {name}

    def rename(self, naming: Naming) -> set[str]:
        """Sort everything anew after names changed; answers every name that had, or has, a token."""
        before, tokens = set(self._by_name), list(self._names)
        self._naming, self._names, self._by_name = naming, {}, {}
        self._sizes.clear()
        for token in tokens:
            self.add(token)
        return before | set(self._by_name)

    def names(self) -> set[str]:
        """Every name with a token."""
        return set(self._by_name)

    def announced(self, name: str) -> tuple[Token, ...]:
        """The interfaces announced under a name, in a fixed order."""
        return tuple(sorted((one for one in self._by_name.get(name, ()) if isinstance(one, Token)), key=str))

    def sources(self, name: str) -> tuple[WriterToken, ...]:
        """The TRANSIENT_LOCAL writers announced under a name, in a fixed order."""
        found = (one for one in self._by_name.get(name, ()) if isinstance(one, WriterToken))
        return tuple(sorted(found, key=str))


def _direction(token: NamedToken) -> Direction:
    """Which of our routes the token is the other half of."""
    egress = isinstance(token, Token) and token.kind in _EGRESS
    return Direction.EGRESS if egress else Direction.INGRESS
