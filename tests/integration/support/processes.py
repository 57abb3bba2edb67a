"""One child process: started with a log, stopped within a deadline by its pid, its death never unnoticed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bridge.demo.places import child_environment

ROOT = Path(__file__).parents[3]
"""Of the repository: children run there, so that they find ``tests``."""
STOP_S = 20.0
"""A process on a busy machine has this long to end when asked."""
_KILL_S = 10.0
OTHER_ENVIRONMENT = ("LD_LIBRARY_PATH", "_ROS_WHEELS_BOOTSTRAP_COMPLETE", "PYTHONPATH", "PYTHONHOME")
"""Set by the ROS wheels for this interpreter alone (CONTRIBUTING.md)."""
_LAST_LINES = 30
_LEASH = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
"""The kernel ends the child with the thread that started it: nothing outlives a test run that was killed."""


class Died(Exception):
    """A process ended before its time; not an assertion, so that waiting ends at once."""


class Process:
    """A child process and its log."""

    def __init__(
        self, name: str, command: Sequence[str], *, domain: int, env: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        environment = child_environment(os.environ, domain_id=domain, scratch=str(folder))
        for variable in (
            *OTHER_ENVIRONMENT,
            "FASTDDS_BUILTIN_TRANSPORTS",
        ):  # the last: Fast DDS as users have it
            environment.pop(variable, None)
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                [*_LEASH, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment | env,
                cwd=ROOT,
                start_new_session=True,
            )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self.stdin, self.stdout = self._popen.stdin, self._popen.stdout

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._popen.poll()

    def check(self) -> None:
        """Raise `Died` when it is gone."""
        if self.exit_code is not None:
            raise Died(f"{self.name} ended with exit code {self.exit_code}; its log:\n{self.last_lines()}")

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        self._popen.send_signal(number)

    def wait(self) -> int:
        """The exit code; killed when it takes longer than `STOP_S`."""
        try:
            return self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait(_KILL_S)
            raise Died(
                f"{self.name} did not end within {STOP_S:g} s when asked; its log:\n{self.last_lines()}"
            ) from None

    def close(self) -> None:
        """Kill what still runs and close the pipes; idempotent."""
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait(_KILL_S)
        for stream in (self.stdin, self.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def last_lines(self) -> str:
        """The end of its log."""
        with self.log.open(errors="replace") as log:
            return "".join(deque(log, maxlen=_LAST_LINES))


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A short path (a Unix socket's has 107 bytes), removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="zl-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def log_shown_on_failure(process: Process) -> Iterator[None]:
    """Print the end of the log where the test fails; pytest shows it with the failure."""
    try:
        yield
    except BaseException:
        print(
            f"--- {process.name} (pid {process.pid}, exit code {process.exit_code})\n{process.last_lines()}",
            file=sys.stderr,
        )
        raise
