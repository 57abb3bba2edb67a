"""The managed node under a real manager: its states, its parameters, and how it ends."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bridge.config_parameters import PARAMETERS
from tests.integration.support import JAZZY_PYTHON, Agent, RosNode, agent, domains, eventually, ros_node
from tests.integration.support.processes import Process, log_shown_on_failure, scratch_folder

NODE = "/zenlink_bridge"
ROUNDS = 20
_SETTLED_ROUND = 5
"""From here on nothing grows any more: libraries are loaded, pools are filled."""
_RSS_GROWTH_BYTES = 6_000_000
"""Over 15 nodes: rclpy and Fast DDS keep some 0.2 MB of each node that was destroyed, also of an empty one;
40 rounds of one and the same node kept 0.02 MB."""
_CLOSED = re.compile(r"closed egress /(load\d): passed on (\d+) messages, dropped (.*)")
_DOUBLE, _INTEGER = 3, 2


def parameters(station: Agent | None, domain: int, folder: Path) -> dict[str, Any]:
    return {
        "ros.domain_id": domain,
        "ros.discovery_range": "localhost",
        "zenoh.listen": ["tcp/127.0.0.1:0"],
        "zenoh.connect": [station.endpoint] if station else [""],
        "zenoh.shared_memory": False,
        "http.listen": "",
        "control.socket": str(folder / "s"),
    }


@contextlib.contextmanager
def bridge_node(
    domain: int, given: dict[str, Any], *, folder: Path, python: str = sys.executable, **more: Any
) -> Iterator[Process]:
    """`bridge_node` as a process, with a parameter file."""
    file = folder / "parameters.yaml"
    file.write_text(json.dumps({"/**": {"ros__parameters": {**given, **more}}}))
    command = [python, "-m", "bridge.lifecycle.main", "--ros-args", "--params-file", str(file)]
    env = {"TMPDIR": str(folder)}  # a node that is killed leaves its parameters there
    process = Process("bridge_node", command, domain=domain, env=env, folder=folder)
    try:
        with log_shown_on_failure(process):
            yield process
    finally:
        process.close()


@contextlib.contextmanager
def managed(domain: int, given: dict[str, Any], **more: Any) -> Iterator[tuple[Process, RosNode]]:
    """The same, with whoever manages it."""
    with (
        scratch_folder() as folder,
        bridge_node(domain, parameters(None, domain, folder) | given, folder=folder, **more) as process,
        ros_node("manager", domain=domain, managed=NODE) as manager,
    ):
        yield process, manager


def figures(process: psutil.Process) -> tuple[int, int, int]:
    return process.num_threads(), process.num_fds(), process.memory_info().rss


@pytest.mark.timeout(400)
def test_traffic_flows_only_while_active_and_nothing_is_left_after_twenty_rounds() -> None:
    seen = []
    with (
        scratch_folder() as folder,
        domains(2) as (robot, station),
        agent(domain=station) as far,
        ros_node("bridge_nodes", domain=robot, parameters=parameters(far, robot, folder)) as host,
        ros_node("manager", domain=robot, managed=NODE) as manager,
        ros_node("talker", domain=robot, topic="/chatter") as talker,
        ros_node("listener", domain=station, topic="/chatter") as listener,
    ):
        process = psutil.Process(host.process.pid)
        talker.call("start_stream", rate_hz=50.0)
        for number in range(1, ROUNDS + 1):
            eventually(lambda: host.call("made") == number)  # noqa: B023 - awaited here
            assert manager.call("change", transition="configure")
            assert not process.children(recursive=True), "configured, and already there"
            received = len(listener.call("received"))
            assert manager.call("change", transition="activate")
            eventually(lambda: len(listener.call("received")) > received + 5)  # noqa: B023
            assert manager.call("change", transition="deactivate")
            assert not process.children(recursive=True), "inactive, and still there"
            eventually(lambda: far.status()["links"] == [])
            received = len(listener.call("received"))
            assert manager.call("change", transition="cleanup")
            assert len(listener.call("received")) == received, "inactive, and still passing on"
            assert manager.call("change", transition="shutdown unconfigured")
            eventually(lambda: host.call("made") == number + 1)  # noqa: B023
            seen.append(figures(process))
        texts = listener.call("received")
    for number, (threads, fds, rss) in enumerate(seen, 1):
        print(f"after round {number}: {threads} threads, {fds} files, {rss / 1e6:.1f} MB")
    settled, last = seen[_SETTLED_ROUND - 1], seen[-1]
    assert last[:2] == settled[:2], "threads or files stay behind"
    assert last[2] - settled[2] < _RSS_GROWTH_BYTES
    assert len(texts) == len(set(texts)), "a message came twice"


@pytest.mark.parametrize("state", ["unconfigured", "inactive", "active"])
def test_shutdown_ends_the_process_from_every_state(state: str) -> None:
    steps = {"unconfigured": [], "inactive": ["configure"], "active": ["configure", "activate"]}[state]
    with domains(1) as (domain,), managed(domain, {}) as (process, manager):
        for step in steps:
            assert manager.call("change", transition=step)
        assert manager.call("state") == state
        how = "shutdown" if state == "active" else f"shutdown {state}"
        assert manager.call("change", transition=how)
        assert process.wait() == 0


@pytest.mark.alone  # a full load
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_at_full_load_loses_nothing_that_was_taken(number: int) -> None:
    names = ["load1", "load2"]
    with (
        scratch_folder() as folder,
        domains(2) as (robot, station),
        agent(domain=station) as far,
        bridge_node(robot, parameters(far, robot, folder), folder=folder, autostart=True) as process,
        ros_node("many", domain=robot) as source,
        ros_node("many", domain=station) as sink,
    ):
        sink.call("subscribe", names=names)
        source.call("publish", group="load", names=names, rate_hz=1000.0)
        eventually(lambda: all(count[0] > 500 for count in sink.call("counts", names=names)))
        began_s = time.monotonic()
        process.signal(number)
        assert process.wait() == 0
        took_s = time.monotonic() - began_s
        closed = {
            name: (int(count), dropped) for name, count, dropped in _CLOSED.findall(process.log.read_text())
        }
        assert sorted(closed) == names
        eventually(
            lambda: (
                [count[0] + count[2] for count in sink.call("counts", names=names)]
                == [closed[name][0] for name in names]
            )
        )
        lost = [count[1] for count in sink.call("counts", names=names)]
    print(f"stopped in {took_s:.2f} s; passed on {closed}")
    assert [dropped for _, dropped in closed.values()] == ["nothing"] * 2
    assert lost == [0, 0]
    assert took_s < 5.0


def test_an_agent_that_dies_takes_the_node_with_it_and_the_other_way_round() -> None:
    with domains(1) as (domain,), managed(domain, {}, autostart=True) as (process, manager):
        eventually(lambda: manager.call("state") == "active")
        (child,) = psutil.Process(process.pid).children()
        child.kill()
        assert process.wait() != 0, "a supervisor would not start it again"
        assert "the agent ended by itself, with exit code -9" in process.log.read_text()
    with domains(1) as (domain,), managed(domain, {}, autostart=True) as (process, manager):
        eventually(lambda: manager.call("state") == "active")
        (child,) = psutil.Process(process.pid).children()
        process.signal(signal.SIGKILL)
        eventually(lambda: not child.is_running())


def test_a_faulty_configuration_is_told_and_the_node_stays() -> None:
    with domains(1) as (domain,), managed(domain, {"zenoh.tls.ca": "/nowhere/ca.pem"}) as (process, manager):
        assert not manager.call("change", transition="configure")
        assert manager.call("state") == "unconfigured"
        assert "parameter zenoh.tls.ca" in process.log.read_text()
        assert manager.call("set", name="zenoh.tls.ca", value="")["successful"]
        assert manager.call("change", transition="configure")


@pytest.mark.parametrize(
    ("given", "code", "line"),
    [
        ({"zenoh.mode": "star"}, 2, "parameter zenoh.mode: zenoh.mode: 'star' is not allowed"),
        ({"zenoh.lisen": ["tcp/127.0.0.1:0"]}, 2, "there is no such parameter; did you mean 'zenoh.listen'?"),
        ({"ros.domain_id": "five"}, 2, "parameter ros.domain_id: expected int, found 'five'"),
        ({"rules": "- {match: {nam: /a}}"}, 2, "unknown key 'nam'"),
        ({"rules": "- {match: ["}, 2, "parameter rules"),
        ({"zenoh.listen": ["tcp/127.0.0.1:1"], "ros.interfaces": ["nowhere0"]}, 3, "nowhere0"),
    ],
)
def test_a_start_that_fails_ends_with_the_code_of_zenlink(
    given: dict[str, Any], code: int, line: str
) -> None:
    with domains(1) as (domain,), scratch_folder() as folder:
        own = parameters(None, domain, folder) | given
        with bridge_node(domain, own, folder=folder, autostart=True) as process:
            assert process.wait() == code
            assert line in process.log.read_text()


def test_parameters_are_the_keys_with_their_description_and_range() -> None:
    names = [spec.name for spec in PARAMETERS]
    with domains(1) as (domain,), managed(domain, {"zenoh.lease_s": 2}) as (_, manager):
        found = manager.call("describe", names=[*names, "config_file", "insecure", "autostart"])
        assert all(one["description"] for one in found.values())
        assert found["ros.domain_id"]["type"] == _INTEGER
        assert found["ros.domain_id"]["range"] == [[0, 232]]
        assert found["zenoh.lease_s"]["type"] == _DOUBLE
        assert found["zenoh.lease_s"]["range"] == [[0.5, 3600.0]]
        assert found["zenoh.mode"]["constraints"] == "one of router, peer, client"
        assert [name for name, one in found.items() if one["read_only"]] == [
            "config_file",
            "insecure",
            "autostart",
        ]
        assert manager.call("get", name="zenoh.lease_s") == 2.0
        assert manager.call("get", name="zenoh.queries_timeout_s") == 5.0, "the default is shown"


@pytest.mark.parametrize("python", [sys.executable, str(JAZZY_PYTHON)], ids=["kilted", "jazzy"])
def test_a_parameter_set_at_run_time_is_a_reload(python: str) -> None:
    if not Path(python).exists():
        pytest.skip("no .venv-jazzy here; `make test-env` makes it")
    rules = "- {match: {name: /secret}, allow: false}"
    with domains(1) as (domain,), managed(domain, {}, python=python, autostart=True) as (process, manager):
        eventually(lambda: manager.call("state") == "active")
        with ros_node("talker", domain=domain, topic="/secret"):
            (before,) = eventually(
                lambda: (
                    (found := manager.call("explain", names=["secret"])) and "routed" in found[0] and found
                )
            )
            assert before.startswith("/secret does not cross yet: nobody on Zenoh subscribes to it\n  - ")
            said = manager.call("set", name="rules", value=rules)
            assert said["successful"], said
            eventually(lambda: "reloaded: " in process.log.read_text())
            (after,) = manager.call("explain", names=["/secret"])
            assert "rules[0] (parameter rules)" in after
        said = manager.call("set", name="rules", value="- {match: {name: '['}, allow: false}")
        assert not said["successful"]
        assert "is no regular expression" in said["reason"]
        said = manager.call("set", name="ros.domain_id", value=999)
        assert not said["successful"]
        said = manager.call("set", name="zenoh.lease_s", value=3.0)
        assert said["successful"]
        line = "counts after deactivate and activate: zenoh.lease_s: 1.5 -> 3.0"
        eventually(lambda: line in process.log.read_text())
        assert manager.call("get", name="rules") == rules, "what was refused is not there"
        said = manager.call("set", name="zenoh.connect", value=["tcp/192.0.2.1:7447"])
        assert not said["successful"], "clear text beyond loopback"


def test_reload_reads_the_file_again(tmp_path: Path) -> None:
    file = tmp_path / "bridge.yaml"
    file.write_text("probe: {period_s: 0.7}\n")
    with domains(1) as (domain,), managed(domain, {}, config_file=str(file)) as (_, manager):
        assert manager.call("reload")["success"]
        assert manager.call("get", name="probe.period_s") == 0.7
        file.write_text("probe: {perio_s: 0.7}\n")
        refused = manager.call("reload")
        assert not refused["success"]
        assert f"{file}:1: probe.perio_s: unknown key" in refused["message"]
        file.write_text("rules: [{match: {name: /secret}, allow: false}]\n")
        assert manager.call("change", transition="configure")
        assert manager.call("change", transition="activate")
        assert manager.call("reload") == {"success": True, "message": "no route changed"}
        file.write_text("rules: [{match: {name: /secret}, allow: 5}]\n")
        refused = manager.call("reload")
        assert not refused["success"]
        assert f"{file}:1: rules[0].allow" in refused["message"]


def test_the_node_itself_is_out_of_reach_from_the_other_side() -> None:
    """Whoever is on Zenoh must not be able to stop the bridge, or to set its rules."""
    with (
        scratch_folder() as folder,
        domains(2) as (robot, station),
        agent(domain=station) as far,
        bridge_node(robot, parameters(far, robot, folder), folder=folder, autostart=True),
        ros_node("manager", domain=robot, managed=NODE) as manager,
        ros_node("talker", domain=robot, topic="/chatter"),
    ):
        eventually(lambda: manager.call("state") == "active")
        eventually(lambda: far.route("/talker_w/get_parameters", "ingress"))
        assert far.routes(f"{NODE}/change_state") == []
        assert (
            "denied by the node that runs this agent"
            in manager.call("explain", names=[f"{NODE}/change_state"])[0]
        )
