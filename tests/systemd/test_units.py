"""systemd reads the units without a complaint, rates them as documented, and their commands are ours."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli.main import main
from tests.netopt.kernel.conftest import needs_namespace

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd").glob("*.service"))
PREFIX = "/opt/zenlink"
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="no systemd-analyze here; `make test-packages` installs it on Debian",
)


def values(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture
def installed(tmp_path) -> list[Path]:
    """The units as if /opt/zenlink were the environment of this test."""
    copies = [tmp_path / unit.name for unit in UNITS]
    for unit, copy in zip(UNITS, copies, strict=True):
        copy.write_text(unit.read_text(encoding="utf-8").replace(PREFIX, sys.prefix), encoding="utf-8")
    return copies


def analyze(*arguments: object) -> str:
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_there_are_two_units():
    assert [unit.name for unit in UNITS] == ["zenlink-tune.service", "zenlink.service"]


@needs_systemd
def test_systemd_has_no_complaint(installed):
    for unit in installed:  # one by one: the other is then looked for among the host's, as on any host
        assert analyze("verify", "--man=no", unit) == ""


@needs_systemd
def test_systemd_notices_a_misspelt_setting(installed):
    installed[0].write_text(installed[0].read_text() + "[Service]\nProtectSytem=strict\n")
    assert "ProtectSytem" in analyze("verify", "--man=no", installed[0])


@needs_systemd
@pytest.mark.parametrize("name", [unit.name for unit in UNITS])
def test_the_exposure_is_the_documented_one(installed, name):
    unit = next(unit for unit in installed if unit.name == name)
    score = re.search(
        r"Overall exposure level for .*: ([\d.]+) ", analyze("security", "--offline=true", unit)
    )
    row = re.search(
        rf"^\| `{name}` \| ([\d.]+) ", (ROOT / "docs/systemd.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert score, name
    assert row, f"docs/systemd.md has no row for {name}"
    assert float(score[1]) <= float(row[1])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_each_command_is_one_that_zenlink_has(unit, capsys):
    commands = [
        line for key in ("ExecStartPre", "ExecStart", "ExecReload", "ExecStop") for line in values(unit, key)
    ]
    ours = [shlex.split(line) for line in commands if line.startswith(PREFIX)]
    assert ours, "the unit runs nothing of ours"
    for program, *arguments in ours:
        assert program == f"{PREFIX}/bin/zenlink"
        assert main([*arguments, "--help"]) == 0, capsys.readouterr().err


def test_the_agent_has_no_capability_and_a_user_that_is_made(capsys):
    unit = ROOT / "systemd/zenlink.service"
    assert values(unit, "CapabilityBoundingSet") == [""]
    assert values(unit, "AmbientCapabilities") == [""]
    made = (ROOT / "systemd/zenlink.sysusers").read_text(encoding="utf-8")
    assert f"\nu {values(unit, 'User')[0]} " in made


@needs_namespace
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not installed")
def test_the_capabilities_of_the_tune_unit_are_enough_and_all_are_needed(tmp_path):
    """In a network namespace of its own: its settings and the flag of its loopback are really changed."""
    unit = ROOT / "systemd/zenlink-tune.service"
    [kept] = values(unit, "CapabilityBoundingSet")
    names = [name.removeprefix("CAP_").lower() for name in kept.split()]
    zenlink = [sys.executable, "-m", "bridge", "tune"]
    places = ["--state-dir", str(tmp_path / "state"), "--sysctl-dir", str(tmp_path)]
    apply = shlex.join([*zenlink, "apply", "--no-persist", "--profile", "station", *places])
    undo = shlex.join([*zenlink, "rollback", *places])
    show = "cat /proc/sys/net/ipv4/tcp_slow_start_after_idle /sys/class/net/lo/flags"
    script = f"{show}; {apply} >/dev/null && {show} && {undo} >/dev/null && {show}"
    enough = in_namespace(script, names)
    assert enough.returncode == 0, enough.stderr
    before, tuned, after = (enough.stdout.split()[at : at + 2] for at in (0, 2, 4))
    assert before == after
    assert tuned[0] == "0"
    assert int(tuned[1], 16) & 0x1000, "multicast is not on"  # IFF_MULTICAST, linux/if.h
    for name in names:
        less = in_namespace(f"{apply} >/dev/null", [other for other in names if other != name])
        assert less.returncode == 3, f"{name} is not needed: {less.stdout}{less.stderr}"


def in_namespace(script: str, capabilities: list[str]) -> subprocess.CompletedProcess[str]:
    """What bash says with these capabilities alone; /sys shows the namespace's own interfaces."""
    kept = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    bounded = shlex.join(["setpriv", f"--bounding-set={kept}", "bash", "-c", script])
    return subprocess.run(
        ["unshare", "-n", "-m", "bash", "-c", f"mount -t sysfs sysfs /sys && {bounded}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
