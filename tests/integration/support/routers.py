"""A router between agents: `zenlink run` without DDS, as a process."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bridge.demo.places import free_tcp_port
from tests.integration.support.processes import Process, log_shown_on_failure, scratch_folder
from tests.integration.support.waiting import eventually

_numbers = itertools.count(1)


class Router:
    """A pure router, which can be killed and started again on its port."""

    def __init__(self, *, folder: Path, port: int, connect: Sequence[str]) -> None:
        self.port = port
        self.endpoint = f"tcp/127.0.0.1:{port}"
        self._folder = folder
        self._name = f"router-{next(_numbers)}"
        self._configuration = {
            "http": {"listen": None},
            "ros": {"enabled": False},
            "zenoh": {"listen": [self.endpoint], "connect": list(connect), "shared_memory": False},
        }
        self.answered_s = 0.0
        """When its port answered, on the monotonic clock."""
        self.process = self._spawn()

    def _spawn(self) -> Process:
        file = self._folder / "zenlink.yaml"
        file.write_text(json.dumps(self._configuration))  # JSON is YAML
        command = [
            sys.executable,
            "-m",
            "bridge",
            "run",
            "-c",
            str(file),
            "--socket",
            str(self._folder / "s"),
        ]
        process = Process(self._name, command, domain=0, env={}, folder=self._folder)
        with log_shown_on_failure(process):
            eventually(lambda: process.check() or self._answers(), poll_s=0.005)
        self.answered_s = time.monotonic()
        return process

    def _answers(self) -> bool:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def kill(self) -> None:
        """No farewell."""
        self.process.close()

    def start(self) -> None:
        """Again, after `kill`: same port, a new Zenoh id."""
        self.process.close()
        self.process = self._spawn()


@contextlib.contextmanager
def router(*, port: int | None = None, connect: Sequence[str] = ()) -> Iterator[Router]:
    """A running router.

    Args:
        port: to listen on; a free one when it does not matter.
        connect: endpoints of other routers.
    """
    with scratch_folder() as folder:
        started = Router(folder=folder, port=port or free_tcp_port(), connect=connect)
        try:
            yield started
        except BaseException:
            print(
                f"--- router (exit code {started.process.exit_code})\n{started.process.last_lines()}",
                file=sys.stderr,
            )
            raise
        finally:
            started.process.close()
