"""docker/compose.yaml as docker-compose 1.29 resolves it: it loads, is hardened, its variables are known."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.docker.scripts import ROOT, script

COMPOSE = ROOT / "docker" / "compose.yaml"
EXAMPLE = ROOT / "docker" / ".env.example"
PROFILES = ("sim", "monitoring", "backup", "restore")
CHECK_SCHEMA = Path(sys.executable).parent / "check-jsonschema"
EXCEPTIONS: Mapping[str, tuple[frozenset[str], str]] = {
    # service: what it does not keep, and why. docs/deployment.md has the same services.
    "certs": (frozenset({"health"}), "ends when its work is done"),
    "gpu": (frozenset({"health"}), "ends when its work is done"),
    "tune": (frozenset({"user", "health"}), "the files of /proc/sys/net belong to root; ends"),
    "backup": (frozenset({"user", "capabilities", "health"}), "the volumes belong to several users; ends"),
    "restore": (frozenset({"user", "capabilities", "health"}), "gives files back to several users; ends"),
    "isaac-sim": (frozenset({"read-only"}), "Kit writes beside its own files when it starts"),
    "cadvisor": (frozenset({"user", "capabilities"}), "cgroups and folders of all containers are root's"),
    "dcgm-exporter": (
        frozenset({"user", "capabilities", "read-only", "privileges"}),
        "the driver's profiling counters ask for SYS_ADMIN",
    ),
}  # fmt: skip


def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("docker-compose") is None:
        pytest.skip("no docker-compose here; `make test-packages` installs it on Debian")
    command = ["docker-compose", "--env-file", EXAMPLE, "--file", COMPOSE, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT / "docker"
    )


@pytest.fixture(scope="module")
def resolved() -> dict[str, Any]:
    """All services, every variable and anchor filled in."""
    done = compose(*(word for profile in PROFILES for word in ("--profile", profile)), "config")
    assert done.returncode == 0, done.stderr
    return YAML(typ="safe").load(done.stdout)


@pytest.mark.parametrize(
    "profiles",
    [some for count in range(len(PROFILES) + 1) for some in itertools.combinations(PROFILES, count)],
    ids=lambda some: "+".join(some) or "none",
)
def test_every_combination_of_profiles_loads_without_a_word(profiles: tuple[str, ...]) -> None:
    done = compose(*(word for profile in profiles for word in ("--profile", profile)), "config", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_file_is_what_the_compose_specification_asks_for() -> None:
    command = [CHECK_SCHEMA, "--builtin-schema", "vendor.compose-spec", COMPOSE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    assert not re.search(r"^version:", COMPOSE.read_text(), re.MULTILINE), "obsolete, and warned about"


def test_the_profiles_are_those_of_the_manual(resolved: dict[str, Any]) -> None:
    found = {profile for one in resolved["services"].values() for profile in one.get("profiles", ())}
    assert found == set(PROFILES)


def flaws(service: Mapping[str, Any]) -> frozenset[str]:
    """What of the hardening a resolved service does not have."""
    user = str(service.get("user", "0"))
    checks = {
        "user": user.split(":", maxsplit=1)[0] not in ("0", "root"),
        "capabilities": service.get("cap_drop") == ["ALL"] and not service.get("cap_add"),
        "privileged": not service.get("privileged"),
        "privileges": "no-new-privileges:true" in service.get("security_opt", ()),
        "read-only": service.get("read_only") is True,
        "health": service.get("healthcheck", {}).get("test") not in (None, ["NONE"]),
        "limits": {"cpus", "mem_limit", "mem_reservation", "pids_limit"} <= set(service),
        "logging": service.get("logging", {}).get("driver") == "local",
        "restart": "restart" in service,
    }
    return frozenset(name for name, good in checks.items() if not good)


def test_every_service_is_hardened_but_for_the_listed_exceptions(resolved: dict[str, Any]) -> None:
    found = {name: flaws(service) for name, service in resolved["services"].items()}
    wanted = {name: EXCEPTIONS[name][0] if name in EXCEPTIONS else frozenset() for name in found}
    assert found == wanted


def test_each_exception_is_a_service_and_has_its_reason() -> None:
    text = COMPOSE.read_text()
    for name, (_, reason) in EXCEPTIONS.items():
        assert re.search(rf"^  {name}:", text, re.MULTILINE), name
        assert reason


def test_what_is_added_is_never_more_than_the_task_asks_for(resolved: dict[str, Any]) -> None:
    added = {name: one["cap_add"] for name, one in resolved["services"].items() if one.get("cap_add")}
    assert added == {
        "backup": ["DAC_OVERRIDE"],
        "restore": ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
        "cadvisor": ["DAC_READ_SEARCH", "SYS_PTRACE"],
        "dcgm-exporter": ["SYS_ADMIN"],
    }


def test_images_are_pinned(resolved: dict[str, Any]) -> None:
    for name, service in resolved["services"].items():
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d", tag), f"{name}: {service['image']}"
        assert "latest" not in tag, name


def test_nothing_but_the_router_is_open_to_the_outside(resolved: dict[str, Any]) -> None:
    ports = {name: one["ports"] for name, one in resolved["services"].items() if one.get("ports")}
    assert ports.pop("router") == ["0.0.0.0:443:7447/tcp"]
    assert all(port.startswith("127.0.0.1:") for published in ports.values() for port in published), ports


def test_the_host_network_is_for_those_that_need_it_alone(resolved: dict[str, Any]) -> None:
    host = {name for name, one in resolved["services"].items() if one.get("network_mode") == "host"}
    assert host == {"bridge", "tune", "isaac-sim", "node-exporter"}


def test_only_the_first_container_and_the_archives_see_the_authoritys_key(resolved: dict[str, Any]) -> None:
    holders = {
        name
        for name, one in resolved["services"].items()
        if any(str(volume).startswith("authority:") for volume in one.get("volumes", ()))
    }
    assert holders == {"certs", "backup", "restore"}


def test_a_backup_has_every_volume_that_does_not_fill_again_by_itself(resolved: dict[str, Any]) -> None:
    saved = {str(volume).split(":")[0] for volume in resolved["services"]["backup"]["volumes"]}
    assert set(resolved["volumes"]) - saved == {
        name for name in resolved["volumes"] if name.startswith("isaac-")
    }
    assert resolved["services"]["backup"]["volumes"] == resolved["services"]["restore"]["volumes"]


def test_the_same_variables_with_the_same_defaults_everywhere() -> None:
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", text := COMPOSE.read_text()))
    assert len(re.findall(r"\$\{", text)) == len(re.findall(r"\$\{\w+:-", text)), "each has its default"
    settings = {one.name: one.default for one in script("settings").SETTINGS}
    lines = re.findall(r"^(\w+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE)
    example = {name: value for name, value in lines if name != "COMPOSE_PROJECT_NAME"}
    checked = YAML(typ="safe").load(text)["x-settings"]
    assert used == settings == example
    assert set(checked) == set(settings), "the first container looks at each"


def test_a_variable_has_one_default_in_the_whole_file() -> None:
    found: dict[str, set[str]] = {}
    for name, default in re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE.read_text()):
        found.setdefault(name, set()).add(default)
    assert {name: values for name, values in found.items() if len(values) > 1} == {}
