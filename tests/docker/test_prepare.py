"""docker/stack/prepare.py, run as the first container runs it, with our real `zenlink certs`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.docker.scripts import STACK

VOLUMES = ("authority", "router", "bridge", "probe", "scrape", "grafana")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for volume in VOLUMES:
        (tmp_path / volume).mkdir()
    return tmp_path


def prepare(root: Path, *arguments: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, STACK / "prepare.py", *arguments],
        capture_output=True,
        env=os.environ | {"ZENLINK_STACK_ROOT": str(root)} | env,
        check=False,
        timeout=100,
    )
    assert done.returncode == code, (done.stdout + done.stderr).decode()
    return done


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_first_start_fills_each_volume_with_what_its_service_needs_and_no_more(root: Path) -> None:
    prepare(root)
    assert sorted(files(root)) == [
        "authority/ca.key", "authority/ca.pem",
        "bridge/bridge.key", "bridge/bridge.pem", "bridge/ca.pem", "bridge/http.token",
        "bridge/station.key", "bridge/station.pem",
        "grafana/password",
        "probe/ca.pem", "probe/http.token", "probe/probe.key", "probe/probe.pem",
        "router/ca.pem", "router/http.token", "router/router.key", "router/router.pem",
        "scrape/http.token",
    ]  # fmt: skip
    for key in ("authority/ca.key", "bridge/bridge.key", "router/router.key", "router/http.token"):
        assert (root / key).stat().st_mode & 0o077 == 0, f"{key} is open to others"
    tokens = {text for name, text in files(root).items() if name.endswith("http.token")}
    assert len(tokens) == 1


def test_a_second_start_changes_nothing_and_other_names_only_what_they_concern(root: Path) -> None:
    prepare(root)
    first = files(root)
    prepare(root)
    assert files(root) == first
    said = prepare(root, ROUTER_NAMES="router.example").stdout.decode()
    changed = {name for name, text in files(root).items() if first.get(name) != text}
    assert changed == {"router/router.pem", "router/router.key"}
    assert "router: a new certificate" in said


def test_a_wrong_variable_stops_the_start_before_anything_is_made(root: Path) -> None:
    said = prepare(root, code=2, ROUTER_PORT="https", BRIDGE_ROLE="king").stderr.decode()
    assert "prepare: ROUTER_PORT=https: should be a port, 1 to 65535 (default: 443)\n" in said
    assert "prepare: BRIDGE_ROLE=king: should be robot, station or observer (default: station)\n" in said
    assert files(root) == {}


def test_an_empty_variable_is_the_default_as_in_compose(root: Path) -> None:
    prepare(root, ROUTER_PORT="", BRIDGE_NAME="")
    assert (root / "bridge" / "station.pem").exists()


def test_an_identity_for_a_robot_comes_out_as_an_archive(root: Path) -> None:
    prepare(root)
    before = files(root)
    with tarfile.open(fileobj=io.BytesIO(prepare(root, "export", "robot1").stdout)) as tar:
        assert tar.getnames() == ["ca.pem", "robot1.pem", "robot1.key"]
        assert tar.getmember("robot1.key").mode & 0o077 == 0
        authority = tar.extractfile("ca.pem")
        assert authority is not None
        assert authority.read() == before["authority/ca.pem"]
    assert files(root) == before
