"""ROS nodes as processes of their own: a script of ``tests/integration/nodes`` that answers calls."""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.integration.support.processes import ROOT, Process, log_shown_on_failure, scratch_folder

JAZZY_PYTHON = ROOT / ".venv-jazzy" / "bin" / "python"
"""The interpreter with the other ROS distribution; made by ``make test-env``."""

_ANSWER_S = 60.0
_numbers = itertools.count(1)
_ENDED_ON_PURPOSE = (0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)
"""By itself, or by the test."""


class RosNode:
    """A process with one node or more, which does what it is told by `call`."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name=f"{process.name}-answers", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            self._answers.put(line.decode())
        self._answers.put("")

    def call(self, command: str, **args: Any) -> Any:
        """Let the script's function of that name run, and return its answer.

        Raises:
            Died: the process is gone, or did not answer in time.
            AssertionError: the function raised; with its message.
        """
        line = json.dumps({"command": command, "args": args}) + "\n"
        with contextlib.suppress(BrokenPipeError):  # the missing answer tells
            self.process.stdin.write(line.encode())
            self.process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """The next answer; the first of all comes when the script is ready."""
        try:
            line = self._answers.get(timeout=_ANSWER_S)
        except queue.Empty:
            line = ""
        if not line:
            with contextlib.suppress(Exception):
                self.process.wait()
            self.process.check()
        reply = json.loads(line)
        assert "error" not in reply, f"{self.process.name}: {reply['error']}"
        return reply["result"]

    def stop(self) -> None:
        """End of input ends the script; fails unless it ends well (a crash of the middleware does not)."""
        self.process.stdin.close()
        code = self.process.wait()
        assert code == 0, f"{self.process.name} ended with exit code {code}:\n{self.process.last_lines()}"

    def kill(self) -> None:
        """No farewell: DDS notices by lease."""
        self.process.close()


@contextlib.contextmanager
def ros_node(
    script: str,
    *,
    domain: int,
    python: str | Path = sys.executable,
    env: Mapping[str, str] | None = None,
    **args: Any,
) -> Iterator[RosNode]:
    """A running node, ready when the context begins.

    Args:
        script: module of ``tests.integration.nodes``.
        domain: DDS domain.
        python: interpreter; its environment decides the ROS distribution.
        env: more environment variables.
        args: keyword arguments of the script's main function; plain JSON values.
    """
    with _starting(script, domain=domain, python=python, env=env or {}, args=args) as node:
        node.answer()
        yield node


@contextlib.contextmanager
def ros_nodes(script: str, count: int, *, domain: int) -> Iterator[list[RosNode]]:
    """So many of a script without arguments, which start and end together."""
    with contextlib.ExitStack() as stack:
        nodes = [
            stack.enter_context(_starting(script, domain=domain, python=sys.executable, env={}, args={}))
            for _ in range(count)
        ]
        for node in nodes:
            node.answer()
        yield nodes
        for node in nodes:
            node.process.stdin.close()


@contextlib.contextmanager
def _starting(
    script: str, *, domain: int, python: str | Path, env: Mapping[str, str], args: Mapping[str, Any]
) -> Iterator[RosNode]:
    """A node whose first answer is still to come."""
    command = [str(python), "-m", f"tests.integration.nodes.{script}", json.dumps(args)]
    with scratch_folder() as folder:
        process = Process(
            f"{script}-{next(_numbers)}-domain-{domain}", command, domain=domain, env=env, folder=folder
        )
        try:
            with log_shown_on_failure(process):
                node = RosNode(process)
                yield node
                if process.exit_code is None:
                    node.stop()
                # Else a node whose middleware crashed after the last answer would go unnoticed.
                assert process.exit_code in _ENDED_ON_PURPOSE, (
                    f"{process.name} ended with exit code {process.exit_code}:\n{process.last_lines()}"
                )
        finally:
            process.close()
