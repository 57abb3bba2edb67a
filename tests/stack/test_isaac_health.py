"""docker/isaac-sim/isaac-health.sh beside a real agent: ready once is not enough, the clock must move."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.demo.places import free_tcp_port
from tests.integration.support.agents import agent
from tests.integration.support.domains import domains
from tests.integration.support.ros import ros_node
from tests.integration.support.waiting import eventually
from tests.stack.support.engine import ROOT

SCRIPT = ROOT / "docker" / "isaac-sim" / "isaac-health.sh"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A simulator's folder with a log of its last start."""
    if shutil.which("curl") is None:
        pytest.skip("no curl here, which the script asks the agent with")
    log = tmp_path / ".nvidia-omniverse" / "logs" / "Kit" / "Isaac-Sim" / "6.0" / "kit_1.log"
    log.parent.mkdir(parents=True)
    log.write_text("... [Info] app ready? AppReady\n")
    return tmp_path


def check(home: Path, code: int, **env: str) -> str:
    settings = os.environ | {"ISAACSIM_HOME": str(home), "TMPDIR": str(home)} | env
    done = subprocess.run([SCRIPT], capture_output=True, text=True, env=settings, check=False, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout.strip()


def test_it_is_not_ready_before_the_newest_log_says_so(home: Path) -> None:
    assert check(home, 0) == "ready; no agent to ask about /clock"
    newer = home / ".nvidia-omniverse" / "logs" / "Kit" / "Isaac-Sim" / "6.0" / "kit_2.log"
    newer.write_text("starting\n")
    os.utime(newer, (2e9, 2e9))
    assert check(home, 1).startswith("not ready: no AppReady in ")
    assert check(home / "nowhere", 1).startswith("not ready")


def test_the_clock_must_be_there_and_move(home: Path) -> None:
    port = free_tcp_port()
    env = {"ZENLINK_AGENT": f"http://127.0.0.1:{port}"}
    assert "does not answer" in check(home, 1, **env)
    settings = {"http": {"listen": f"127.0.0.1:{port}"}}
    with (
        domains(2) as (here, there),
        agent(domain=here, settings=settings) as left,
        agent(domain=there, connect=[left]),
        ros_node("many", domain=here) as simulator,
    ):
        assert check(home, 1, **env) == "ready, but nothing publishes /clock: is the timeline playing?"
        simulator.call("publish", group="clock", names=["clock"], rate_hz=50.0)
        unseen = "ready, /clock is published; nobody on Zenoh subscribes to it"
        eventually(lambda: said(home, **env) == unseen)
        assert check(home, 0, **env) == unseen
        with ros_node("many", domain=there) as viewer:
            viewer.call("subscribe", names=["clock"])
            eventually(lambda: viewer.call("counts", names=["clock"])[0][0] > 0)
            counts: set[str] = set()
            eventually(lambda: [counts.add(said(home, **env)), sum("messages" in c for c in counts) > 3][1])
            simulator.call("stop_publishing", group="clock")
            eventually(lambda: "/clock stands still" in said(home, **env))


def said(home: Path, **env: str) -> str:
    """What it says, whichever way."""
    settings = os.environ | {"ISAACSIM_HOME": str(home), "TMPDIR": str(home)} | env
    done = subprocess.run([SCRIPT], capture_output=True, text=True, env=settings, check=False, timeout=60)
    return done.stdout.strip()
