"""The processes of a turn: the bridges of an arm, and the nodes on either side that send and measure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from typing_extensions import Self

from bench.arms import Arm

_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What processes have used so far, all of them together. Source: proc(5)."""

    cpu_s: float
    """User and system."""
    switches: int
    """Context switches of the threads that live, voluntary and not."""

    def __sub__(self, other: Usage) -> Usage:
        return Usage(self.cpu_s - other.cpu_s, self.switches - other.switches)


@dataclass(frozen=True, slots=True)
class Size:
    """How large processes are now, all of them together."""

    rss_bytes: int
    peak_bytes: int
    """The most that was resident at a time, by process."""
    threads: int
    descriptors: int


class Running:
    """The processes of an arm between its nodes. Use as a context manager."""

    def __init__(self, arm: Arm, folder: Path) -> None:
        self._arm = arm
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for number in range(len(self._arm.commands)):
            self.start(number)
        return self

    @property
    def bridged(self) -> bool:
        """Whether there are bridges at all: a floor has none."""
        return bool(self._processes)

    def start(self, number: int) -> None:
        """Start one of the arm's commands, or start it again."""
        # The ROS wheels set both for themselves; the libraries they name are not for other programs.
        own = {"LD_LIBRARY_PATH", "_ROS_WHEELS_BOOTSTRAP_COMPLETE"}
        environment = {key: value for key, value in os.environ.items() if key not in own}
        with (self._folder / f"{self._arm.name}-{number}.log").open("ab") as log:
            process = subprocess.Popen(self._arm.commands[number], stdout=log, stderr=log, env=environment)
        self._processes[number : number + 1] = [process]

    def ended(self) -> bool:
        """Whether one of them has ended by itself."""
        return any(process.poll() is not None for process in self._processes)

    def kill(self, number: int) -> None:
        """End one without a farewell."""
        self._processes[number].kill()
        self._processes[number].wait()

    def pause(self) -> None:
        """Let them use no CPU until :meth:`resume`; links last for some seconds of that."""
        for process in self._processes:
            process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        for process in self._processes:
            process.send_signal(signal.SIGCONT)

    def usage(self) -> Usage:
        """CPU time and context switches of all processes so far."""
        cpu_s, switches = 0.0, 0
        for process in self._processes:
            times = psutil.Process(process.pid).cpu_times()
            cpu_s += times.user + times.system
            for status in Path(f"/proc/{process.pid}/task").glob("*/status"):
                facts = _status(status)
                switches += facts.get("voluntary_ctxt_switches", 0)
                switches += facts.get("nonvoluntary_ctxt_switches", 0)
        return Usage(cpu_s, switches)

    def size(self) -> Size:
        """Memory, threads and descriptors of all processes."""
        facts = [_status(Path(f"/proc/{process.pid}/status")) for process in self._processes]
        return Size(
            rss_bytes=sum(one["VmRSS"] for one in facts) << 10,
            peak_bytes=sum(one["VmHWM"] for one in facts) << 10,
            threads=sum(one["Threads"] for one in facts),
            descriptors=sum(psutil.Process(process.pid).num_fds() for process in self._processes),
        )

    def __exit__(self, *_exc: object) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            _end(process)


class Node:
    """A node process that takes orders. Use as a context manager."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.node", json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read()

    def __enter__(self) -> Self:
        return self

    def ask(self, **order: object) -> dict[str, Any]:
        """Give an order and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a bench node ended early; see its message above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __exit__(self, *_exc: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        _end(self._process)


def _end(process: subprocess.Popen[Any]) -> None:
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _status(file: Path) -> dict[str, int]:
    """The numbers of a status file; memory in KiB. Empty for a thread that has ended."""
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    words = ((key, value.split()) for key, _, value in pairs)
    return {key: int(value[0]) for key, value in words if value and value[0].isdigit()}
