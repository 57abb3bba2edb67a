"""Which route is opened for a plan, and whose endpoints and threads are ours."""

from __future__ import annotations

import threading

import pytest

from bridge.core.requests import ServiceForm
from bridge.errors import DdsError
from bridge.routes.asking import IngressService
from bridge.routes.services import ServiceRoutes, ServiceSides
from bridge.routes.serving import EgressService
from tests.bridge.routes.service_stage import Services, service
from tests.builders import offered, server


def calling() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("calls-")}


def test_the_direction_tells_which_route_it_is() -> None:
    stage = Services()
    assert isinstance(stage.open(service(*server())), EgressService)
    assert isinstance(stage.open(service(offered())), IngressService)
    readers, writers = stage.routes.endpoint_gids()
    assert (len(readers), len(writers)) == (1, 1)
    assert calling() == {"calls-cyclone"}
    stage.close()
    assert calling() == set()


def test_a_form_that_this_agent_does_not_speak_is_refused_with_a_reason() -> None:
    stage = Services()
    sides = ServiceSides(local={}, queries=stage.zenoh.services, call_timeout_s=1.0)
    routes = ServiceRoutes(
        sides=sides, zenoh=stage.zenoh, clock=stage.clock, emit=stage.events.append, agent_ids=frozenset
    )
    with pytest.raises(DdsError, match=ServiceForm.CYCLONE.value):
        routes.opened(service(*server()))
    stage.close()
