"""Nodes that share the network with the agent but no memory: another user's or container's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.support import agent, domains, ros_node

ECHO = "/echo"


OWN_MEMORY = "mount -t tmpfs none /dev/shm && exec "


@pytest.fixture
def apart(tmp_path: Path) -> Path:
    """A Python whose ``/dev/shm`` is its own, as in a container."""
    tried = subprocess.run(
        ["unshare", "--mount", "sh", "-c", OWN_MEMORY + "true"], capture_output=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"needs the right to mount: {tried.stderr.decode().strip()}")
    script = tmp_path / "python"
    script.write_text(
        f'#!/bin/sh\nexec unshare --mount sh -c \'{OWN_MEMORY}"$0" "$@"\' {sys.executable} "$@"\n'
    )
    script.chmod(0o755)
    return script


def test_calls_cross_between_nodes_that_share_no_memory_with_the_agent(apart: Path) -> None:
    with (
        domains(2) as (one, two),
        agent(domain=one) as left,
        agent(domain=two, connect=[left]),
        ros_node("services", domain=one, name="server", python=apart, echo=[ECHO]) as server,
        ros_node("services", domain=two, name="client", python=apart) as client,
    ):
        found = client.call("call", service=ECHO, clients=1, count=5)
        assert (found["answered"], found["wrong"], found["unanswered"]) == (5, 0, 0), found
        assert server.call("executed", service=ECHO) == {"calls": 5, "different": 5}
