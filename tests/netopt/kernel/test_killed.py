"""Killed with SIGKILL at every single point of apply and of rollback: every byte comes back."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.netopt.kernel.conftest import needs_namespace

PROGRAM = [sys.executable, "-m", "tests.netopt.kernel.kill_points"]


def run(*command: str) -> dict:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    print(f"killed at {report['points_apply']} points of apply, {report['points_rollback']} of rollback")
    return report


def test_every_point_on_a_copied_tree(proc_sys, tmp_path):
    report = run(*PROGRAM, str(proc_sys), str(tmp_path))
    assert report["second_apply"] == []
    assert len(report["changes"]) >= 14
    assert min(report["points_apply"], report["points_rollback"]) > 2 * len(report["changes"])


@needs_namespace
def test_every_point_in_a_network_namespace_of_its_own(tmp_path):
    report = run("unshare", "-n", *PROGRAM, "/proc/sys", str(tmp_path))
    assert report["second_apply"] == []
    assert "lo multicast" in report["changes"]
    assert "net.ipv4.tcp_notsent_lowat" in report["changes"]
    assert min(report["points_apply"], report["points_rollback"]) > 2 * len(report["changes"])
