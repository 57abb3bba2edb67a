"""An agent that cannot run here says so in one line, with the remedy, and exit code 3 (2: configuration)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.demo.places import child_environment
from tests.integration.support.agents import agent
from tests.integration.support.domains import domains

_TIMEOUT_S = 60.0


def _run(folder: Path, *arguments: str, before: Sequence[str] = (), **configuration: Any) -> tuple[int, str]:
    """Exit code and standard error of an agent that is not expected to stay."""
    file = folder / "zenlink.yaml"
    configuration.setdefault("ros", {})["discovery_range"] = "localhost"
    file.write_text(json.dumps(configuration))
    command = [
        *before,
        sys.executable,
        "-m",
        "bridge",
        "run",
        "-c",
        str(file),
        "--log-level",
        "error",
        *arguments,
    ]
    if "--socket" not in arguments:
        command += ["--socket", str(folder / "s")]
    environment = child_environment(os.environ, domain_id=0, scratch=str(folder))
    with domains(1) as (domain,):
        done = subprocess.run(
            [*command, "--domain", str(domain)],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
            env=environment,
        )
    return done.returncode, done.stderr


def _one_line(text: str, *parts: str) -> None:
    lines = text.splitlines()
    assert len(lines) == 1, text
    for part in parts:
        assert part in lines[0], lines[0]


def test_a_port_in_use_is_named_with_how_to_find_its_owner(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = _run(tmp_path, "--listen", f"tcp/127.0.0.1:{port}")
    assert code == 3
    _one_line(text, str(port), "Address already in use", "ss -ltnp")


def test_an_address_of_another_host_is_named(tmp_path: Path) -> None:
    code, text = _run(tmp_path, "--listen", "tcp/192.0.2.1:7447", "--insecure")
    assert code == 3
    _one_line(text, "192.0.2.1", "ip address")


def test_a_missing_interface_is_named(tmp_path: Path) -> None:
    code, text = _run(
        tmp_path, "--listen", "tcp/127.0.0.1:0", ros={"interfaces": ["nosuch0"], "discovery_range": "subnet"}
    )
    assert code == 3
    _one_line(text, "nosuch0", "ip address")


def test_an_agent_already_on_the_socket_is_named(tmp_path: Path) -> None:
    with domains(1) as (domain,), agent(domain=domain) as first:
        code, text = _run(tmp_path, "--listen", "tcp/127.0.0.1:0", "--socket", str(first.socket))
        assert first.status()["state"] == "active"
    assert code == 3
    _one_line(text, str(first.socket))


def test_an_unknown_zenoh_option_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    code, text = _run(tmp_path, zenoh={"listen": ["tcp/127.0.0.1:0"], "extra": {"nosuch": {"option": 1}}})
    assert code == 2
    _one_line(text, "nosuch", "zenoh.extra")


def test_a_missing_certificate_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    tls = {"ca": "absent.pem", "certificate": "absent.pem", "private_key": "absent.key"}
    code, text = _run(tmp_path, zenoh={"listen": ["tls/127.0.0.1:0"], "tls": tls})
    assert code == 2
    _one_line(text, "absent", "zenoh.tls")


def test_a_broken_cyclonedds_uri_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    ros = {"cyclonedds_uri": "<CycloneDDS><Domain>"}
    code, text = _run(tmp_path, "--listen", "tcp/127.0.0.1:0", ros=ros)
    assert code == 2
    _one_line(text, "XML")


def test_a_privileged_port_without_the_capability_is_named(tmp_path: Path) -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if lowest <= 1:
        pytest.skip("this host lets everybody take any port (net.ipv4.ip_unprivileged_port_start)")
    code, text = _run(tmp_path, "--listen", f"tcp/127.0.0.1:{lowest - 1}", before=_without_capabilities())
    assert code == 3
    _one_line(text, "Permission denied", "CAP_NET_BIND_SERVICE")


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    arguments = ("--socket", str(locked / "s"), "--listen", "tcp/127.0.0.1:0")
    code, text = _run(tmp_path, *arguments, before=_without_capabilities())
    assert code == 3
    _one_line(text, str(locked))


def _without_capabilities() -> Sequence[str]:
    """What runs a command without root's powers; nothing where the tests are not root's."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root needs setpriv (util-linux) to drop its capabilities")
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
