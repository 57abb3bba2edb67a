"""The real server on a loopback port, with facts of the test's choosing."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import pytest
from prometheus_client import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from bridge.core.jsonform import Json
from bridge.core.status import AgentFacts, AgentState
from bridge.errors import CannotRun
from bridge.http.app import MAX_STREAMS, Site
from bridge.http.server import HttpAddress, HttpServer
from bridge.http.snapshots import Snapshots
from bridge.metrics import registry
from tests.bridge.facts import facts, route
from tests.integration.support.waiting import eventually

PATHS = ["/", "/page.css", "/page.js", "/icon.svg", "/status", "/metrics", "/healthz", "/readyz"]


@contextmanager
def serving(address: HttpAddress | None = None, **changes) -> Iterator[HttpServer]:
    asked = {
        "facts": lambda: facts(route("/chatter", messages=3)),
        "explain": lambda name: {"name": name},
    } | changes
    server = HttpServer(address or HttpAddress(host="127.0.0.1", port=0), **asked)
    server.start()
    try:
        yield server
    finally:
        server.close()


def port_of(server: HttpServer) -> int:
    return int(server.url.rpartition(":")[2].rstrip("/"))


def get(
    server: HttpServer, path: str, *, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=10)
    try:
        connection.request(
            method, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_every_path_answers_and_stays_at_home():
    with serving() as server:
        for path in PATHS:
            status, headers, body = get(server, path)
            assert (status, path) == (200, path)
            assert body
            assert headers["content-security-policy"].startswith("default-src 'self'")
            assert headers["x-frame-options"] == "DENY"
            assert "access-control-allow-origin" not in headers
            assert "://" not in body.decode().replace("http://www.w3.org/2000/svg", "").replace(
                "http://127", ""
            )


def test_status_is_the_facts():
    with serving() as server:
        told = json.loads(get(server, "/status")[2])
    assert told["agent"]["domain_id"] == 7
    assert told["routes"][0]["counters"]["messages"] == 3
    assert told["nodes"][0]["name"] == "/talker"


def test_what_a_scrape_needs_is_loaded_before_anybody_asks():
    """The first one took a tenth of a second, in which samples waited for the interpreter."""
    scraped = threading.Event()

    class Figures(Collector):
        def collect(self) -> Iterator[Metric]:
            scraped.set()
            return iter(())

    with serving(others=[Figures()]):
        assert scraped.wait(5.0)


def test_an_agent_that_does_not_answer_yet_is_served_nevertheless():
    asked = threading.Event()

    def unable() -> AgentFacts:
        asked.set()
        raise CannotRun("the agent did not answer", remedy="try again")

    with serving(facts=unable) as server:
        assert asked.wait(5.0)
        assert get(server, "/healthz")[0] == 200
        assert get(server, "/metrics")[0] == 503


def test_a_scrape_is_made_once_of_each_snapshot_however_many_ask():
    for max_age_s, same in ((3600.0, True), (0.0, False)):
        snapshots = Snapshots(facts, max_age_s=max_age_s)
        site = Site(snapshots, explain=lambda name: name, metrics=registry(snapshots.get, refused=lambda: 0))
        assert (site._render(CONTENT_TYPE_PLAIN_0_0_4) is site._render(CONTENT_TYPE_PLAIN_0_0_4)) is same


def test_a_version_that_a_client_makes_up_is_no_form_of_its_own():
    with serving() as server:
        forms = {
            get(server, "/metrics", accept=f"application/openmetrics-text; version={version}")[1][
                "content-type"
            ]
            for version in ("1.0.0", "7.7.7")
        }
    assert len(forms) == 1


def test_explain_asks_for_the_name():
    with serving() as server:
        assert json.loads(get(server, "/explain?name=/chatter")[2]) == {"name": "/chatter"}


def test_metrics_in_the_form_that_is_asked_for():
    with serving() as server:
        _, plain, body = get(server, "/metrics")
        assert plain["content-type"].startswith("text/plain; version=")
        assert b'zenlink_route_messages_total{direction="egress",name="/chatter"} 3.0' in body
        _, open_metrics, body = get(server, "/metrics", accept="application/openmetrics-text; version=1.0.0")
        assert open_metrics["content-type"].startswith("application/openmetrics-text")
        assert body.endswith(b"# EOF\n")


@pytest.mark.parametrize("state", [AgentState.STARTING, AgentState.DRAINING])
def test_what_does_not_work_yet_is_alive_but_not_ready(state):
    with serving(facts=lambda: facts(state=state)) as server:
        assert get(server, "/healthz")[0] == 200
        status, _, body = get(server, "/readyz")
    assert status == 503
    assert f"not ready ({state.value}: a reason)" in body.decode()


def test_an_engine_that_does_not_answer_is_told():
    def stuck() -> AgentFacts:
        raise CannotRun("the agent did not answer in 5 s", remedy="try again; see its log")

    with serving(facts=stuck) as server:
        assert get(server, "/healthz")[0] == 200
        for path in ("/status", "/readyz", "/metrics"):
            status, _, body = get(server, path)
            assert (status, b"did not answer" in body) == (503, True)


@pytest.mark.parametrize(
    "path", ["/nothing", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/page/index.html", "//"]
)
def test_other_paths_are_not_found(path):
    with serving() as server:
        assert get(server, path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(method):
    with serving() as server:
        assert get(server, "/status", method=method)[0] in (405, 400)


def test_another_origin_by_its_own_name_gets_nothing():
    with serving() as server:
        status, _, body = get(server, "/status", host="evil.example")
        assert (status, b"domain_id" in body) == (421, False)
        assert b"zenlink_http_refused_total 1.0" in get(server, "/metrics")[2]


def test_beyond_loopback_the_token_is_needed(tmp_path):
    file = tmp_path / "token"
    file.write_text("a long word\n")
    address = HttpAddress(host="0.0.0.0", port=0, token_file=file)
    with serving(address) as server:
        assert get(server, "/status")[0] == 401
        assert get(server, "/status", authorization="Bearer another")[0] == 401
        assert get(server, "/status", authorization="Basic !!")[0] == 401
        assert get(server, "/status", authorization="Bearer a long word")[0] == 200
        basic = base64.b64encode(b"me:a long word").decode()
        assert get(server, "/", authorization=f"Basic {basic}")[0] == 200
        assert get(server, "/healthz")[0] == 200


@pytest.mark.parametrize("text", [None, "\n"])
def test_a_token_that_cannot_be_read_is_refused(tmp_path, text):
    file = tmp_path / "token"
    if text is not None:
        file.write_text(text)
    with (
        pytest.raises(CannotRun, match=r"http\.token_file"),
        serving(HttpAddress(host="127.0.0.1", port=0, token_file=file)),
    ):
        pass


def test_a_taken_port_is_told_with_its_remedy():
    with serving() as server, pytest.raises(CannotRun, match=r"http\.listen 127\.0\.0\.1:\d+: .*ss -ltnp"):
        HttpServer(
            HttpAddress(host="127.0.0.1", port=port_of(server)), facts=facts, explain=lambda _name: None
        ).start()


def events(stream: BinaryIO, count: int) -> list[tuple[str, Json]]:
    """The next server-sent events of an open connection."""
    text = ""
    while text.count("\n\n") < count:
        line = stream.readline().decode()
        if line.startswith(("event:", "data:")) or (line == "\n" and text):
            text += line
    found = []
    for block in text.split("\n\n")[:count]:
        kind, data = block.strip().split("\n")
        found.append((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def open_stream(server: HttpServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port_of(server)), timeout=10)
    connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return connection


def test_a_page_gets_everything_and_then_what_changes():
    shown = {"messages": 3}
    now = lambda: facts(route("/a", messages=shown["messages"]), route("/b"))  # noqa: E731
    with serving(facts=now) as server, open_stream(server) as connection:
        stream = connection.makefile("rb")
        [(first, whole)] = events(stream, 1)
        shown["messages"] = 4
        changed: list[str] = []
        while not changed:
            [(second, told)] = events(stream, 1)
            changed = [one["spec"]["ros_name"] for one in told["routes"]]
    assert (first, len(whole["routes"])) == ("full", 2)
    assert (second, changed) == ("delta", ["/a"])


def test_streams_are_bounded_and_free_again():
    with serving() as server:
        streams = [open_stream(server) for _ in range(MAX_STREAMS)]
        for stream in streams:
            assert events(stream.makefile("rb"), 1)[0][0] == "full"
        assert get(server, "/events")[0] == 503
        for stream in streams:
            stream.close()

        def room() -> bool:
            with open_stream(server) as stream:
                return b"200" in stream.recv(64)

        assert eventually(room, 20)


def test_slow_clients_are_cut_off_while_others_are_served():
    with serving() as server:
        slow = [socket.create_connection(("127.0.0.1", port_of(server)), timeout=20) for _ in range(200)]
        for connection in slow:
            connection.sendall(b"GET /status HT")
        assert get(server, "/healthz")[0] == 200
        for connection in slow:
            with suppress(ConnectionResetError):
                assert connection.recv(1024) == b""  # closed by the server, without an answer
            connection.close()
        assert get(server, "/status")[0] == 200


@pytest.mark.parametrize("size", [20_000, 200_000, 2_000_000])  # the first two may come whole, at once
def test_an_oversized_head_is_refused(size):
    with serving() as server:
        with socket.create_connection(("127.0.0.1", port_of(server)), timeout=10) as connection:
            with suppress(ConnectionError):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * size + b"\r\n\r\n")
            with suppress(ConnectionError):
                assert b" 200 " not in connection.recv(1024)
        assert get(server, "/healthz")[0] == 200


def test_close_ends_streams_and_the_thread():
    before = threading.active_count()
    with serving() as server:
        stream = open_stream(server)
        assert events(stream.makefile("rb"), 1)[0][0] == "full"
        server.close()
        eventually(lambda: not any(thread.name == "http" for thread in threading.enumerate()), 10)
        server.close()  # again: nothing happens
        stream.close()
    with pytest.raises(OSError, match="refused"):
        get(server, "/healthz")
    assert threading.active_count() <= before + 4  # workers of the event loop end with it, a moment later
