"""The Docker engine, by its command line: every call ends in time, and a failure shows what was said."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.integration.support.waiting import eventually

ROOT = Path(__file__).parents[3]
STANDINS = ROOT / "tests" / "stack" / "standins"
CALL_S = 120.0
STANDIN = "zenlink-test/python:bookworm"
"""Stands for the base of our images (standins/base.sh), where no registry is in reach."""
PREFIX, TAG = "zenlink-test", "tests"
"""Of the images that tests build, so that nobody's own are replaced."""


def run(
    *command: str | Path,
    timeout_s: float = CALL_S,
    env: Mapping[str, str] | None = None,
    code: int | None = 0,
    cwd: Path = ROOT,
) -> subprocess.CompletedProcess[str]:
    """A command, ended and with the exit code that is wanted (None: any)."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=None if env is None else dict(env),
        cwd=cwd,
        check=False,
    )
    said = f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert code is None or done.returncode == code, said
    return done


def docker(*arguments: str | Path, timeout_s: float = CALL_S, code: int | None = 0) -> str:
    """What ``docker ...`` prints."""
    return run("docker", *arguments, timeout_s=timeout_s, code=code).stdout


def why_no_engine() -> str | None:
    """Why nothing can be built and run here; None when it can."""
    for program in ("docker", "docker-compose", "mmdebstrap"):
        if shutil.which(program) is None:
            return f"no {program} here; `make test-packages` installs it on Debian"
    done = subprocess.run(
        ["docker", "info", "--format", "{{.ServerVersion}}"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return f"no Docker engine answers: {done.stderr.strip()}" if done.returncode else None


def build_standin(name: str, tag: str, *, context: Path = STANDINS) -> str:
    """An image of tests/stack/standins/NAME.Dockerfile on top of `STANDIN`."""
    image = f"{PREFIX}/{name}:{tag}"
    file = STANDINS / f"{name}.Dockerfile"
    docker(
        "build", "--quiet", "--file", file, "--build-arg", f"BASE_IMAGE={STANDIN}", "--tag", image, context
    )
    return image


def inspect(name: str) -> dict[str, Any]:
    """A container or image, as the engine describes it."""
    return json.loads(docker("inspect", name))[0]


class Container:
    """A container that a test started."""

    def __init__(self, *options: str, image: str, command: Sequence[str] = ()) -> None:
        self.id = docker("run", "--detach", *options, image, *command).strip()

    def health(self) -> str:
        """``starting``, ``healthy`` or ``unhealthy``; fails once it has ended."""
        state = inspect(self.id)["State"]
        assert state["Running"], f"ended with exit code {state['ExitCode']}:\n{self.log()}"
        return state["Health"]["Status"]

    def await_health(self, wanted: str) -> None:
        eventually(lambda: self.health() == wanted, poll_s=0.2)

    def execute(self, *command: str, code: int | None = 0) -> str:
        return docker("exec", self.id, *command, code=code)

    def stop(self) -> tuple[float, int]:
        """Seconds that its stop signal took, and the exit code."""
        began_s = time.monotonic()
        docker("stop", "--time", "30", self.id)
        return time.monotonic() - began_s, inspect(self.id)["State"]["ExitCode"]

    def log(self) -> str:
        done = run("docker", "logs", self.id)
        return done.stdout + done.stderr

    def remove(self) -> None:
        docker("rm", "--force", "--volumes", self.id)
