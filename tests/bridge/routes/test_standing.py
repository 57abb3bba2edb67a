"""Our clients and proxies stand for those of the nodes elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.core.farnodes import StandIn
from bridge.core.tokens import TokenKind
from tests.bridge.routes.service_stage import KEY, Services, service
from tests.builders import client, offered, server


@pytest.fixture
def stage() -> Iterator[Services]:
    stage = Services()
    yield stage
    stage.close()


def test_a_client_of_ours_stands_for_those_elsewhere(stage: Services) -> None:
    route = stage.open(service(*server()))
    [ours] = stage.ours.clients
    assert route.stand_ins() == (
        StandIn(kind=TokenKind.SERVICE_CLIENT, key_expr=KEY, readers=(ours.reader,), writers=(ours.writer,)),
    )


def test_a_proxy_stands_for_the_servers_elsewhere_while_there_is_one(stage: Services) -> None:
    route = stage.open(service(*client(), offered()))
    assert route.stand_ins() == ()
    stage.far.services.open_queryable(key_expr=KEY, on_query=lambda _query: None)
    stage.turn()
    [ours] = stage.ours.servers
    assert route.stand_ins() == (
        StandIn(kind=TokenKind.SERVICE_SERVER, key_expr=KEY, readers=(ours.reader,), writers=(ours.writer,)),
    )


def test_endpoints_of_another_participant_stand_for_nobody(stage: Services) -> None:
    route = stage.open(service(*server()))
    [ours] = stage.ours.clients
    ours.gids = lambda: None  # as those of rclpy
    assert route.stand_ins() == ()
