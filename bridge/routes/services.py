"""Opens the routes of services and actions, and owns the threads that their calls need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.core.gid import Gid
from bridge.core.requests import ServiceForm
from bridge.core.routespec import Direction
from bridge.core.serviceplan import PlannedAction, PlannedService
from bridge.errors import DdsError
from bridge.ports import Clock, EventSink, ZenohSide
from bridge.routes.action import ActionRoute
from bridge.routes.answers import Answers
from bridge.routes.asking import IngressService
from bridge.routes.callthread import CallThread
from bridge.routes.serving import EgressService
from bridge.serviceports import LocalServices, ZenohServices

ServiceRoute = EgressService | IngressService | ActionRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSides:
    """What services need of the world."""

    local: Mapping[ServiceForm, LocalServices]
    """Of the domain, by form."""
    queries: ZenohServices
    call_timeout_s: float
    """How long a call may take, but for the wait for a goal's result."""


class ServiceRoutes:
    """What all routes of services share. Thread: engine."""

    def __init__(
        self,
        *,
        sides: ServiceSides,
        zenoh: ZenohSide,
        clock: Clock,
        emit: EventSink,
        agent_ids: Callable[[], frozenset[str]],
    ) -> None:
        self._sides = sides
        self._zenoh = zenoh
        self._clock = clock
        self._emit = emit
        self._agent_ids = agent_ids
        self._answers = Answers()
        self._threads: dict[ServiceForm, CallThread] = {}

    def opened(self, planned: PlannedService | PlannedAction) -> ServiceRoute:
        """A new route.

        Raises:
            DdsError, ZenohError: refused, or the service's type is not installed.
        """
        if isinstance(planned, PlannedAction):
            return ActionRoute(planned, zenoh=self._zenoh)
        local = self._sides.local.get(planned.form)
        if local is None:
            raise DdsError(f"this agent does not speak services in the form {planned.form.value}")
        calls = self._thread(planned.form)
        if planned.spec.direction is Direction.EGRESS:
            return EgressService(
                planned,
                local=local,
                queries=self._sides.queries,
                zenoh=self._zenoh,
                calls=calls,
                answers=self._answers,
                clock=self._clock,
                timeout_s=self._sides.call_timeout_s,
            )
        return IngressService(
            planned,
            local=local,
            queries=self._sides.queries,
            zenoh=self._zenoh,
            calls=calls,
            clock=self._clock,
            emit=self._emit,
            agent_ids=self._agent_ids,
            timeout_s=self._sides.call_timeout_s,
        )

    def endpoint_gids(self) -> tuple[tuple[Gid, ...], tuple[Gid, ...]]:
        """All our (readers, writers) that are to be claimed by our node."""
        found = [local.endpoint_gids() for local in self._sides.local.values()]
        readers = tuple(gid for some, _ in found for gid in some)
        return readers, tuple(gid for _, some in found for gid in some)

    def close(self) -> None:
        """End the threads; when no route is open any more. Idempotent."""
        for thread in self._threads.values():
            thread.close()
        self._threads.clear()

    def _thread(self, form: ServiceForm) -> CallThread:
        """That of a form, from its first service on."""
        thread = self._threads.get(form)
        if thread is None:
            thread = self._threads[form] = CallThread(f"calls-{form.value}")
            thread.start()
        return thread
