"""Every node of the local domain and behind other agents, with its topics. Thread: engine."""

from __future__ import annotations

from bridge.core.farnodes import FarNode
from bridge.core.gid import Gid
from bridge.core.names import TopicKind, classify
from bridge.core.routespec import Direction
from bridge.core.status import NodeInfo
from bridge.core.tokens import TokenKind
from bridge.engine import Engine


def node_infos(engine: Engine) -> tuple[NodeInfo, ...]:
    """All of them, by name."""
    graph = engine.graph
    found = [
        NodeInfo(
            name=node.full_name,
            zid="",
            participant=str(entities.participant),
            publishers=_topic_names(engine, node.writers),
            subscribers=_topic_names(engine, node.readers),
        )
        for entities in graph.participants_with_nodes()
        if entities.participant.prefix not in graph.participants.agent_prefixes
        for node in entities.nodes
    ]
    found += [_far_node(engine, node) for node in graph.nodes_elsewhere()]
    return tuple(sorted(found, key=lambda node: (node.name, node.zid, node.participant)))


def _topic_names(engine: Engine, gids: tuple[Gid, ...]) -> tuple[str, ...]:
    endpoints = [engine.graph.endpoint(gid) for gid in gids]
    topics = (classify(one.dds_topic) for one in endpoints if one is not None)
    return tuple(sorted({topic.ros_name for topic in topics if topic.kind is TopicKind.TOPIC}))


def _far_node(engine: Engine, node: FarNode) -> NodeInfo:
    return NodeInfo(
        name=node.local_name(engine.namespace) or f"/{node.node}",
        zid=node.zids[0],
        participant=str(node.participant),
        publishers=_far_names(engine, node, TokenKind.PUBLISHER),
        subscribers=_far_names(engine, node, TokenKind.SUBSCRIBER),
    )


def _far_names(engine: Engine, node: FarNode, kind: TokenKind) -> tuple[str, ...]:
    """What its interfaces of a kind are called here; those without a name here are left out."""
    direction = Direction.INGRESS if kind is TokenKind.PUBLISHER else Direction.EGRESS
    keys = (interface.key_expr for interface in node.interfaces if interface.kind is kind)
    names_here = (engine.naming.local_name(key, direction) for key in keys)
    return tuple(sorted({name for name in names_here if name is not None}))
