"""The demo's processes: started with a log, heard line by line, and always ended.

Each runs in a session of its own, so that Ctrl-C on the terminal reaches only the runner, which then
ends them in order. Whatever becomes of the runner, robot and station end when their standard input
does, and agents by their ``leash``.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bridge.demo.lines import Order, Published, Ready, Report, decode

_KILL_S = 5.0
"""What a killed process may take to be gone; more means the kernel holds it."""
_JOIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One line of one child."""

    child: Child
    line: Ready | Published | Report


Inbox = queue.SimpleQueue[Heard]


class Child:
    """One process of the demo.

    Args:
        name: for people, as in "the robot".
        arguments: the command.
        environment: all of it.
        log: file for everything it prints that is no line for us.
        inbox: where its lines go; ``None`` for a process that only logs.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        inbox: Inbox | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.killed = False
        """Whether it had to be killed, for it did not end when asked."""
        self._log_file = log.open("ab")
        self._process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.PIPE,
            stdout=self._log_file if inbox is None else subprocess.PIPE,
            stderr=self._log_file,
            env=dict(environment),
            start_new_session=True,
        )
        self._listener: threading.Thread | None = None
        if inbox is not None and self._process.stdout is not None:
            self._listener = threading.Thread(
                target=self._listen, args=(self._process.stdout, inbox), name=f"demo-{log.stem}"
            )
            self._listener.start()

    @property
    def exit_code(self) -> int | None:
        """``None`` while it runs; negative for the signal that ended it."""
        return self._process.poll()

    def _listen(self, stdout: IO[bytes], inbox: Inbox) -> None:
        for raw in stdout:
            line = decode(raw.decode(errors="replace"))
            if line is None:
                self._log_file.write(raw)
                self._log_file.flush()
            else:
                inbox.put(Heard(child=self, line=line))

    def tell(self, order: Order) -> None:
        """Give an order; nobody hears it when the child has ended."""
        stdin = self._process.stdin
        if stdin is None or stdin.closed:
            return
        with contextlib.suppress(BrokenPipeError):
            stdin.write(f"{order.value}\n".encode())
            stdin.flush()

    def end(self, *, within_s: float) -> None:
        """Ask it to end, wait, kill it if need be, and close its log; idempotent.

        A child with an inbox gets the order STOP and can still report; any other gets SIGTERM.
        """
        if self._process.poll() is None:
            if self._listener is not None:
                self.tell(Order.STOP)
            else:
                self._process.terminate()
            try:
                self._process.wait(within_s)
            except subprocess.TimeoutExpired:
                self.killed = True
                self._process.kill()
                self._process.wait(_KILL_S)
        if self._listener is not None:
            self._listener.join(_JOIN_S)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._log_file.close()

    def last_lines(self, count: int) -> tuple[str, ...]:
        """The end of its log."""
        with self.log.open(encoding="utf-8", errors="replace") as log:
            return tuple(line.rstrip() for line in deque(log, maxlen=count))
