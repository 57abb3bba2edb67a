"""The agent as a child of the node: started with a layer of parameters, asked, drained, never left behind.

It runs in a session of its own, so that Ctrl-C on a terminal reaches the node alone, which then drains it: a
second signal would end it at once. Knows nothing of ROS.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bridge import control
from bridge.core.jsonform import Json
from bridge.errors import CannotRun

STOP_S = 20.0
"""Seconds in which an agent that was asked to end must have passed on what it took; it needs one or two."""
_KILL_S = 5.0
_JOIN_S = 5.0
_POLL_S = 0.1
"""How soon a child that ended, or a wish to stop, is noticed while waiting for it to be ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of the agent's log."""

    level: str
    """debug, info, warning, error or critical."""
    text: str


class AgentEnded(CannotRun):
    """The agent ended instead of coming up."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"the agent ended with exit code {exit_code}", remedy="its log above says why")
        self.exit_code = exit_code


class AgentProcess:
    """One agent, from its start to its end. Thread: main, but where it says otherwise.

    Args:
        config_file: for ``zenlink run -c``; ``None``: no file.
        parameters: the layer above it, as ``config_parameters.to_text`` writes it.
        control_socket: where the agent will answer.
        log_level: of the agent, e.g. ``info``.
        on_line: gets each line of its log. Thread: agent-log.
        on_end: called when it ended without being asked. Thread: agent-log.
    """

    def __init__(
        self,
        *,
        config_file: Path | None,
        parameters: str,
        control_socket: Path,
        log_level: str,
        on_line: Callable[[LogLine], None],
        on_end: Callable[[], None],
    ) -> None:
        self._socket = control_socket
        self._on_line = on_line
        self._on_end = on_end
        self._stopping = False
        self._folder = Path(tempfile.mkdtemp(prefix="zenlink-node-"))  # mode 0700: parameters may be secrets
        self._parameters = self._folder / "parameters.json"
        self._parameters.write_text(parameters, encoding="utf-8")
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._notify.bind(str(self._folder / "notify"))
            self._popen = subprocess.Popen(
                self._command(config_file, log_level),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=_environment(os.environ, notify=self._folder / "notify"),
                start_new_session=True,
            )
        except OSError as error:
            self._remove()
            raise CannotRun(
                f"cannot start the agent: {error}", remedy="see the limits of this user"
            ) from error
        assert self._popen.stdout is not None  # noqa: S101  # asked for above
        self._listener = threading.Thread(
            target=self._listen, args=(self._popen.stdout,), name="agent-log", daemon=True
        )
        self._listener.start()

    def _command(self, config_file: Path | None, log_level: str) -> list[str]:
        python = [sys.executable, "-m"]
        file = [] if config_file is None else ["--config", str(config_file)]
        return [
            *(*python, "bridge.leash", *python, "bridge", "run", *file),
            *("--parameters", str(self._parameters), "--log-format", "json", "--log-level", log_level),
        ]

    @property
    def exit_code(self) -> int | None:
        """``None`` while it runs; negative for the signal that ended it. Thread: any."""
        return self._popen.poll()

    def wait_until_ready(self, *, timeout_s: float, stop: threading.Event) -> bool:
        """Whether both of its sides are up; False: not in time, or ``stop`` was set.

        Raises:
            CannotRun: it ended; its log says why.
        """
        self._notify.settimeout(_POLL_S)
        for _ in range(max(1, int(timeout_s / _POLL_S))):
            if self.exit_code is not None:
                raise AgentEnded(self.exit_code)
            try:
                if self._notify.recv(4096).startswith(b"READY=1"):
                    return True
            except TimeoutError:
                if stop.is_set():
                    return False
        return False

    def replace_parameters(self, text: str) -> str:
        """Another layer, which counts from the next reload on; answers the former one."""
        before = self._parameters.read_text(encoding="utf-8")
        new = self._folder / "parameters.new"
        new.write_text(text, encoding="utf-8")
        new.replace(self._parameters)
        return before

    def ask(self, command: str, **args: Json) -> Json:
        """Its answer on the control socket.

        Raises:
            CannotRun: it does not answer.
            ConfigError: it refuses, because its configuration is faulty.
        """
        return control.call(self._socket, command, **args)

    def stop(self, *, within_s: float = STOP_S) -> int:
        """Let it pass on what it took and end; its exit code. A second call does nothing."""
        self._stopping = True
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(within_s)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait(_KILL_S)
        self._listener.join(_JOIN_S)
        self._remove()
        # Asked before it listened to signals: it had not begun, and has lost nothing.
        return 0 if self._popen.returncode == -signal.SIGTERM else self._popen.returncode

    def _remove(self) -> None:
        self._notify.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self, log: IO[bytes]) -> None:
        """Thread: agent-log."""
        with log:
            for raw in log:
                self._on_line(parsed(raw.decode(errors="replace").rstrip()))
        self._popen.wait()
        if not self._stopping:
            self._on_end()


def parsed(line: str) -> LogLine:
    """A line as ``zenlink run --log-format json`` writes it; what a C library says is news at most."""
    try:
        entry = json.loads(line)
        text = f"{entry['logger']}: {entry['message']}"
        if "exception" in entry:
            text = f"{text}\n{entry['exception']}"
        return LogLine(level=str(entry["level"]), text=text)
    except (ValueError, KeyError, TypeError):
        return LogLine(level="info", text=line)


def _environment(own: Mapping[str, str], *, notify: Path) -> dict[str, str]:
    """Of the child: ours, but for what a service manager told us."""
    kept = {name: value for name, value in own.items() if not name.startswith("WATCHDOG_")}
    return kept | {"NOTIFY_SOCKET": str(notify)}
