"""A proxy server is there or not, and hears its last answers out before it goes."""

from __future__ import annotations

import pytest

from bridge.routes.proxy import FAREWELL_S, Proxy
from tests.bridge.routes.service_stage import service
from tests.bridge.routes.stage import nobody
from tests.builders import client, offered
from tests.fakes.services import FakeServiceDomain, FakeServices

PLANNED = service(*client(), offered())


@pytest.fixture
def side() -> FakeServices:
    return FakeServiceDomain().side()


@pytest.fixture
def proxy(side: FakeServices) -> Proxy:
    return Proxy(side)


def test_it_is_opened_once(proxy: Proxy, side: FakeServices) -> None:
    proxy.open(PLANNED, nobody)
    proxy.open(PLANNED, nobody)
    assert [proxy.server] == side.servers
    assert proxy.closes_at_s is None


def test_it_goes_when_its_last_answers_are_heard(proxy: Proxy, side: FakeServices) -> None:
    proxy.open(PLANNED, nobody)
    proxy.leave(10.0)
    assert (proxy.server, proxy.leaving, proxy.closes_at_s) == (None, side.servers[0], 10.0 + FAREWELL_S)
    proxy.tick(10.0 + FAREWELL_S / 2)
    assert side.servers
    proxy.tick(10.0 + FAREWELL_S)
    assert (side.servers, proxy.leaving, proxy.closes_at_s) == ([], None, None)


def test_a_new_one_ends_the_farewell_of_the_old_one(proxy: Proxy, side: FakeServices) -> None:
    proxy.open(PLANNED, nobody)
    proxy.leave(10.0)
    proxy.open(PLANNED, nobody)
    assert ([proxy.server], proxy.leaving) == (side.servers, None)


def test_what_all_of_them_counted_stays(proxy: Proxy) -> None:
    for number in (1, 2):
        proxy.open(PLANNED, nobody)
        assert proxy.server is not None
        proxy.server.counts["own"] += number  # type: ignore[index]
        proxy.leave(10.0)
    assert sum(counts.get("own", 0) for counts in proxy.counts()) == 3
    proxy.close()
    assert sum(counts.get("own", 0) for counts in proxy.counts()) == 3
