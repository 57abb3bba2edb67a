"""The nodes here, announced on Zenoh with those of their interfaces that cross.

Interfaces of a node that come together are told in one token: each key that Zenoh learns costs it a look
through all that it knows. Never a node of an agent's participant: it stands for one elsewhere already.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core import keys
from bridge.core.extensions import Interface, InterfacesToken, NodeToken, joins_others
from bridge.core.gid import Gid
from bridge.core.graph import Graph
from bridge.core.policy import Policy
from bridge.core.serviceplan import Planned
from bridge.errors import InvalidName, ZenohError
from bridge.ports import Announcement, ZenohSide

log = logging.getLogger(__name__)

_TOGETHER = 20
"""Interfaces of one token: what is left of it is told anew when one of them goes …"""
_CHARS = 2000
"""… and so long are they together, within what a token may have; a single longer one has its own."""


@dataclass(slots=True, eq=False)
class _Told:
    """What one key on Zenoh tells."""

    announcement: Announcement
    tokens: set[NodeToken]
    """Without those that went since."""


class NodeTokens:
    """The tokens of the nodes here, by the ROS names of their interfaces. Thread: engine."""

    def __init__(self, *, zenoh: ZenohSide, graph: Graph, namespace: str) -> None:
        self._zenoh = zenoh
        self._graph = graph
        self._namespace = namespace
        self._by_name: dict[str, frozenset[NodeToken]] = {}
        self._uses: Counter[NodeToken] = Counter()
        """Names that want a token; that of a node itself is wanted by each of its interfaces."""
        self._told: dict[NodeToken, _Told] = {}
        self._touched: dict[NodeToken, None] = {}
        """What is to be looked at by the next :meth:`announce`."""

    def follow(self, name: str, routes: Iterable[Planned], policy: Policy) -> None:
        """Have announced who has the interfaces of a name; nobody where ``routes`` are none."""
        wanted = frozenset(token for route in routes for token in self._tokens(route, policy))
        before = self._by_name.pop(name, frozenset())
        if wanted:
            self._by_name[name] = wanted
        self._uses.update(wanted)
        self._uses.subtract(before)
        # Not by a difference of sets: that looks at everything told, for every name.
        for token in wanted | before:
            if (self._uses[token] > 0) != (token in self._told):
                self._touched[token] = None

    def announce(self) -> None:
        """Tell what :meth:`follow` has found since, and retire what nobody wants any more."""
        touched, self._touched = self._touched, {}
        new = [token for token in touched if self._uses[token] and token not in self._told]
        gone = [token for token in touched if not self._uses[token]]
        broken: dict[_Told, None] = {}
        for token in gone:
            del self._uses[token]
            told = self._told.pop(token, None)
            if told is not None:
                told.tokens.discard(token)
                broken[told] = None
        # Told anew before the old key is retired, so that nobody sees them gone.
        for group in _groups([*new, *(token for told in broken for token in told.tokens)]):
            self._tell(group)
        for told in broken:
            told.announcement.close()

    def close(self) -> None:
        """Retire every token; idempotent."""
        for told in set(self._told.values()):
            told.announcement.close()
        self._told.clear()
        self._touched.clear()
        self._by_name.clear()
        self._uses.clear()

    def _tell(self, group: list[NodeToken]) -> None:
        try:
            told = _Told(self._zenoh.announce(_key(group)), set(group))
        except ZenohError as error:  # its topics cross all the same; tried again with the names' next change
            log.warning("node %s is not announced: %s", group[0].node, error)
            for token in group:
                self._told.pop(token, None)
        else:
            self._told.update(dict.fromkeys(group, told))

    def _tokens(self, route: Planned, policy: Policy) -> Iterable[NodeToken]:
        if route.token is None:
            return
        try:
            interface = Interface(
                kind=route.token.kind, key_expr=route.token.key_expr, ros_type=route.token.ros_type
            )
        except InvalidName:
            return
        for endpoint in route.local:
            node = self._node(endpoint.gid, policy)
            if node is not None:
                yield node
                yield NodeToken(
                    zid=node.zid, participant=node.participant, node=node.node, interface=interface
                )

    def _node(self, endpoint: Gid, policy: Policy) -> NodeToken | None:
        name, participant = self._graph.node_of(endpoint), self._graph.participant_of(endpoint)
        if name is None or participant is None or policy.keeps_node(name):
            return None
        try:
            key = keys.key_expr(name, self._namespace)
            return NodeToken(zid=self._zenoh.zid, participant=participant, node=key)
        except InvalidName:  # anybody can give any name on DDS
            return None


def _groups(tokens: Iterable[NodeToken]) -> list[list[NodeToken]]:
    """What is told together: interfaces of one node, in the order in which they came."""
    found: list[list[NodeToken]] = []
    open_groups: dict[tuple[Gid, str], tuple[list[NodeToken], int]] = {}
    for token in tokens:
        if token.interface is None or not joins_others(token.interface):
            found.append([token])
            continue
        chars = len(token.interface.key_expr) + len(token.interface.ros_type)
        group, sum_chars = open_groups.get((token.participant, token.node), ([], 0))
        if not group or len(group) == _TOGETHER or sum_chars + chars > _CHARS:
            group, sum_chars = [], 0
            found.append(group)
        group.append(token)
        open_groups[token.participant, token.node] = (group, sum_chars + chars)
    return found


def _key(group: list[NodeToken]) -> str:
    first, *others = group
    if not others:
        return str(first)
    found = [token.interface for token in group if token.interface is not None]
    # In one order: Zenoh keeps some memory of each key that it ever knew.
    interfaces = tuple(sorted(found, key=lambda one: (one.key_expr, one.kind.value)))
    return str(
        InterfacesToken(zid=first.zid, participant=first.participant, node=first.node, interfaces=interfaces)
    )
