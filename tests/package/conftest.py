"""zenlink, installed twice: by pip into an environment, by colcon into a workspace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLCON = ROOT / ".venv-colcon/bin/colcon"
SOURCES = ("bridge", "configs", "launch", "netopt", "resource", "scripts", "systemd")
FILES = ("LICENSE", "README.md", "package.xml", "pyproject.toml", "setup.cfg", "setup.py")


@dataclass(frozen=True)
class Installed:
    """A prefix that zenlink is installed in."""

    prefix: Path

    @property
    def environment(self) -> dict[str, str]:
        """As sourced or activated; the packages that zenlink needs are those of this test."""
        own = next((self.prefix / "lib").glob("python3*/site-packages"))
        standard = Path(os.__file__).parent
        libraries = [
            path
            for path in map(Path, sys.path)
            if path != ROOT
            and path.is_dir()
            and (path.name == "site-packages" or standard not in (path, *path.parents))
        ]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ROS_")}
        return kept | {
            "AMENT_PREFIX_PATH": str(self.prefix),
            "PATH": f"{self.prefix / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, [own, *libraries])),
        }


def run(command: Sequence[str | Path], *, cwd: Path) -> None:
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "COLCON_DEFAULTS_FILE")
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def sources(tmp_path_factory) -> Path:
    """A copy, since both ways to build write beside what they read."""
    folder = tmp_path_factory.mktemp("workspace") / "src/zenlink"
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy2(ROOT / name, folder)
    return folder


@pytest.fixture(scope="session")
def by_pip(sources, tmp_path_factory) -> Installed:
    """Into an environment of its own, from the wheel."""
    folder = tmp_path_factory.mktemp("pip")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-deps", "--no-index"]
    run([*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", folder, sources], cwd=folder)
    run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], cwd=folder)
    run([*pip, "--python", folder / "env/bin/python", "install", *offline, *folder.glob("*.whl")], cwd=folder)
    return Installed(folder / "env")


@pytest.fixture(scope="session")
def by_colcon(sources) -> Installed:
    """Into a workspace, with the setuptools of Ubuntu 24.04."""
    if not COLCON.exists():
        pytest.skip("no colcon here; `make test-env` makes .venv-colcon")
    workspace = sources.parents[1]
    run([COLCON, "--log-base", workspace / "log", "build"], cwd=workspace)
    return Installed(workspace / "install/zenlink")


@pytest.fixture(params=["by_pip", "by_colcon"])
def installed(request) -> Installed:
    """Either way."""
    return request.getfixturevalue(request.param)
