"""docs/deployment.md says what docker/compose.yaml does: services, limits, networks, volumes, variables."""

from __future__ import annotations

import re
from typing import Any

from tests.docker.scripts import ROOT, script
from tests.docker.test_compose import EXCEPTIONS, resolved

__all__ = ["resolved"]  # the fixture

TEXT = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the table below a heading, code marks taken off."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def test_each_service_with_profile_network_and_limits(resolved: dict[str, Any]) -> None:
    told = {row[0]: row[1:6] for row in table("Services")}
    assert told == {
        name: [
            ", ".join(service.get("profiles", ())) or "always",
            service.get("network_mode") or ", ".join(service["networks"]),
            str(service["cpus"]),
            service["mem_limit"],
            service["mem_reservation"],
        ]
        for name, service in resolved["services"].items()
    }


def test_each_volume_and_whether_a_backup_has_it(resolved: dict[str, Any]) -> None:
    told = {row[0]: row[2].startswith("yes") for row in table("Volumes, backup, restore")}
    saved = {str(volume).split(":", maxsplit=1)[0] for volume in resolved["services"]["backup"]["volumes"]}
    assert told == {name: name in saved for name in resolved["volumes"]}


def test_each_exception_from_the_hardening(resolved: dict[str, Any]) -> None:
    told = {row[0]: row[1] for row in table("Hardening")}
    assert set(told) == set(EXCEPTIONS)
    for name, exception in told.items():
        for capability in resolved["services"][name].get("cap_add", ()):
            assert capability in exception, name
        assert ("root" in exception.split("; ")) == ("user" in EXCEPTIONS[name][0]), name


def test_each_variable_with_its_default() -> None:
    told = {row[0]: row[1] for row in table("Variables")}
    assert told == {one.name: one.default for one in script("settings").SETTINGS}


def test_each_published_port(resolved: dict[str, Any]) -> None:
    ports = " ".join(row[0] for row in table("Networks and ports"))
    for service in resolved["services"].values():
        for published in service.get("ports", ()):
            outside = published.split(":")[-2]
            assert re.search(rf"\b{outside}\b", ports), published


def test_each_network_with_its_addresses(resolved: dict[str, Any]) -> None:
    for name, network in resolved["networks"].items():
        assert f"`{name}` ({network['ipam']['config'][0]['subnet']})" in TEXT


def test_each_make_target_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = set(re.findall(r"\bmake ([a-z-]+)", TEXT))
    assert told <= targets, told - targets
    wanted = {"images", "stack-up", "stack-down", "stack-logs", "stack-test", "backup", "restore", "push"}
    assert wanted <= told, wanted - told


def test_each_exit_code_of_the_simulators_pre_flight() -> None:
    script_text = (ROOT / "docker" / "isaac-sim" / "preflight.sh").read_text()
    used = set(re.findall(r"\bstop (\d+) ", script_text))
    assert {row[0] for row in table("Simulator")} == used
    assert set(re.findall(r"\b(1\d) [a-z]", script_text.split("set -euo")[0])) == used
