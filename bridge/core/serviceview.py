"""What is known about one service or one action: who has it here, who announced it there.

Made by :class:`bridge.core.graph.Graph`, read by the planners. Endpoints alone say nothing: only a
participant with every part is a server or a client. Must never import an adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bridge.core.events import Endpoint, EndpointKind
from bridge.core.gid import VENDOR_CYCLONE, Gid
from bridge.core.names import DdsTopic, TopicKind, classify
from bridge.core.requests import ServiceForm
from bridge.core.tokens import Token, TokenKind

ACTION_SERVICES = ("send_goal", "cancel_goal", "get_result")
ACTION_TOPICS = ("feedback", "status")
_REQUESTS = frozenset({TopicKind.SERVICE_REQUEST, TopicKind.ACTION_REQUEST})
_ACTION_PARTS = len(ACTION_SERVICES) * 2 + len(ACTION_TOPICS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A participant with every part of a server, or of a client."""

    endpoints: tuple[Endpoint, ...]
    """By GID."""
    nodes: tuple[str, ...]
    """Full names of the nodes that claim them; several where they share a participant, none where bare."""

    @property
    def form(self) -> ServiceForm:
        """How it speaks services, by its DDS vendor."""
        return form_of(self.endpoints[0].gid.vendor)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """All that is known about one name as a service, or as an action."""

    name: str
    servers: tuple[Party, ...] = ()
    """Local, real: not a proxy of ours or of another agent's."""
    clients: tuple[Party, ...] = ()
    offered: tuple[Token, ...] = ()
    """Remote servers, by key and zid."""
    asked: tuple[Token, ...] = ()
    """Remote clients."""
    default_form: ServiceForm = ServiceForm.CYCLONE
    """How most participants of the domain speak services."""


def form_of(vendor: bytes) -> ServiceForm:
    """How nodes on a DDS implementation speak services."""
    return ServiceForm.CYCLONE if vendor == VENDOR_CYCLONE else ServiceForm.RCLPY


def service_view(
    name: str,
    endpoints: Iterable[Endpoint],
    tokens: Iterable[Token],
    *,
    node_of: Callable[[Gid], str | None],
    default_form: ServiceForm,
) -> ServiceView:
    """What these endpoints and tokens make of a name as a service."""
    servers, clients = _parties(endpoints, node_of, needed=2)
    return ServiceView(
        name=name,
        servers=servers,
        clients=clients,
        offered=_of(tokens, TokenKind.SERVICE_SERVER),
        asked=_of(tokens, TokenKind.SERVICE_CLIENT),
        default_form=default_form,
    )


def action_view(
    name: str,
    endpoints: Iterable[Endpoint],
    tokens: Iterable[Token],
    *,
    node_of: Callable[[Gid], str | None],
    default_form: ServiceForm,
) -> ServiceView:
    """The same as an action: a party has all three services and both topics (wire specification 4)."""
    servers, clients = _parties(endpoints, node_of, needed=_ACTION_PARTS)
    return ServiceView(
        name=name,
        servers=servers,
        clients=clients,
        offered=_of(tokens, TokenKind.ACTION_SERVER),
        asked=_of(tokens, TokenKind.ACTION_CLIENT),
        default_form=default_form,
    )


def is_server_part(kind: EndpointKind, topic: DdsTopic) -> bool:
    """Whether an endpoint is part of a server; else it is part of a client (wire specification 6.2)."""
    return (topic.kind in _REQUESTS) is (kind is EndpointKind.READER)


def _of(tokens: Iterable[Token], kind: TokenKind) -> tuple[Token, ...]:
    return tuple(token for token in tokens if token.kind is kind)


def _parties(
    endpoints: Iterable[Endpoint], node_of: Callable[[Gid], str | None], *, needed: int
) -> tuple[tuple[Party, ...], tuple[Party, ...]]:
    """(servers, clients) that have as many different parts as needed, by participant.

    Not by node: for a moment, one half may be claimed and the other not yet.
    """
    grouped: tuple[dict[bytes, list[Endpoint]], dict[bytes, list[Endpoint]]] = ({}, {})
    for endpoint in endpoints:
        client = not is_server_part(endpoint.kind, classify(endpoint.dds_topic))
        grouped[client].setdefault(endpoint.gid.prefix, []).append(endpoint)
    servers, clients = (
        tuple(
            _party(group[prefix], node_of)
            for prefix in sorted(group)
            if len({endpoint.dds_topic for endpoint in group[prefix]}) == needed
        )
        for group in grouped
    )
    return servers, clients


def _party(endpoints: list[Endpoint], node_of: Callable[[Gid], str | None]) -> Party:
    claims: Mapping[str, None] = {
        node: None for node in (node_of(endpoint.gid) for endpoint in endpoints) if node is not None
    }
    return Party(
        endpoints=tuple(sorted(endpoints, key=lambda endpoint: endpoint.gid.value)),
        nodes=tuple(sorted(claims)),
    )
