"""`zenlink run` as a real process: it answers, stops in order, and refuses a second agent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.cli.main import main
from bridge.control import call
from bridge.errors import CannotRun

ROOT = Path(__file__).parents[2]
WAIT_S = 60.0
DOMAIN = "197"


def start(socket: Path, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "bridge", "run", "--domain", DOMAIN, "--socket", str(socket), *arguments]
    env = {key: value for key, value in os.environ.items() if not key.startswith("ROS_")}
    env["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=env
    )


@contextmanager
def running(socket: Path, *arguments: str):
    """An agent that answers on `socket`."""
    with start(socket, "--listen", "tcp/127.0.0.1:0", *arguments) as process:
        try:
            deadline = time.monotonic() + WAIT_S
            while not answers(socket):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
            yield process
        finally:
            process.kill()  # does nothing to one that has ended


def answers(socket: Path) -> bool:
    try:
        return call(socket, "routes") is not None
    except CannotRun:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_in_order(tmp_path, number):
    socket = tmp_path / "a.sock"
    with running(socket) as process:
        process.send_signal(number)
        out, _ = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out) == (0, "")
    assert not socket.exists()


def test_every_log_line_is_a_json_object(tmp_path):
    with running(tmp_path / "a.sock", "--log-format", "json") as process:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=WAIT_S)
    lines = [json.loads(line) for line in log.splitlines()]
    assert lines
    assert {"time", "level", "logger", "message"} <= set(lines[0])


def test_a_second_agent_on_one_socket_is_refused_in_one_line(tmp_path):
    socket = tmp_path / "a.sock"
    with running(socket):
        with start(socket, "--listen", "tcp/127.0.0.1:0", "--log-level", "error") as second:
            out, errors = second.communicate(timeout=WAIT_S)
        assert (second.returncode, out) == (3, "")
        assert errors.splitlines()[-1].startswith(f"zenlink: another agent serves {socket}; ")
        assert answers(socket)


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "bridge.yaml"
    file.write_text("rules:\n  - {match: {name: /a}, allow: false}\n")
    return file


def test_reload_says_what_only_a_restart_changes(tmp_path, file, capsys):
    socket = tmp_path / "a.sock"
    with running(socket, "--config", str(file)):
        file.write_text(f"ros: {{namespace: /r1}}\n{file.read_text()}")
        assert main(["reload", "--socket", str(socket)]) == 0
    assert 'needs a restart: ros.namespace: "/" -> "/r1"\n' in capsys.readouterr().out


def test_a_reload_reads_the_environment_that_was_given_not_what_the_agent_makes_of_it(tmp_path, capsys):
    socket, file = tmp_path / "a.sock", tmp_path / "bridge.yaml"
    file.write_text("ros: {discovery_range: localhost}\n")  # for which rclpy is told another range
    with running(socket, "--config", str(file)):
        assert main(["reload", "--socket", str(socket)]) == 0
    assert "needs a restart" not in capsys.readouterr().out


def test_a_bad_file_reloads_nothing_and_is_told_to_whoever_asks(tmp_path, file, capsys):
    socket = tmp_path / "a.sock"
    with running(socket, "--config", str(file)) as process:
        file.write_text("rules: [{allow: no}]\n")
        told = f"{file}:1: rules[0].allow: expected true or false, found 'no'; "
        assert main(["reload", "--socket", str(socket)]) == 2
        assert capsys.readouterr().err.startswith(told)
        process.send_signal(signal.SIGHUP)
        assert any(told in line for line in process.stderr), "the log does not tell the fault"
        assert answers(socket)
