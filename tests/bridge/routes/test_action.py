"""An action's token stands for its five parts."""

from __future__ import annotations

from bridge.core.serviceplan import PlannedAction
from bridge.routes.action import ActionRoute
from tests.bridge.core.test_serviceplanner import actions
from tests.bridge.routes.stage import Stage
from tests.builders import ACTION, action_client, action_server

SERVER = "@/c3/@ros2_lv/AS/fib/example_interfaces§action§Fibonacci"
CLIENT = "@/c3/@ros2_lv/AC/fib/example_interfaces§action§Fibonacci"


def planned(*things: object) -> PlannedAction:
    found = actions(*things, name=ACTION)[-1]
    assert isinstance(found, PlannedAction)
    return found


def test_an_action_is_announced_while_it_is_open() -> None:
    stage = Stage()
    route = ActionRoute(planned(*action_server()), zenoh=stage.zenoh)
    assert (list(stage.zenoh.tokens), route.active) == ([SERVER], True)
    route.close()
    assert stage.zenoh.tokens == {}


def test_clients_without_a_server_are_announced_but_wait() -> None:
    stage = Stage()
    route = ActionRoute(planned(*action_client()), zenoh=stage.zenoh)
    assert (list(stage.zenoh.tokens), route.active) == ([CLIENT], False)
    assert route.idle_reason == "nobody on Zenoh has announced a server"
