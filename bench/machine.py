"""What a run stands on: machine, versions and settings, for whoever reads its figures later."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from bridge.dds.xmlconfig import DdsNetwork, cyclone_xml

_PACKAGES = ("zenlink", "cyclonedds", "eclipse-zenoh")


def machine(**settings: int | str | Collection[str]) -> dict[str, Any]:
    """Facts of this machine, with the settings of the run."""
    return {
        "begun": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / (1 << 30), 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "commit": _commit(),
        "load_before": round(os.getloadavg()[0], 2),
        "shared_memory": False,
        "cyclone": cyclone_xml(DdsNetwork(discovery_range="localhost")),
        "settings": {
            key: value if isinstance(value, (int, str)) else list(value) for key, value in settings.items()
        },
    }


def summary(facts: dict[str, Any]) -> str:
    """On two lines."""
    versions = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    load = f"load {facts['load_before']}" + (f" to {facts['load_after']}" if "load_after" in facts else "")
    return (
        f"{facts['begun']}, {facts['cpu']}, {facts['cores']} cores, Linux {facts['kernel']}, {load}\n"
        f"Python {facts['python']}, {versions}, commit {facts['commit']}; shared memory off"
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _commit() -> str:
    """Of the tree that this file is in; with a plus where it has changes."""
    here = str(Path(__file__).parent)
    try:
        made = subprocess.run(
            ["git", "-C", here, "describe", "--always", "--dirty=+"],  # noqa: S607  # whichever git there is
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return made.stdout.strip()
