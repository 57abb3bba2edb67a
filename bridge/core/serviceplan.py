"""What should exist for a service or an action: a planned route as a value.

Made by :mod:`bridge.core.serviceplanner`, carried out by the routes; see also :mod:`bridge.core.plan`.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.events import Endpoint
from bridge.core.plan import PlannedRoute
from bridge.core.policy import Rule
from bridge.core.requests import ServiceForm
from bridge.core.routespec import RouteSpec, RouteStatus
from bridge.core.tokens import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCalls:
    """What a service and an action have in common.

    Egress: its server is here. Ingress: its server is elsewhere, or clients here look for one.
    """

    spec: RouteSpec
    status: RouteStatus
    rule: Rule
    """The rule that decided."""
    ros_type: str
    form: ServiceForm
    """How it is spoken on the domain."""
    token: Token | None = None
    """What we announce; None: nothing."""
    wanted: bool = True
    """Ingress: a real server is announced, so local clients get a proxy."""
    local: tuple[Endpoint, ...] = ()
    remote: tuple[Token, ...] = ()
    notes: tuple[str, ...] = ()
    """What is not served: parties of another form or type."""
    mixed: str = ""
    """Who speaks the other form, in one sentence; empty: nobody."""

    def settings(self) -> dict[str, object]:
        """What a reload may change, for people."""
        return {"status": self.status.state.value, "form": self.form.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedService(PlannedCalls):
    """A service, or one of the three of an action, which are announced with it alone."""

    lasting: bool = False
    """A call takes as long as it takes: it waits for the end of a goal."""
    denial: int | None = None
    """First member of a response that says no; None: no response can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAction(PlannedCalls):
    """An action as a whole: its token, which stands for five parts that are routes of their own."""


Planned = PlannedRoute | PlannedService | PlannedAction
