"""Which endpoints of a service stand for the nodes elsewhere that have it."""

from __future__ import annotations

from bridge.core.farnodes import StandIn
from bridge.core.serviceplan import PlannedService
from bridge.core.tokens import TokenKind
from bridge.serviceports import LocalClient, LocalServer


def stand_in(
    kind: TokenKind, planned: PlannedService, end: LocalClient | LocalServer | None
) -> tuple[StandIn, ...]:
    """The two endpoints of a client or proxy of ours; none where they are not our participant's."""
    gids = None if end is None else end.gids()
    if gids is None:
        return ()
    reader, writer = gids
    return (StandIn(kind=kind, key_expr=planned.spec.key_expr, readers=(reader,), writers=(writer,)),)
