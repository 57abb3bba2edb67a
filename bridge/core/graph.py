"""Both sides as known now: DDS endpoints and nodes here, tokens of other bridges there.

:meth:`Graph.fold` takes in one event and answers which ROS names it touched, so that the planner looks
at those alone. One owner (the engine thread); no clock: what must wait (grace after a lost link) is
the engine's business, which folds the retirement later.
"""

from __future__ import annotations

from collections.abc import Iterable

from bridge.core.domainnodes import MAX_PARTICIPANTS, DomainNodes
from bridge.core.endpointindex import EndpointIndex
from bridge.core.events import (
    Endpoint,
    EndpointDiscovered,
    EndpointKind,
    EndpointLost,
    Event,
    ExtensionAnnounced,
    ExtensionRetired,
    NodesAnnounced,
    ParticipantDiscovered,
    ParticipantLost,
    TokenAnnounced,
    TokenRetired,
)
from bridge.core.extensions import Extension, InterfacesToken, NodeToken
from bridge.core.farnodes import FarNode, FarNodes
from bridge.core.gid import Gid
from bridge.core.naming import Naming
from bridge.core.participants import Participants, is_agent
from bridge.core.requests import ServiceForm
from bridge.core.rosgraph import NodeEntities, ParticipantEntities, majority_width
from bridge.core.routespec import RouteKind
from bridge.core.serviceview import ServiceView, action_view, service_view
from bridge.core.status import GraphInfo
from bridge.core.tokenindex import TokenIndex
from bridge.core.tokens import AgentToken, Token, TokenKind, WriterToken
from bridge.core.topicview import TopicView

FOREIGN_BRIDGE_NODE = "zenoh_bridge_ros2dds"
"""Node name of the Rust bridge, unless configured otherwise (wire specification 5.3)."""


class Graph:
    """The state of both sides. Thread: engine."""

    def __init__(self, *, naming: Naming) -> None:
        self.participants = Participants()
        self._endpoints = EndpointIndex()
        self._nodes = DomainNodes()
        self.far_nodes = FarNodes()
        self._tokens = TokenIndex(naming)
        self.bridges: dict[str, None] = {}
        """Zenoh ids whose bridge token is here, in order of appearance."""
        self._agents: dict[AgentToken, None] = {}
        self.agent_ids: frozenset[str] = frozenset()
        """Zenoh ids of agents of ours that Zenoh shows; replaced whole, so other threads may read it."""

    def fold(self, event: Event) -> set[str]:
        """Take in one event.

        Returns:
            The ROS names whose plan may differ now. An event about nothing known touches none.
        """
        match event:
            case ParticipantDiscovered():
                return self._add_participant(event.gid, event.user_data)
            case ParticipantLost():
                return self._drop_participant(event.gid)
            case EndpointDiscovered():
                return self._endpoints.add(event.endpoint)
            case EndpointLost():
                return self._endpoints.drop(event.gid)
            case NodesAnnounced():
                return self._set_nodes(event.entities)
            case TokenAnnounced():
                return self._add_token(event.token)
            case TokenRetired():
                return self._drop_token(event.token)
            case ExtensionAnnounced():
                return self._add_extension(event.token)
            case ExtensionRetired():
                return self._drop_extension(event.token)
            case _:
                return set()

    def topic(self, name: str) -> TopicView:
        """What is known about one name; tuples are sorted, so equal knowledge is equal value."""
        local = self._local(RouteKind.TOPIC, name)
        writers = tuple(endpoint for endpoint in local if endpoint.kind is EndpointKind.WRITER)
        claims = ((endpoint.gid, self.node_of(endpoint.gid)) for endpoint in writers)
        return TopicView(
            name=name,
            writers=writers,
            claims=tuple((gid, node) for gid, node in claims if node is not None),
            readers=tuple(endpoint for endpoint in local if endpoint.kind is EndpointKind.READER),
            announced=self._tokens.announced(name),
            sources=self._tokens.sources(name),
        )

    def service(self, name: str) -> ServiceView:
        """What is known about one name as a service; sorted like :meth:`topic`."""
        return service_view(
            name,
            self._local(RouteKind.SERVICE, name),
            self._tokens.announced(name),
            node_of=self.node_of,
            default_form=self.participants.default_form,
        )

    def action(self, name: str) -> ServiceView:
        """What is known about one name as an action; sorted like :meth:`topic`."""
        return action_view(
            name,
            self._local(RouteKind.ACTION, name),
            self._tokens.announced(name),
            node_of=self.node_of,
            default_form=self.participants.default_form,
        )

    def _local(self, kind: RouteKind, name: str) -> list[Endpoint]:
        """Endpoints of nodes here, without those of agents."""
        return self._endpoints.of(kind, name, without=self.participants.agent_prefixes)

    def names(self) -> set[str]:
        """Every ROS name that either side has; the parts of an action under the action's."""
        return self._endpoints.names() | self._tokens.names()

    @property
    def agents(self) -> dict[str, AgentToken]:
        """Agents of ours on Zenoh, by zid. One that changes its state has two tokens: active counts."""
        return {token.zid: token for token in sorted(self._agents, key=lambda token: token.active)}

    def agents_on_domain(self) -> dict[str, AgentToken]:
        """Agents that share both the DDS domain and the Zenoh network with us, by zid.

        The participant must name that zid itself: a token alone, from anybody on Zenoh, makes no rival.
        """
        said = self.participants.by_prefix()
        return {
            zid: token
            for zid, token in self.agents.items()
            if is_agent(zid, said.get(token.participant.prefix, b""))
        }

    def foreign_bridges(self) -> tuple[str, ...]:
        """Full names of nodes of Rust bridges on our DDS domain.

        Under another name such a bridge still shows itself as what no RMW makes: a participant of Cyclone DDS
        that claims nodes and names no enclave. Beside it, one message becomes thousands within seconds.
        """
        ours, bare = self.participants.agent_prefixes, self.participants.bare()
        return tuple(
            sorted(
                node.full_name
                for entities in self.participants_with_nodes()
                for node in entities.nodes
                if entities.participant.prefix not in ours  # it publishes the nodes of others
                and (node.name == FOREIGN_BRIDGE_NODE or entities.participant.prefix in bare)
            )
        )

    def nodes(self) -> list[NodeEntities]:
        """Every local node, other agents' included."""
        return [node for entities in self.participants_with_nodes() for node in entities.nodes]

    def participants_with_nodes(self) -> Iterable[ParticipantEntities]:
        """What each participant that is here last said about its nodes.

        Its last words may be taken from DDS after its end was, and anybody can speak for one that never was.
        """
        here = self.participants.prefixes()
        return [entities for entities in self._nodes if entities.participant.prefix in here]

    def node_of(self, gid: Gid) -> str | None:
        """Full name of the node that claims an endpoint."""
        return self._nodes.owner(gid)

    def participant_of(self, gid: Gid) -> Gid | None:
        """The participant of the node that claims an endpoint."""
        return self._nodes.participant(gid)

    def nodes_elsewhere(self) -> list[FarNode]:
        """The nodes behind other agents, less those that are on this DDS domain themselves."""
        here = self.participants.prefixes()
        return [node for node in self.far_nodes.nodes() if node.participant.prefix not in here]

    def gid_width(self, default: int) -> int:
        """Bytes of a gid that most ROS participants of the domain use; ``default`` where there are none."""
        found = self.participants_with_nodes()
        ours = self.participants.agent_prefixes | self.participants.companions
        widths = [one.gid_size for one in found if one.participant.prefix not in ours]
        return majority_width(widths, default)

    def endpoints(self) -> dict[Gid, Endpoint]:
        """Every foreign endpoint of ROS."""
        return self._endpoints.all()

    def sizes(self) -> GraphInfo:
        """How large both sides are."""
        return GraphInfo(
            participants=self.participants.sizes(),
            readers=self._endpoints.sizes(EndpointKind.READER),
            writers=self._endpoints.sizes(EndpointKind.WRITER),
            announced=self._tokens.sizes(),
            agents=len(self.agent_ids),
        )

    def endpoint(self, gid: Gid) -> Endpoint | None:
        """A foreign endpoint by its GID."""
        return self._endpoints.get(gid)

    def _add_participant(self, gid: Gid, user_data: bytes) -> set[str]:
        before = self.participants.default_form
        of_agent = self.participants.add(gid, user_data)
        touched = self._endpoints.names_of(gid.prefix) if of_agent else set()
        return touched | self._another_form(before)

    def _drop_participant(self, gid: Gid) -> set[str]:
        touched = self._endpoints.drop_prefix(gid.prefix)
        before = self.participants.default_form
        self.participants.drop(gid)
        self._nodes.drop(gid.prefix)
        return touched | self._another_form(before)

    def _another_form(self, before: ServiceForm) -> set[str]:
        """The names for which it matters how most participants speak services, if that changed."""
        return self._tokens.names() if self.participants.default_form is not before else set()

    def _set_nodes(self, entities: ParticipantEntities) -> set[str]:
        return self._endpoints.names_of_all(self._nodes.set(entities))

    def rename(self, naming: Naming) -> set[str]:
        """Names changed (another configuration); answers every name whose plan may differ."""
        return self._tokens.rename(naming)

    def _add_token(self, token: Token) -> set[str]:
        if token.kind is not TokenKind.BRIDGE:
            return self._tokens.add(token)
        if len(self.bridges) < MAX_PARTICIPANTS:
            self.bridges[token.zid] = None
        return set()

    def _drop_token(self, token: Token) -> set[str]:
        if token.kind is TokenKind.BRIDGE:
            self.bridges.pop(token.zid, None)
            return set()
        return self._tokens.drop(token)

    def _add_extension(self, token: Extension) -> set[str]:
        match token:
            case WriterToken():
                return self._tokens.add(token)
            case NodeToken() | InterfacesToken():
                self.far_nodes.add(token)
            case AgentToken() if len(self._agents) < MAX_PARTICIPANTS:
                self._agents[token] = None
                self.agent_ids |= {token.zid}
        return set()

    def _drop_extension(self, token: Extension) -> set[str]:
        match token:
            case WriterToken():
                return self._tokens.drop(token)
            case NodeToken() | InterfacesToken():
                self.far_nodes.drop(token)
            case AgentToken():
                self._agents.pop(token, None)
                self.agent_ids = frozenset(one.zid for one in self._agents)
        return set()
