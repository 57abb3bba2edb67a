"""What CI asks of pytest: what fails is run again, within its limit each time, and its failure is shown."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CASES = """
import itertools
import threading
import warnings

import pytest

runs = itertools.count(1)


@pytest.fixture(scope="module")
def shared():
    yield next(runs)
    print("the shared fixture ends")


@pytest.mark.timeout(5)
def test_stalls(shared):
    run = next(runs)
    assert run != 2, "the machine stalls"
    if run == 3:
        threading.Event().wait(100)


def test_is_broken(shared):
    assert shared == 2, "a fault stays"


def test_thread_dies_once(shared):
    if next(runs) == 5:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()


def test_passes(shared):
    assert shared == 1
"""


def test_ci_runs_a_failed_test_again_within_its_limit_and_shows_each_failure(tmp_path: Path) -> None:
    [asked] = re.findall(r'^make check ARGS="(.*)"$', (ROOT / ".ci/run").read_text(), re.MULTILINE)
    file = tmp_path / "test_cases.py"
    file.write_text(CASES)
    ours = ["-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *ours, *shlex.split(asked), str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout
    assert "1 failed, 3 passed, 5 rerun" in ran.stdout
    _, _, summary = ran.stdout.partition("rerun test summary info")
    for line, times in {
        "AssertionError: the machine stalls": 1,
        "Failed: Timeout": 1,
        "AssertionError: a fault stays": 2,
        "ZeroDivisionError": 1,
    }.items():
        assert summary.count(line) >= times, ran.stdout
    assert [line.split()[0] for line in summary.splitlines() if line.endswith("::test_stalls")] == [
        "RERUN",
        "RERUN",
        "PASSED",
    ]
