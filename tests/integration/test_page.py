"""The status page as a person sees it: in a real browser, of real agents."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.core.latency import METRIC_EDGES_S
from bridge.core.linkinfo import ConnectionInfo
from bridge.core.status import AgentFacts, RouteCounters, RouteLatency
from bridge.http.server import HttpAddress, HttpServer
from tests.bridge.facts import denied, facts, route
from tests.integration.support import Agent, agent, domains, eventually, ros_node
from tests.integration.support.pages import Browser, browser

_HTTP = {"http": {"listen": "127.0.0.1:0"}}
_SCREENS = {
    "desktop_light": (1280, 900, False),
    "desktop_dark": (1280, 900, True),
    "phone_light": (390, 844, False),
    "phone_dark": (390, 844, True),
}


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def page(window: Browser) -> Iterator[Browser]:
    """The browser; whatever the test does, the console stays clean and no request leaves the origin."""
    yield window
    assert window.complaints() == []
    origin = window.run("return location.origin")
    assert window.origins() == {origin}


@pytest.fixture(scope="module")
def pair(window: Browser) -> Iterator[tuple[Agent, Agent]]:
    with (
        domains(2) as (robot, station),
        agent(domain=robot, settings=_HTTP) as left,
        agent(domain=station, connect=[left]) as right,
    ):
        yield left, right


def test_a_route_appears_crosses_and_turns_red_with_its_reason(
    page: Browser, pair: tuple[Agent, Agent], tmp_path: Path
) -> None:
    left, right = pair
    page.open(left.page())
    assert not page.row("/shown", "egress")

    def turns(kind: str) -> bool:
        return page.row("/shown", "egress").get("kind") == kind

    with (
        ros_node("tally", domain=right.domain, topic="/shown", depth=100),
        ros_node("talker", domain=left.domain, topic="/shown") as talker,
    ):
        eventually(lambda: turns("crossing"))
        talker.call("start_stream", rate_hz=20.0)
        eventually(lambda: int(page.row("/shown", "egress")["messages"]) > 20)
        assert page.row("/shown", "egress")["type"] == "std_msgs/msg/String"
        page.photograph(tmp_path / "crossing.png")
        left.reload([{"match": {"name": "/shown"}, "allow": False}])
        eventually(lambda: turns("trouble"))
        shown = page.row("/shown", "egress")
        assert shown["state"] == "not allowed"
        assert "rules[0]" in shown["reason"]
        page.photograph(tmp_path / "denied.png")
        left.reload([])
        eventually(lambda: turns("crossing"))
    eventually(lambda: not page.row("/shown", "egress"))


def test_an_agent_that_ends_is_told(window: Browser) -> None:
    with domains(1) as (domain,), agent(domain=domain, settings=_HTTP) as one:
        window.open(one.page())
        eventually(lambda: window.text("#state") == "active")
        one.stop()
        eventually(lambda: "does not answer" in window.text("#state"))
        # That nobody answers is what the browser complains about here, and nothing else.
        assert all("ERR_" in line for line in window.complaints())


_ENDS_S = int(time.time()) + 3 * 86_400 + 3600


@pytest.fixture
def troubled() -> Iterator[HttpServer]:
    """The page of an agent that has something of everything to tell."""
    latency = RouteLatency(
        samples=100,
        mean_ms=0.6,
        p50_ms=0.5,
        p99_ms=2.0,
        bound_ms=0.0,
        void="",
        buckets=(*(0 for _ in METRIC_EDGES_S), 100),
        sum_s=0.06,
    )
    counters = RouteCounters(
        messages=2000, drops=(("queue_full", 1000), ("stale", 5)), lost=(("link", 3),), latency=latency
    )
    found = facts(route("/scan", counters=counters))
    missing = ConnectionInfo(endpoint="tcp/10.0.0.9:7447", up=False, reconnects=0)
    back = ConnectionInfo(endpoint="tcp/robot1:2", up=True, reconnects=4, dst="tcp/127.0.0.1:2")
    agent_info = replace(
        found.agent,
        connections=replace(found.agent.connections, configured=(missing, back)),
        certificates=(replace(found.agent.certificates[0], not_after_s=float(_ENDS_S)),),
    )
    told = replace(found, agent=agent_info)
    server = HttpServer(HttpAddress(host="127.0.0.1", port=0), facts=lambda: told, explain=lambda _name: None)
    server.start()
    yield server
    server.close()


@pytest.fixture
def crowd() -> Iterator[HttpServer]:
    """The page of an agent with 1000 routes, which all change all the time."""
    messages = [0]

    def now() -> AgentFacts:
        messages[0] += 10
        names = (f"/robot{number % 10}/sensor{number}" for number in range(999))
        return facts(*(route(name, messages=messages[0]) for name in names), denied("/secret"))

    server = HttpServer(HttpAddress(host="127.0.0.1", port=0), facts=now, explain=lambda name: {"name": name})
    server.start()
    yield server
    server.close()


def test_links_are_shown_with_their_round_trip_against_the_target(crowd: HttpServer, page: Browser) -> None:
    page.open(crowd.url)
    shown = eventually(lambda: page.text("#topology"))
    assert "met: RTT 8.0 ms, p99 one way 9.0 ms of 100 ms" in shown


def test_an_endpoint_without_a_link_is_shown_before_the_links(page: Browser, troubled: HttpServer) -> None:
    page.open(troubled.url)
    assert eventually(lambda: page.text("#topology")).startswith("no linktcp/10.0.0.9:7447")
    assert page.run("return document.querySelectorAll('#topology polyline.down').length") == 1
    assert "router c3d4, came back 4 times" in page.text("#topology")


def test_drops_and_losses_are_shown_with_their_causes_and_latency_where_it_is_known(
    page: Browser, troubled: HttpServer
) -> None:
    page.open(troubled.url)
    row = eventually(lambda: page.row("/scan", "egress"))
    assert (row["drops"], row["lost"]) == ("1,005", "3")
    told = page.text("#routes tbody")
    assert "dropped: 1,000 queue_full, 5 stale" in told
    assert "lost: 3 link" in told
    assert "0.5 ms, p99 2 ms" in told


def test_certificates_and_kernel_settings_are_shown_with_a_remedy(
    page: Browser, troubled: HttpServer
) -> None:
    page.open(troubled.url)
    ends = time.strftime("%Y-%m-%d", time.gmtime(_ENDS_S))
    shown = eventually(lambda: page.text("#host"))
    assert f"certificate /etc/robot1.pem: ends on {ends}, in 3 days" in shown
    assert "2 of severity error" in shown
    assert "zenlink tune check" in shown
    assert page.run("return [...document.querySelectorAll('#host li')].map(one => one.className)") == [
        "warning",
        "error",
    ]


def test_the_filter_finds_one_of_a_thousand_routes_by_keyboard(crowd: HttpServer, page: Browser) -> None:
    page.open(crowd.url)
    eventually(lambda: page.text("#route-count") == "1000")
    assert page.rows()[0]["name"] == "/secret"  # what does not cross comes first
    page.type("/")
    began_s = time.monotonic()
    page.type("robot7/ string 777")
    found = eventually(lambda: len(page.rows()) == 1 and page.rows())
    print(f"filtered 1000 routes by 19 keys in {time.monotonic() - began_s:.2f} s")
    assert found[0]["name"] == "/robot7/sensor777"
    assert page.text("#route-count") == "1 of 1000"
    page.run("document.getElementById('filter').value = ''; document.getElementById('only-trouble').click()")
    assert [row["name"] for row in eventually(page.rows)] == ["/secret"]


@pytest.mark.parametrize("screen", list(_SCREENS))
def test_the_page_is_readable_on(screen: str, crowd: HttpServer, page: Browser, tmp_path: Path) -> None:
    page.open(crowd.url)
    width, height, dark = _SCREENS[screen]
    page.emulate(width=width, height=height, dark=dark)
    eventually(lambda: page.run("return innerWidth") == width)
    eventually(
        lambda: "Hz" in page.run("return document.querySelector('.rate').closest('tbody').textContent")
    )
    # Nothing is cut off at the right, and text stands out from its ground in either scheme.
    assert page.run("return document.documentElement.scrollWidth") <= width
    assert page.run(_DARK_GROUND) == dark
    page.photograph(tmp_path / f"{screen}.png")


_DARK_GROUND = """
const sum = (parts) => parts.reduce((total, part) => total + Number(part), 0);
const light = (colour) => sum(colour.match(/\\d+/g).slice(0, 3)) / 765;
const style = getComputedStyle(document.body);
return light(style.backgroundColor) < 0.2 && light(style.color) > 0.7
"""
