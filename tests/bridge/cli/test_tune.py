"""`zenlink tune` as a person runs it: on a copied tree, in a namespace of its own, and without permission."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli.main import main
from tests.fakes.kernel import copied_tree
from tests.netopt.kernel.conftest import needs_namespace

ZENLINK = [sys.executable, "-m", "bridge"]


@pytest.fixture
def places(tmp_path) -> list[str]:
    """Options that keep everything below a temporary folder."""
    tree = copied_tree(tmp_path / "proc_sys")
    return ["--proc-sys", str(tree), "--sysctl-dir", str(tmp_path / "sysctl.d")]


@pytest.fixture
def state(tmp_path) -> list[str]:
    return ["--state-dir", str(tmp_path / "state")]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_plan_is_a_diff_with_its_reasons_and_the_default(places, capsys):
    assert main(["tune", "plan", *places, "--profile", "robot", "--rate", "1Gbit/s", "--rtt", "50ms"]) == 0
    text = capsys.readouterr().out
    assert "  net.ipv4.tcp_rmem\n  - 4096 131072 6291456\n  + 4096 131072 16777216  (16 MiB)\n" in text
    assert "BDP = 1 Gbit/s x 50 ms = 6250000 bytes" in text
    for word in (
        "effect",
        "why",
        "formula",
        "cost",
        "source",
        "tcp_nodelay",
        "tcp_low_latency",
        "CycloneDDS",
    ):
        assert word in text
    assert main(["tune", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "zenlink/tune/1"


def test_the_plan_as_json_has_every_step(places, capsys):
    assert main(["tune", "plan", *places, "--json", "--rate", "100M", "--rtt", "5ms"]) == 0
    plan = json.loads(capsys.readouterr().out)
    steps = {step["target"]: step for step in plan["steps"]}
    assert steps["net.ipv4.tcp_rmem"]["rule"] == "at least 4096 131072 131072"
    assert steps["net.ipv4.tcp_rmem"]["state"] == "good"
    assert steps["net.core.rmem_max"]["new"] == "33554432"
    assert plan["demand"]["bdp_bytes"] == 62500


def test_check_apply_check_rollback(places, state, tmp_path, capsys):
    before = snapshot(tmp_path / "proc_sys")
    assert main(["tune", "check", *places, *state]) == 1
    assert "error setting_off [net.core.rmem_max]" in capsys.readouterr().out
    assert main(["tune", "apply", *places, *state]) == 0
    assert "changed and verified" in capsys.readouterr().out
    written = (tmp_path / "sysctl.d" / "60-zenlink.conf").read_text()
    assert "net.core.rmem_default = 16777216" in written
    assert main(["tune", "check", *places, *state, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["good"] is True
    after = snapshot(tmp_path)
    assert main(["tune", "apply", *places, *state]) == 0
    assert capsys.readouterr().out.startswith("nothing to change")
    assert snapshot(tmp_path) == after
    assert main(["tune", "rollback", *places[:4], *state]) == 0
    assert snapshot(tmp_path / "proc_sys") == before
    assert list((tmp_path / "sysctl.d").iterdir()) == []
    assert main(["tune", "rollback", *places[:4], *state]) == 0
    assert capsys.readouterr().out.endswith("nothing to take back\n")


def test_what_others_set_since_is_left_and_exit_is_1(places, state, tmp_path, capsys):
    main(["tune", "apply", *places, *state, "--no-persist"])
    assert not (tmp_path / "sysctl.d").exists()
    rmem = tmp_path / "proc_sys/net/core/rmem_max"
    rmem.write_text("50000000\n")
    assert main(["tune", "rollback", *places, *state]) == 1
    assert "left at 50000000, which somebody else set" in capsys.readouterr().out
    assert rmem.read_text() == "50000000\n"
    assert main(["tune", "rollback", *places, *state, "--force", "--json"]) == 0
    assert rmem.read_text() == "212992\n"


def test_our_file_comes_after_the_blog_s(places, state, tmp_path):
    folder = tmp_path / "sysctl.d"
    folder.mkdir()
    (folder / "99-robotics.conf").write_text("net.core.rmem_max = 1000000\n")
    assert main(["tune", "apply", *places, *state]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["99-robotics.conf", "99-zenlink.conf"]
    assert main(["tune", "apply", *places, *state]) == 0
    assert main(["tune", "rollback", *places, *state]) == 0
    assert [path.name for path in folder.iterdir()] == ["99-robotics.conf"]


@pytest.mark.parametrize("form", ["sysctl", "docker", "compose", "systemd"])
def test_lines_for_elsewhere(places, capsys, form):
    assert main(["tune", "plan", *places, "--print", form]) == 0
    assert capsys.readouterr().out.startswith("# ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--profile", "drone"], "use one of robot, station, router, simulator"),
        (["--rate", "fast"], "'fast' is no rate"),
        (["--rtt", "50"], "with its unit"),
        (["--print", "ansible"], "use one of sysctl, docker, compose, systemd"),
        (["--interface", "nothing0"], "there is no interface nothing0"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(capsys, arguments, told):
    assert main(["tune", "plan", *arguments]) == 2
    output = capsys.readouterr()
    assert told in output.err
    assert len(output.err.splitlines()) == 1


def test_options_before_the_command_are_not_lost_silently(capsys):
    assert main(["tune", "--profile", "router", "check"]) == 2
    assert "write `zenlink tune check OPTIONS`" in capsys.readouterr().err


def test_the_profile_of_the_configuration(places, tmp_path, capsys):
    file = tmp_path / "bridge.yaml"
    file.write_text("tune:\n  profile: simulator\n")
    assert main(["tune", "plan", *places, "-c", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["profile"] == "simulator"


def test_a_damaged_journal_is_exit_3(places, state, tmp_path, capsys):
    main(["tune", "apply", *places, *state])
    (journal,) = (tmp_path / "state").glob("*.json")
    journal.write_text(journal.read_text().replace("212992", "212993"))
    assert main(["tune", "rollback", *places, *state]) == 3
    assert "is damaged" in capsys.readouterr().err


AS_NOBODY = """
import os, sys
import netopt.kernel.host, netopt.kernel.journal, netopt.tuning, netopt.core.hostlines
from bridge.cli.main import main
main(["tune", "plan", "--json", *sys.argv[1:3]])  # loads what nobody may not read
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(main(["tune", "apply", *sys.argv[1:]]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_without_permission_nothing_changes_and_exit_is_3():
    """As nobody, on a tree of root's."""
    folder = Path(f"/tmp/zenlink-test-{os.getpid()}")  # pytest's own folders are closed to others
    folder.mkdir(mode=0o755)
    try:
        tree = copied_tree(folder / "proc_sys")
        before = snapshot(folder)
        places = [
            "--proc-sys",
            str(tree),
            "--state-dir",
            str(folder / "s"),
            "--sysctl-dir",
            str(folder / "c"),
        ]
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, *places], capture_output=True, text=True, check=False
        )
        assert done.returncode == 3, done.stderr
        for told in ("net.core.rmem_max: ", "needs root", "nothing was changed", str(folder / "c")):
            assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert snapshot(folder) == before
    finally:
        shutil.rmtree(folder)


IN_NAMESPACE = """
set -u
before=$({snapshot})
{zenlink} tune check --state-dir {work}/s --sysctl-dir {work}/c >/dev/null; echo "check $?"
{zenlink} tune apply --state-dir {work}/s --sysctl-dir {work}/c --json > {work}/apply.json; echo "apply $?"
cat /proc/sys/net/ipv4/ipfrag_time
{zenlink} tune apply --state-dir {work}/s --sysctl-dir {work}/c | head -1
{zenlink} tune rollback --state-dir {work}/s --sysctl-dir {work}/c >/dev/null; echo "rollback $?"
[ "$before" = "$({snapshot})" ] && echo same
"""
SNAPSHOT = "cat /proc/sys/net/*/* /proc/sys/net/ipv4/conf/*/* 2>/dev/null | od -c; ip -o link show"


def in_namespace(script: str, work: Path, *flags: str) -> list[str]:
    filled = script.format(zenlink=shlex.join(ZENLINK), work=work, snapshot=SNAPSHOT)
    done = subprocess.run(
        ["unshare", "-n", *flags, "bash", "-c", filled], capture_output=True, text=True, check=False
    )
    print(done.stderr)
    return done.stdout.splitlines()


@needs_namespace
def test_the_whole_round_in_a_network_namespace_of_its_own(tmp_path):
    lines = in_namespace(IN_NAMESPACE, tmp_path)
    assert lines == ["check 1", "apply 0", "3", "nothing to change", "rollback 0", "same"]
    applied = json.loads((tmp_path / "apply.json").read_text())
    assert "net.core.rmem_max" in applied["host_only"]
    assert "net.ipv4.ipfrag_time" in {change["target"] for change in applied["changes"]}


READ_ONLY = """
mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys || exit 9
before=$({snapshot})
{zenlink} tune apply --state-dir {work}/s --sysctl-dir {work}/c 2> {work}/error; echo "apply $?"
[ "$before" = "$({snapshot})" ] && echo same
{zenlink} tune plan --print docker --sysctl-dir {work}/c
"""


@needs_namespace
def test_in_a_container_as_docker_starts_it_nothing_changes_and_the_lines_for_the_host_are_told(tmp_path):
    """Its /proc/sys is read-only, and its network namespace hides what belongs to the host."""
    lines = in_namespace(READ_ONLY, tmp_path, "-m")
    if not lines:
        pytest.skip("no mount namespace can be made here")
    assert lines[:2] == ["apply 3", "same"]
    assert any(line.startswith("  --sysctl net.ipv4.tcp_notsent_lowat='131072'") for line in lines)
    assert any(line.startswith("sysctl -w net.core.rmem_max=") for line in lines)
    error = (tmp_path / "error").read_text()
    assert "net.ipv4.ipfrag_time" in error
    assert "read-only file system" in error
    assert not (tmp_path / "c").exists()
    assert not (tmp_path / "s").exists()


@needs_namespace
def test_measuring_prints_loss_and_latency_before_and_after(places, state, capsys):
    measure = ["--message", "70kB", "--measure", "--count", "3", "--reader-pause", "5ms"]
    assert main(["tune", "plan", *places, *measure]) == 0
    text = capsys.readouterr().out
    assert "3 messages of 68.4 KiB at 10 Hz, over loopback, reader kept away 5 ms at each" in text
    for word in ("before: UDP", "planned: UDP", "planned: TCP", "lost", "p99", "this host was not changed"):
        assert word in text
