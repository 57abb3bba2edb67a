"""The ROS nodes behind other agents, from their tokens, and which endpoints of ours stand for them.

Part of the graph; one owner (the engine thread). Bounded: a hostile peer can announce without end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bridge.core import keys
from bridge.core.extensions import Interface, InterfacesToken, NodeToken
from bridge.core.gid import Gid
from bridge.core.rosgraph import NodeEntities
from bridge.core.tokens import TokenKind
from bridge.errors import InvalidName

MAX_NODE_TOKENS = 100_000
"""Kept of all peers, each interface counted; at about 1 kB each a hostile peer costs 100 MB at most."""
MAX_NODES = 2_000
"""Nodes of others that we publish on DDS, where every participant reads all of them."""

ACTION_PARTS = (
    (TokenKind.ACTION_SERVER, TokenKind.SERVICE_SERVER, ("send_goal", "cancel_goal", "get_result")),
    (TokenKind.ACTION_SERVER, TokenKind.PUBLISHER, ("feedback", "status")),
    (TokenKind.ACTION_CLIENT, TokenKind.SERVICE_CLIENT, ("send_goal", "cancel_goal", "get_result")),
    (TokenKind.ACTION_CLIENT, TokenKind.SUBSCRIBER, ("feedback", "status")),
)
"""What an action consists of (wire specification section 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FarNode:
    """One ROS node behind another agent."""

    participant: Gid
    """Its DDS participant over there: a node that was restarted has another one."""
    node: str
    """Key of its full name."""
    zids: tuple[str, ...]
    """Agents that announce it: more than one for a moment, while a spare takes over."""
    interfaces: frozenset[Interface]

    def local_name(self, namespace: str) -> str | None:
        """Its full name on a side of that namespace; None where it has none."""
        try:
            return keys.ros_name(self.node, namespace)
        except InvalidName:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """DDS endpoints of ours that stand for one interface of far nodes."""

    kind: TokenKind
    """What the far nodes have: a PUBLISHER is stood for by a DDS writer of ours."""
    key_expr: str
    readers: tuple[Gid, ...] = ()
    writers: tuple[Gid, ...] = ()
    source: bytes = b""
    """GID prefix of the one far participant they stand for; empty: for all that have none of their own."""


@dataclass(slots=True)
class _Known:
    """What one agent announces of one node."""

    itself: bool = False
    """The node's own token is here; it may come after those of its interfaces."""
    tokens: set[NodeToken | InterfacesToken] = field(default_factory=set)
    interfaces: Counter[Interface] = field(default_factory=Counter)
    """With how many tokens name each: for a moment one is told anew before it is told no more."""


class FarNodes:
    """Node tokens by node. Thread: engine."""

    def __init__(self, *, limit: int = MAX_NODE_TOKENS) -> None:
        self._limit = limit
        self._nodes: dict[tuple[Gid, str], dict[str, _Known]] = {}
        """By participant and node key, then by zid of the agent."""
        self._count = 0
        self.version = 0
        """Changes with everything that is known here."""
        self.refused = 0
        """Tokens that were not kept because there are too many."""

    def add(self, token: NodeToken | InterfacesToken) -> None:
        """Keep a token; one that is here already changes nothing."""
        told = _told(token)
        if self._count + max(1, len(told)) > self._limit:
            self.refused += 1
            return
        known = self._nodes.setdefault((token.participant, token.node), {}).setdefault(token.zid, _Known())
        if token in known.tokens:
            return
        known.tokens.add(token)
        known.interfaces.update(told)
        known.itself |= not told
        self._count += max(1, len(told))
        self.version += 1

    def drop(self, token: NodeToken | InterfacesToken) -> None:
        """Forget a token; one that is not here changes nothing."""
        agents = self._nodes.get((token.participant, token.node), {})
        known = agents.get(token.zid)
        if known is None or token not in known.tokens:
            return
        told = _told(token)
        known.tokens.remove(token)
        known.interfaces.subtract(told)
        for one in told:
            if not known.interfaces[one]:
                del known.interfaces[one]
        known.itself &= bool(told)
        self._count -= max(1, len(told))
        self.version += 1
        if not known.tokens:
            del agents[token.zid]
        if not agents:
            del self._nodes[(token.participant, token.node)]

    def nodes(self) -> list[FarNode]:
        """Every node whose own token is here, in a fixed order."""
        found = []
        for (participant, node), agents in self._nodes.items():
            zids = tuple(sorted(zid for zid, known in agents.items() if known.itself))
            if zids:
                interfaces = frozenset().union(*(agents[zid].interfaces for zid in zids))
                found.append(FarNode(participant=participant, node=node, zids=zids, interfaces=interfaces))
        return sorted(found, key=lambda one: (one.node, one.participant))


def _told(token: NodeToken | InterfacesToken) -> tuple[Interface, ...]:
    """The interfaces that a token names; none where it is that of the node itself."""
    if isinstance(token, InterfacesToken):
        return token.interfaces
    return () if token.interface is None else (token.interface,)


def stood_for(
    nodes: Iterable[FarNode],
    endpoints: Iterable[StandIn],
    *,
    namespace: str,
    allowed: Callable[[Interface], bool],
) -> tuple[NodeEntities, ...]:
    """The far nodes as ``ros_discovery_info`` shows them here, each with what stands for it.

    An endpoint that stands for several nodes is among those of each. A node all of whose interfaces are kept
    from this side is left out.

    Args:
        nodes: of other agents, in a fixed order; those beyond :data:`MAX_NODES` are left out.
        endpoints: all that our routes have.
        namespace: of this side.
        allowed: whether an interface may cross to this side.
    """
    by_interface: dict[tuple[TokenKind, str], list[StandIn]] = {}
    for one in endpoints:
        by_interface.setdefault((one.kind, one.key_expr), []).append(one)
    found: list[NodeEntities] = []
    for node in nodes:
        name = node.local_name(namespace)
        if name is None or not any(allowed(interface) for interface in node.interfaces):
            continue
        readers: dict[Gid, None] = {}
        writers: dict[Gid, None] = {}
        for interface in _parts(node.interfaces):
            for one in _standing_in(by_interface.get(interface, ()), node.participant.prefix):
                readers.update(dict.fromkeys(one.readers))
                writers.update(dict.fromkeys(one.writers))
        space, _, short = name.rpartition("/")
        found.append(
            NodeEntities(namespace=space or "/", name=short, readers=tuple(readers), writers=tuple(writers))
        )
        if len(found) == MAX_NODES:
            break
    return tuple(found)


def _standing_in(candidates: Iterable[StandIn], prefix: bytes) -> list[StandIn]:
    """Those made for that participant; where there are none, those that all share."""
    own = [one for one in candidates if one.source == prefix]
    return own or [one for one in candidates if not one.source]


def _parts(interfaces: Iterable[Interface]) -> list[tuple[TokenKind, str]]:
    """Kind and key of everything that has endpoints: an action stands for its services and topics."""
    found: list[tuple[TokenKind, str]] = []
    for one in sorted(interfaces, key=lambda one: (one.kind.value, one.key_expr)):
        parts = [
            (kind, f"{one.key_expr}/_action/{name}")
            for action, kind, names in ACTION_PARTS
            if action is one.kind
            for name in names
        ]
        found += parts or [(one.kind, one.key_expr)]
    return found
