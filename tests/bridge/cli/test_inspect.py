"""The commands that ask a running agent, against a real socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli.main import main
from bridge.cli.views import SLOWEST
from bridge.core.jsonform import to_json
from bridge.core.latency import PassiveLatency
from bridge.core.status import AgentState, RouteCounters
from tests.bridge.cli.conftest import FINDING, NODES, ROUTES, agent_info, route

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _own_runtime_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ROS_DOMAIN_ID", raising=False)


def test_status_says_the_essentials(serve, capsys):
    assert main(["status", "--socket", str(serve())]) == 0
    text = capsys.readouterr().out
    assert text.startswith("zenlink 0.1.0: ready (active), up 1 h 2 min\n")
    for part in ("0, namespace /robot1", "tcp/127.0.0.1:7447", "2 routed, 1 not_allowed; 1 active"):
        assert part in text


def test_status_names_the_slowest_of_the_measured_topics(serve, capsys):
    routes = [route("/unmeasured")]
    for number in range(1, SLOWEST + 2):
        latency = PassiveLatency()
        latency.correct(0, 0)
        latency.sample(10**18, 10**18 + number * 10_000_000)
        routes.append(route(f"/t{number}", counters=RouteCounters(messages=1, latency=latency.figures())))
    assert main(["status", "--socket", str(serve(routes=routes))]) == 0
    told = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  slowest")]
    assert [line[2] for line in told] == ["/t4:", "/t3:", "/t2:"]
    assert told[0][3:] == ["p50", "40", "ms,", "p99", "40", "ms"]


def test_status_tells_each_finding_with_its_remedy(serve, capsys):
    main(["status", "--socket", str(serve(agent_info(findings=(FINDING,))))])
    assert "error qos_conflict [/scan]: offered BEST_EFFORT" in capsys.readouterr().out


def test_status_as_json_is_what_the_agent_said(serve, capsys):
    assert main(["status", "--json", "--socket", str(serve())]) == 0
    assert json.loads(capsys.readouterr().out) == to_json(agent_info())


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (AgentState.ACTIVE, 0),
        (AgentState.STANDBY, 0),
        (AgentState.STARTING, 1),
        (AgentState.DRAINING, 1),
    ],
)
def test_ready_is_an_exit_code(serve, capsys, state, code):
    path = str(serve(agent_info(state=state, state_reason="because")))
    assert main(["status", "--ready", "--socket", path]) == code
    word = "ready" if code == 0 else "not ready"
    assert capsys.readouterr().out == f"{word} ({state.value}: because)\n"
    assert main(["status", "--ready", "--json", "--socket", path]) == code
    assert json.loads(capsys.readouterr().out) == {
        "ready": code == 0,
        "state": state.value,
        "reason": "because",
    }


def test_watch_without_a_terminal_is_lines(serve):
    command = [sys.executable, "-m", "bridge", "status", "--watch", "--socket", str(serve())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as watch:
        heads = 0
        while heads < 2:
            line = watch.stdout.readline()
            assert b"\x1b" not in line
            heads += line.startswith(b"zenlink 0.1.0: ready (active)")
        watch.send_signal(signal.SIGTERM)
        _, errors = watch.communicate(timeout=30)
    assert (watch.returncode, errors) == (0, b"")


def test_watch_of_no_agent_says_so(tmp_path, capsys):
    assert main(["status", "--watch", "--socket", str(tmp_path / "nobody")]) == 3
    assert "no agent answers" in capsys.readouterr().err


def test_watch_goes_on_until_interrupted(serve):
    command = [sys.executable, "-m", "bridge", "status", "--watch", "--json", "--socket", str(serve())]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as watch:
        for _ in range(2):
            assert json.loads(watch.stdout.readline())["state"] == "active"
        watch.send_signal(signal.SIGINT)
        rest, errors = watch.communicate(timeout=30)
    assert (watch.returncode, errors) == (0, "")
    assert all(json.loads(line) for line in rest.splitlines())


def test_routes_are_a_table_with_the_reasons_below(serve, capsys):
    assert main(["routes", "--socket", str(serve())]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "WAY     NAME          TYPE                 STATE        P50 ms  P99 ms  MESSAGES  DROPS  LOST",
        "egress  /chatter      std_msgs/msg/String  active                            120      0     0",
        "egress  /quiet        std_msgs/msg/String  idle                              120      0     0",
        "egress  /secret/plan  std_msgs/msg/String  not_allowed                         0      3     0",
        "",
        "egress /quiet: nobody on Zenoh subscribes",
        "egress /secret/plan: denied by rules[0] (bridge.yaml:4)",
    ]


def test_routes_as_json(serve, capsys):
    assert main(["routes", "--json", "--socket", str(serve())]) == 0
    assert json.loads(capsys.readouterr().out) == [to_json(route) for route in ROUTES]


def test_no_routes_is_said_in_words(serve, capsys):
    main(["routes", "--socket", str(serve(routes=[]))])
    assert capsys.readouterr().out.startswith("no routes")


def test_nodes_are_a_table(serve, capsys):
    assert main(["nodes", "--socket", str(serve())]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "NODE          BEHIND  PUBLISHERS  SUBSCRIBERS",
        "/talker       d4               2            0",
        "/ns/listener  here             0            1",
    ]


def test_nodes_as_json(serve, capsys):
    assert main(["nodes", "--json", "--socket", str(serve())]) == 0
    assert json.loads(capsys.readouterr().out) == [to_json(node) for node in NODES]


def test_no_nodes_is_said_in_words(serve, capsys):
    main(["nodes", "--socket", str(serve(nodes=[]))])
    assert capsys.readouterr().out.startswith("no ROS nodes")


def test_explain_a_name_that_crosses(serve, capsys):
    assert main(["explain", "/chatter", "--socket", str(serve())]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "/chatter crosses from DDS to Zenoh",
        "  - 1 local publisher",
        "  - 1 bridge on Zenoh subscribes",
    ]


def test_explain_a_name_that_does_not_cross_is_exit_1(serve, capsys):
    path = str(serve())
    assert main(["explain", "/nothing", "--socket", path]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "  => start its publisher"
    assert main(["explain", "/nothing", "--json", "--socket", path]) == 1
    assert json.loads(capsys.readouterr().out)["crossing"] is False


def test_explain_takes_a_name_without_its_slash(serve, capsys):
    assert main(["explain", "chatter", "--socket", str(serve())]) == 0


def test_explain_refuses_what_is_no_name(serve, capsys):
    assert main(["explain", "/camera/*", "--socket", str(serve())]) == 2
    assert capsys.readouterr().err.startswith("zenlink: ROS name '/camera/*': character '*'")


def test_the_agent_is_found_by_its_domain(serve, capsys, monkeypatch):
    serve(agent_info(domain_id=5), name="5.sock")
    assert main(["status", "--domain", "5"]) == 0
    monkeypatch.setenv("ROS_DOMAIN_ID", "5")
    assert main(["status"]) == 0


def test_no_agent_for_a_domain_names_the_places(capsys, tmp_path):
    assert main(["routes", "--domain", "77"]) == 3
    told = capsys.readouterr().err
    assert told.startswith(f"zenlink: no agent for domain 77: nothing at {tmp_path}/zenlink/77.sock or ")
    assert "start one with `zenlink run`" in told


def test_the_socket_of_a_dead_agent_is_no_agent(capsys, tmp_path):
    path = tmp_path / "zenlink" / "78.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(path))
    assert main(["nodes", "--domain", "78"]) == 3
    assert "no agent answers at" in capsys.readouterr().err


def test_version_lists_what_it_stands_on(capsys):
    assert main(["version", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["zenlink", "cyclonedds", "zenoh", "rclpy", "python"]
    assert found["cyclonedds"].startswith("11.")
    assert main(["version"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(found)
