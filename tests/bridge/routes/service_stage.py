"""A stage for routes of services: nodes with servers and clients here, a session with both elsewhere."""

from __future__ import annotations

from bridge.core.events import Event, MatchingChanged
from bridge.core.naming import Naming
from bridge.core.policy import Policy
from bridge.core.requests import ServiceForm
from bridge.core.serviceplan import PlannedService
from bridge.core.serviceplanner import plan_action, plan_service
from bridge.core.status import RouteCounters
from bridge.routes.asking import IngressService
from bridge.routes.services import ServiceRoutes
from bridge.routes.serving import SETTLE_S, EgressService
from bridge.serviceports import ServiceRequest
from tests.bridge.routes.stage import Stage
from tests.builders import ACTION, OWN_ZID, SERVICE, SET_BOOL, graph
from tests.fakes.services import FakeServer, FakeServices
from tests.integration.support.waiting import eventually

KEY = "add"
GET_RESULT = f"{ACTION}/_action/get_result"
WAIT_S = 10.0


def message(number: int = 1) -> bytes:
    """A request or a response."""
    return b"\x00\x01\x00\x00" + number.to_bytes(4, "little")


def service(*things: object) -> PlannedService:
    """The plan of the one service."""
    [found] = plan_service(graph(*things).service(SERVICE), Policy(), naming=Naming(), zid=OWN_ZID)
    return found


def get_result(*things: object) -> PlannedService:
    """The plan of the part of the action that waits for the goal's end."""
    plan = plan_action(graph(*things).action(ACTION), Policy(), naming=Naming(), zid=OWN_ZID)
    return next(one for one in plan if isinstance(one, PlannedService) and one.lasting)


class Services(Stage):
    """Everything around one route of a service."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.events: list[Event] = []
        self.routes: ServiceRoutes = self.service_routes(self.events.append)
        self.nodes: FakeServices = self.local.side(form=ServiceForm.CYCLONE)
        self.ours: FakeServices = next(one for one in self.services if one.form is ServiceForm.CYCLONE)
        self.open_routes: list[EgressService | IngressService] = []

    def open(self, planned: PlannedService) -> EgressService | IngressService:
        """A route that has heard whether it is matched, and has been looked after once."""
        route = self.routes.opened(planned)
        assert isinstance(route, EgressService | IngressService)
        self.open_routes.append(route)
        self.turn()
        self.turn(SETTLE_S)
        return route

    def turn(self, seconds: float = 0.0) -> None:
        """Time passes; then what the engine does in a turn."""
        self.clock.advance(seconds)
        events, self.events[:] = list(self.events), []
        for event in events:
            assert isinstance(event, MatchingChanged)
            for route in self.open_routes:
                if route.planned.spec == event.spec:
                    route.set_matching(event.matching, self.now_s)
        for route in self.open_routes:
            route.tick(self.now_s)

    def close(self) -> None:
        """What the engine closes at its end."""
        for route in self.open_routes:
            route.close()
        self.routes.close()

    def echo(self, ros_name: str = SERVICE, ros_type: str = SET_BOOL) -> list[ServiceRequest]:
        """A node with a server that answers what it is asked; all that it was asked."""
        asked: list[ServiceRequest] = []

        def answer(request: ServiceRequest) -> None:
            asked.append(request)
            server.reply(request.header, request.payload)

        server: FakeServer = self.nodes.open_server(ros_name=ros_name, ros_type=ros_type, on_request=answer)
        return asked

    def silent(self, ros_name: str = SERVICE, ros_type: str = SET_BOOL) -> FakeServer:
        """A node with a server that answers when the test does."""
        return self.nodes.open_server(ros_name=ros_name, ros_type=ros_type, on_request=lambda _request: None)


def drops(route: EgressService | IngressService) -> dict[str, int]:
    """What came to nothing, by cause."""
    return dict(route.counters().drops)


def settled(route: EgressService | IngressService) -> RouteCounters:
    """Its counters, once nothing is open."""
    return eventually(lambda: (found := route.counters()).queue_messages == 0 and found, WAIT_S)
