"""Run as a program: applies and undoes a plan, killed at every point in turn, and compares every byte.

``python -m tests.netopt.kernel.kill_points ROOT WORK``: ROOT is a tree of sysctls (/proc/sys in a network
namespace of its own, or a copy), WORK a folder. Prints one JSON object. Each try is a child that kills itself
with SIGKILL right before its n-th step, where a step is a call of a port that writes (before and after), or a
system call that makes, renames, removes or cuts a file (Python's audit events): between two of them nothing
on the disk or in the kernel changes. Tries go on until a child comes to its end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from netopt.core.plan import make_plan, observed_targets
from netopt.core.profile import demand_of, profile_named
from netopt.kernel.host import KernelHost, place_of
from netopt.kernel.journal import FileJournal
from netopt.kernel.knobs import KernelKnobs
from netopt.kernel.links import Links
from netopt.kernel.sysctl import PROC_SYS
from netopt.tuning import Tuner

FILE_EVENTS = {"os.rename", "os.remove", "os.truncate", "os.mkdir"}
WRITING = {"write", "save", "retire"}
MAX_POINTS = 2000


class Doom:
    """Counts steps and ends the process before the n-th."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def audit(self, event: str, args: tuple) -> None:
        if event in FILE_EVENTS or (event == "open" and args[2] & os.O_CREAT):
            self.step()


class Doomed:
    """A port; each call that writes is a step before and a step after."""

    def __init__(self, real: object, doom: Doom) -> None:
        self._real = real
        self._doom = doom

    def __getattr__(self, name: str):
        value = getattr(self._real, name)
        if name not in WRITING:
            return value

        def call(*args, **kwargs):
            self._doom.step()
            result = value(*args, **kwargs)
            self._doom.step()
            return result

        return call


class Stage:
    """One tree with its journal and its folder of sysctl files."""

    def __init__(self, root: Path, work: Path) -> None:
        self.root = root
        self.state = work / "state"
        self.folder = work / "sysctl.d"
        self.folder.mkdir(parents=True, exist_ok=True)

    def tuner(self, doom: Doom | None = None) -> Tuner:
        knobs = KernelKnobs(self.root)
        store = FileJournal(self.state, place_of(self.root))
        return Tuner(
            knobs=Doomed(knobs, doom) if doom else knobs,
            store=Doomed(store, doom) if doom else store,
            now=lambda: "now",
            sysctl_folder=str(self.folder),
        )

    def plan(self):
        host = KernelHost(self.root, sysctl_folder=str(self.folder)).observe(observed_targets())
        profile = profile_named("robot")
        return make_plan(host, profile, demand_of(profile, rate_bit_s=10**9, rtt_s=0.1))

    def snapshot(self) -> dict[str, bytes]:
        """Every byte that a plan could touch."""
        found = {}
        for folder in (self.root / "net", self.folder):
            for path in sorted(folder.rglob("*")):
                try:
                    found[str(path)] = path.read_bytes()
                except OSError:
                    continue  # a folder, or not for reading
        if self.root == PROC_SYS:
            for one in Links().interfaces():
                found[f"link {one.name}"] = f"{one.multicast} {one.txqueuelen} {one.qdisc}".encode()
        return found


def killed(stage: Stage, steps: int, work: Callable[[Tuner], object]) -> bool:
    """Run `work` in a child that is killed before its n-th step; whether it was."""
    child = os.fork()
    if child == 0:
        doom = Doom(steps)
        tuner = stage.tuner(doom)
        sys.addaudithook(doom.audit)
        work(tuner)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    assert status == 0, f"the child ended with {status} at point {steps}"
    return False


def every_point(stage: Stage, work: Callable[[Tuner], object], before: Callable[[], object]) -> int:
    """Kill `work` at each point, undo, and compare; how many points there were."""
    original = stage.snapshot()
    for point in range(MAX_POINTS):
        before()
        was_killed = killed(stage, point, work)
        stage.tuner().rollback()
        after = stage.snapshot()
        changed = [path for path in {**original, **after} if original.get(path) != after.get(path)]
        assert not changed, f"killed at point {point}: {changed} differ after rollback"
        assert stage.tuner().rollback() is None
        if not was_killed:
            return point
    raise AssertionError("it never came to its end")


def main(root: Path, work: Path) -> None:
    """All of it."""
    stage = Stage(root, work)
    plan = stage.plan()
    changes = stage.tuner().changes(plan)
    during_apply = every_point(stage, lambda tuner: tuner.apply(plan), before=lambda: None)
    during_rollback = every_point(
        stage, lambda tuner: tuner.rollback(), before=lambda: stage.tuner().apply(plan)
    )
    stage.tuner().apply(plan)
    again = stage.tuner().changes(stage.plan())
    stage.tuner().rollback()
    shutil.rmtree(stage.state)
    print(
        json.dumps(
            {
                "changes": [str(change.target) for change in changes],
                "second_apply": [str(change.target) for change in again],
                "points_apply": during_apply,
                "points_rollback": during_rollback,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
