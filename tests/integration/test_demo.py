"""`zenlink demo` as a user runs it, with both kinds of nodes."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from bridge.demo.children import Child
from bridge.demo.lines import NodeFlavour
from bridge.demo.runner import FLAVOUR_VARIABLE
from tests.integration.support import eventually

RELIABLE = ["/chatter", "/odom", "/camera/image_raw", "/points"]
HAS_ROS = all(importlib.util.find_spec(name) for name in ("rclpy", "nav_msgs", "sensor_msgs", "std_msgs"))
needs_ros = pytest.mark.skipif(not HAS_ROS, reason="rclpy and the common messages are not installed")


def start(tmp_path: Path, *options: str, nodes: str = "cyclonedds") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bridge", "demo", *options],
        env={**os.environ, FLAVOUR_VARIABLE: nodes, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def family(demo: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(demo.pid).children(recursive=True)


def named(processes: list[psutil.Process], words: str) -> list[psutil.Process]:
    return [process for process in processes if words in " ".join(process.cmdline())]


def running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still do something; an orphan may stay a zombie where process 1 does not care."""
    return [
        process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ]


def document(demo: subprocess.Popen[str]) -> dict[str, Any]:
    """What a demo with --json printed, once it has ended."""
    output, errors = demo.communicate(timeout=90)
    assert errors == ""
    return json.loads(output)


@pytest.mark.parametrize("nodes", [pytest.param("rclpy", marks=needs_ros), "cyclonedds"])
def test_everything_crosses_once_and_intact(tmp_path: Path, nodes: str) -> None:
    demo = start(tmp_path, "--seconds", "4", "--json", nodes=nodes)
    result = document(demo)
    assert result["problems"] == []
    assert (demo.returncode, result["verdict"], result["exit_code"]) == (0, "passed", 0)
    assert result["nodes"] == nodes
    assert "tls/127.0.0.1" in result["link"]
    assert "mutual TLS" in result["link"]
    assert len(set(result["domains"])) == 2
    assert result["station_late_by_s"] >= 2.0
    topics = {topic["topic"]: topic for topic in result["topics"]}
    for name in RELIABLE:
        topic = topics[name]
        assert (topic["lost"], topic["doubled"], topic["reordered"], topic["corrupt"]) == (0, 0, 0, 0)
        assert 0 < topic["received"] < topic["published"], "the station came late"
    assert topics["/tf_static"]["received"] == 1
    calls = {call["name"]: call for call in result["calls"]}
    assert set(calls) == {"/lights", "/count"}
    for call in calls.values():
        assert 0 < call["called"] == call["answered"], call
    assert list(tmp_path.iterdir()) == [], "nothing is left behind after a good end"


def test_a_killed_agent_is_named_with_its_log(tmp_path: Path) -> None:
    demo = start(tmp_path, "--seconds", "60", "--json")
    eventually(lambda: named(family(demo), "bridge.demo.station"))
    eventually(lambda: [log for log in tmp_path.rglob("agent-station.log") if log.stat().st_size])
    processes = family(demo)
    (agent,) = named(processes, "--connect")
    agent.kill()
    result = document(demo)
    assert (demo.returncode, result["verdict"]) == (3, "cannot_run")
    assert result["child"] == "the agent on the station's side"
    assert result["child_exit_code"] == -signal.SIGKILL
    assert result["child_log"]
    assert (Path(result["logs"]) / "agent-station.log").is_file()
    assert running(processes) == []


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_demo_leaves_no_process(tmp_path: Path, number: int, exit_code: int) -> None:
    demo = start(tmp_path, "--seconds", "60")
    eventually(lambda: named(family(demo), "bridge.demo.station"))
    processes = family(demo)
    assert len(processes) == 4
    demo.send_signal(number)
    output, errors = demo.communicate(timeout=60)
    assert demo.returncode == exit_code
    assert output == ""
    assert "interrupted" in errors
    assert running(processes) == []
    assert list(tmp_path.iterdir()) == []


def test_every_process_ends_with_a_killed_runner(tmp_path: Path) -> None:
    demo = start(tmp_path, "--seconds", "60")
    eventually(lambda: named(family(demo), "bridge.demo.station"))
    processes = family(demo)
    demo.kill()
    demo.communicate()
    eventually(lambda: running(processes) == [])


def test_an_unknown_kind_of_nodes_is_a_usage_error(tmp_path: Path) -> None:
    demo = start(tmp_path, "--json", nodes="carrots")
    _, errors = demo.communicate(timeout=30)
    assert demo.returncode == 2
    assert FLAVOUR_VARIABLE in errors
    for flavour in NodeFlavour:
        assert flavour.value in errors


def test_a_child_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    script = (
        "import signal, sys; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    )
    child = Child("deaf", [sys.executable, "-c", script], environment=os.environ, log=tmp_path / "log")
    eventually(lambda: child.last_lines(1) == ("deaf",))
    child.end(within_s=0.2)
    child.end(within_s=0.2)
    assert child.killed
    assert child.exit_code == -signal.SIGKILL
