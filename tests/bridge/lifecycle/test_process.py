"""The agent as a child: heard line by line, its failures told, nothing of it left behind."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import psutil
import pytest

from bridge.config_io import NodeLayer
from bridge.config_parameters import to_text
from bridge.lifecycle.process import AgentEnded, AgentProcess, LogLine, parsed

ROUTER = {
    "ros.enabled": False,
    "http.listen": None,
    "zenoh.listen": ["tcp/127.0.0.1:0"],
    "tune.action": "off",
}


@pytest.fixture
def heard() -> list[LogLine]:
    return []


def start(
    heard: list[LogLine], folder: Path, ended: threading.Event | None = None, **parameters
) -> AgentProcess:
    """A router without DDS, which needs no domain; with other parameters by ``__`` for a dot."""
    given = {**ROUTER, **{name.replace("__", "."): value for name, value in parameters.items()}}
    layer = NodeLayer(name="/n", parameters={**given, "control.socket": str(folder / "s")})
    return AgentProcess(
        config_file=None,
        parameters=to_text(layer, insecure=False),
        control_socket=folder / "s",
        log_level="info",
        on_line=heard.append,
        on_end=(ended or threading.Event()).set,
    )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            json.dumps({"level": "warning", "logger": "bridge.x", "message": "m"}),
            LogLine(level="warning", text="bridge.x: m"),
        ),
        (
            json.dumps({"level": "error", "logger": "bridge.x", "message": "m", "exception": "Traceback"}),
            LogLine(level="error", text="bridge.x: m\nTraceback"),
        ),
        ("1795 [63] dq.builtin: type", LogLine(level="info", text="1795 [63] dq.builtin: type")),
        ("[1, 2]", LogLine(level="info", text="[1, 2]")),
        ("{}", LogLine(level="info", text="{}")),
        ("", LogLine(level="info", text="")),
    ],
)
def test_a_line_of_its_log_keeps_its_level(line, found):
    assert parsed(line) == found


def test_it_is_ready_answers_and_ends_without_a_trace(heard, tmp_path):
    ended = threading.Event()
    agent = start(heard, tmp_path, ended)
    try:
        assert agent.wait_until_ready(timeout_s=60, stop=threading.Event())
        assert isinstance(agent.ask("status"), dict)
        folder = agent._folder
        assert folder.stat().st_mode & 0o777 == 0o700
        (child,) = psutil.Process().children()
    finally:
        assert agent.stop() == 0
    assert agent.stop() == 0, "a second call does nothing"
    assert not ended.is_set(), "it was asked to end"
    assert not child.is_running()
    assert not folder.exists()
    assert "agent-log" not in [thread.name for thread in threading.enumerate()]
    assert any("every thread has ended" in line.text for line in heard), heard


def test_one_that_does_not_come_up_tells_its_exit_code(heard, tmp_path):
    agent = start(heard, tmp_path, zenoh__mode="star")
    try:
        with pytest.raises(AgentEnded, match="exit code 2"):
            agent.wait_until_ready(timeout_s=60, stop=threading.Event())
    finally:
        agent.stop()
    assert any("parameter zenoh.mode" in line.text for line in heard)


def test_one_that_dies_is_noticed(heard, tmp_path):
    ended = threading.Event()
    agent = start(heard, tmp_path, ended)
    try:
        assert agent.wait_until_ready(timeout_s=60, stop=threading.Event())
        (child,) = psutil.Process().children()
        child.kill()
        assert ended.wait(60)
        assert agent.exit_code == -9
    finally:
        agent.stop()


def test_waiting_for_a_router_ends_when_the_node_is_to_stop(heard, tmp_path):
    stop = threading.Event()
    agent = start(heard, tmp_path, zenoh__mode="client", zenoh__listen=[], zenoh__connect=["tcp/127.0.0.1:1"])
    try:
        stop.set()
        assert not agent.wait_until_ready(timeout_s=60, stop=stop)
    finally:
        assert agent.stop() == 0
