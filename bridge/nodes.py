"""Nodes of the far side, published on DDS with the endpoints of ours that stand for their own.

Those of this side are announced by :mod:`bridge.nodetokens`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bridge.core.extensions import Interface
from bridge.core.farnodes import StandIn, stood_for
from bridge.core.gid import Gid
from bridge.core.graph import Graph
from bridge.core.naming import Naming
from bridge.core.policy import Policy
from bridge.core.rosgraph import NodeEntities
from bridge.core.routespec import Direction, RouteKind
from bridge.core.tokens import TokenKind
from bridge.ports import DdsSide

PERIOD_S = 0.1
"""Our nodes are published at most that often: every participant of the domain reads all of them each time."""
_PAUSE = 10.0
"""So many times as long as the last publication took is waited at least: all nodes are mapped each time, and
while a thousand topics open one after the other that would take half of the engine's time."""
_FAR_SENDS = frozenset({TokenKind.PUBLISHER, TokenKind.SERVICE_SERVER, TokenKind.ACTION_SERVER})
"""What a far node has comes in here with these; the others take what we have."""
_KINDS = {
    TokenKind.SERVICE_SERVER: RouteKind.SERVICE,
    TokenKind.SERVICE_CLIENT: RouteKind.SERVICE,
    TokenKind.ACTION_SERVER: RouteKind.ACTION,
    TokenKind.ACTION_CLIENT: RouteKind.ACTION,
}
"""What rules are asked about; all other interfaces are topics."""


class NodePublisher:
    """What ``ros_discovery_info`` says about our participant. Thread: engine."""

    def __init__(
        self,
        *,
        dds: DdsSide,
        graph: Graph,
        stand_ins: Callable[[], Iterable[StandIn]],
        namespace: str,
        default_width: int,
        clock_s: Callable[[], float],
    ) -> None:
        self._dds = dds
        self._clock_s = clock_s
        self._graph = graph
        self._stand_ins = stand_ins
        self._namespace = namespace
        self._default_width = default_width
        self._next_s = float("-inf")
        self._due = False
        self._state: object = None
        """What the last mapping was made from."""
        self.others: tuple[NodeEntities, ...] = ()
        """The far nodes that are published now."""

    def publish(
        self,
        now_s: float,
        *,
        policy: Policy,
        naming: Naming,
        routing: bool,
        gids: Callable[[], tuple[tuple[Gid, ...], ...]],
    ) -> None:
        """Publish what has changed, now or when it is time.

        Args:
            now_s: monotonic time.
            policy: what may cross to this side.
            naming: of this side.
            routing: whether we route at all; a spare shows nobody.
            gids: looks up (readers, writers) of ours, all of them.
        """
        self._due = now_s < self._next_s
        if self._due:
            return
        self._next_s = now_s + PERIOD_S
        began_s = self._clock_s()
        if self._changed(policy=policy, naming=naming, routing=routing, gids=gids()):
            self._next_s += max(0.0, _PAUSE * (self._clock_s() - began_s) - PERIOD_S)

    def _changed(
        self, *, policy: Policy, naming: Naming, routing: bool, gids: tuple[tuple[Gid, ...], ...]
    ) -> bool:
        """Publish if it is another than the last; whether it was."""
        graph = self._graph
        width = graph.gid_width(self._default_width)
        here = graph.participants.user_data.keys() | ()
        state = (gids, graph.far_nodes.version, here, policy, width, routing)
        if state == self._state:
            return False
        self._state = state
        self.others = self._mapped(policy, naming) if routing and graph.far_nodes.version else ()
        claimed = {gid for node in self.others for gid in (*node.readers, *node.writers)}
        readers, writers = ([gid for gid in some if gid not in claimed] for some in gids)
        self._dds.announce_node(readers=readers, writers=writers, others=self.others, gid_width=width)
        return True

    def next_due_s(self) -> float | None:
        """When :meth:`publish` is to be called again, where it was too early the last time."""
        return self._next_s if self._due else None

    def _mapped(self, policy: Policy, naming: Naming) -> tuple[NodeEntities, ...]:
        def allowed(interface: Interface) -> bool:
            direction = Direction.INGRESS if interface.kind in _FAR_SENDS else Direction.EGRESS
            name = naming.local_name(interface.key_expr, direction)
            return (
                name is not None
                and policy.decide(
                    name=name,
                    ros_type=interface.ros_type,
                    direction=direction,
                    kind=_KINDS.get(interface.kind, RouteKind.TOPIC),
                ).allow
            )

        nodes = self._graph.nodes_elsewhere()
        return stood_for(nodes, self._stand_ins(), namespace=self._namespace, allowed=allowed)
