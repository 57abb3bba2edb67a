"""The screen of `zenlink status --watch`: whatever the answer and the size, it fits."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bridge.cli.statusscreen import MAX_FINDINGS, TYPES_FROM_COLUMNS, Rates, screen
from bridge.core.jsonform import to_json
from bridge.core.latency import PassiveLatency
from bridge.core.linkinfo import ConnectionInfo, ConnectionsInfo
from bridge.core.status import RouteCounters
from tests.bridge.cli.conftest import FINDING, ROUTES, agent_info, route
from tests.integration.support.waiting import eventually

ROOT = Path(__file__).parents[3]


def lines(info, routes, rates=None, *, width=120, height=40, trouble="") -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(screen(info, routes, rates or {}, width=width, height=height, trouble=trouble))
    return captured.get().splitlines()


def test_it_shows_links_routes_with_rates_and_findings():
    info = to_json(agent_info(findings=(FINDING,)))
    routes = [to_json(one) for one in ROUTES]
    rates = Rates()
    assert rates.take(routes, 10.0) == {}
    later = [to_json(replace(one, counters=replace(one.counters, messages=170))) for one in ROUTES[:1]]
    shown = "\n".join(lines(info, later + routes[1:], rates.take(later, 12.0)))
    assert "zenlink 0.1.0 ready (active), up 1 h 2 min, domain 0, router a1b2" in shown
    assert "error qos_conflict [/scan]: offered BEST_EFFORT" in shown
    assert "tcp/127.0.0.1:9" in shown
    [first, second, _] = shown.splitlines()[-3:]
    assert first.split()[:3] == ["not_allowed", "egress", "/secret/plan"]
    assert second.split() == ["active", "egress", "/chatter", "std_msgs/msg/String", "25.0", "170", "0", "0"]


def test_a_measured_route_has_its_latency_and_another_a_gap():
    latency = PassiveLatency()
    latency.correct(0, 0)
    for sample in range(100):
        sent_ns = 10**18 + sample * 10**9
        latency.sample(sent_ns, sent_ns + (8_000_000 if sample < 98 else 31_500_000))
    measured = RouteCounters(messages=100, latency=latency.figures())
    shown = lines(to_json(agent_info()), [to_json(route("/scan", counters=measured)), to_json(route("/tf"))])
    heads, scan, tf = shown[-3:]
    assert heads.split()[-7:] == ["P50", "ms", "P99", "ms", "MESSAGES", "DROPS", "LOST"]
    assert scan.split()[2:] == ["/scan", "std_msgs/msg/String", "8", "31.5", "100", "0", "0"]
    assert tf.split()[2:] == ["/tf", "std_msgs/msg/String", "120", "0", "0"]


@pytest.mark.parametrize(("width", "heading"), [(80, "NAME  "), (TYPES_FROM_COLUMNS, "TYPE  ")])
def test_where_it_is_narrow_names_are_cut_and_never_a_number(width, heading):
    long = route("/a" + "/very_long_name" * 9, counters=RouteCounters(messages=123_456_789))
    shown = lines(to_json(agent_info()), [to_json(long)], width=width)
    assert heading in shown[-2]
    assert "/a/very_long_" in shown[-1]
    assert shown[-1].count("…") == 1
    assert shown[-1].split()[-3:] == ["123456789", "0", "0"]


def test_a_route_that_was_opened_again_has_no_rate_yet():
    rates = Rates()
    rates.take([to_json(route("/a", counters=RouteCounters(messages=9)))], 1.0)
    assert rates.take([to_json(route("/a", counters=RouteCounters(messages=2)))], 2.0) == {}


def test_a_configured_link_that_is_down_comes_first():
    down = ConnectionInfo(endpoint="tls/cloud:7447", up=False, reconnects=0)
    shown = lines(to_json(agent_info(connections=ConnectionsInfo(configured=(down,)))), [])
    [heading] = [number for number, line in enumerate(shown) if line.startswith("LINK")]
    assert shown[heading + 1].split() == ["down", "tls/cloud:7447"]


def test_an_agent_that_is_gone_is_told_above_what_it_said_last():
    shown = lines(to_json(agent_info()), [], trouble="no agent answers at /x")
    assert shown[1] == "trying again: no agent answers at /x"


@pytest.mark.parametrize("answer", [None, {}, [], 5, {"routes": 5, "links": "x", "findings": [None]}])
def test_an_answer_of_another_version_never_fails(answer):
    assert lines(answer, answer)
    assert lines(answer, [answer, {"spec": 4}])
    Rates().take([answer], 1.0)


@given(st.integers(20, 200), st.integers(1, 60), st.integers(0, 80), st.integers(0, 12), st.integers(0, 12))
def test_it_fits_every_terminal(width, height, routes, links, findings):
    link = agent_info().links[0]
    info = to_json(agent_info(links=(link,) * links, findings=(FINDING,) * findings))
    names = [to_json(route(f"/a_rather_long_namespace/of_topic{number}")) for number in range(routes)]
    shown = lines(info, names, width=width, height=height)
    assert len(shown) <= height
    assert max(map(len, shown)) <= width
    if findings > MAX_FINDINGS and height > MAX_FINDINGS and width > 30:
        assert f"and {findings - MAX_FINDINGS + 1} more findings" in shown


def test_a_name_cannot_steer_the_terminal():
    shown = lines(to_json(agent_info(namespace="/\x1b[2J")), [to_json(route("/a\x1b[2J\n[bold]b"))])
    assert "\x1b" not in "".join(shown)
    assert any("[bold]b" in line for line in shown)


class Terminal:
    """`zenlink status --watch` on a terminal of its own."""

    def __init__(self, path: object, *, columns: int = 100, rows: int = 30) -> None:
        self._master, slave = pty.openpty()
        self.resize(columns, rows)
        command = [sys.executable, "-m", "bridge", "status", "--watch", "--socket", str(path)]
        environment = {name: text for name, text in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, env=environment | {"TERM": "xterm"}
        )
        os.close(slave)
        self.seen = ""

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self) -> str:
        """Everything so far."""
        while select.select([self._master], [], [], 0.05)[0]:
            try:
                self.seen += os.read(self._master, 65536).decode(errors="replace")
            except OSError:  # it has ended
                break
        return self.seen

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)


@pytest.fixture
def terminal(serve):
    opened = []

    def start(path) -> Terminal:
        opened.append(Terminal(path))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_gives_the_terminal_back(serve, terminal, number):
    shown = terminal(serve())
    eventually(lambda: "/secret/plan" in shown.read())
    assert "\x1b[?1049h" in shown.seen
    shown.process.send_signal(number)
    assert shown.process.wait(30) == 0
    assert shown.read().rindex("\x1b[?1049l") > shown.seen.rindex("/secret/plan")
    assert shown.seen.rindex("\x1b[?25h") > shown.seen.rindex("\x1b[?25l")
    assert "Traceback" not in shown.seen


def test_another_size_is_drawn_again(serve, terminal):
    many = [route(f"/name{number}") for number in range(100)]
    shown = terminal(serve(routes=many))
    eventually(lambda: "/name0" in shown.read())
    assert "/name60" not in shown.seen
    shown.resize(120, 90)
    eventually(lambda: "/name60" in shown.read())


def test_a_restart_of_the_agent_is_waited_for(serve, terminal, tmp_path):
    path = serve()
    shown = terminal(path)
    eventually(lambda: "/chatter" in shown.read())
    path.rename(tmp_path / "aside")
    eventually(lambda: "trying again" in shown.read())
    shown.seen = ""
    (tmp_path / "aside").rename(path)
    eventually(lambda: "/chatter" in shown.read() and shown.process.poll() is None)


def test_an_agent_that_hangs_does_not_keep_ctrl_c_waiting(serve, terminal, tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        shown = terminal(tmp_path / "silent")
        connection, _ = silent.accept()
        began_s = time.monotonic()
        shown.process.send_signal(signal.SIGINT)
        assert shown.process.wait(30) == 0
        print(
            f"ended {time.monotonic() - began_s:.1f} s after Ctrl-C; the agent would have had 10 s to answer"
        )
        connection.close()
