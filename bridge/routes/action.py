"""An action as a whole: its token, declared after its five parts and retired before them.

The parts are routes like any others; here is what the others on Zenoh see of the action.
"""

from __future__ import annotations

from bridge.core.farnodes import StandIn
from bridge.core.serviceplan import PlannedAction
from bridge.core.status import RouteCounters
from bridge.ports import ZenohSide
from bridge.routes.announced import AnnouncedRoute


class ActionRoute(AnnouncedRoute):
    """One open action. Thread: engine."""

    def __init__(self, planned: PlannedAction, *, zenoh: ZenohSide) -> None:
        """Announce it.

        Raises:
            ZenohError: refused.
        """
        super().__init__(zenoh)
        self.planned = planned
        self._announce(planned.token)

    @property
    def active(self) -> bool:
        """Whether it has a server; whether calls cross is for its parts to say."""
        return self.planned.wanted

    @property
    def idle_reason(self) -> str:
        """Why no goal would cross."""
        return "" if self.active else "nobody on Zenoh has announced a server"

    def stand_ins(self) -> tuple[StandIn, ...]:
        """None."""
        return ()

    def counters(self) -> RouteCounters:
        """Nothing: its parts count."""
        return RouteCounters()

    def update(self, planned: PlannedAction, now_s: float) -> None:
        """Follow a changed plan. Raises ZenohError."""
        before, self.planned = self.planned, planned
        if before.token != planned.token:
            self._announce(planned.token)

    def tick(self, now_s: float) -> None:
        """Nothing is ever due."""

    def next_tick_s(self) -> None:
        """Never."""

    def close(self) -> None:
        """Retire the token."""
        self._announce(None)
