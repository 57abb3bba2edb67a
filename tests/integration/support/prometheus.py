"""A real Prometheus that scrapes agents, asked through its API."""

from __future__ import annotations

import contextlib
import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.demo.places import free_tcp_port
from tests.integration.support.processes import Process, log_shown_on_failure, scratch_folder
from tests.integration.support.waiting import eventually

Series = dict[tuple[tuple[str, str], ...], float]
"""Labels, sorted, the job's own left out, to the latest value."""


class Prometheus:
    """One running server."""

    def __init__(self, url: str, process: Process) -> None:
        self.url, self._process = url, process

    def answers(self) -> bool:
        self._process.check()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
            return True
        return False

    def query(self, expression: str) -> Series:
        """An instant vector."""
        self._process.check()
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{query}", timeout=10) as answer:
            found = json.load(answer)["data"]["result"]
        return {
            tuple(sorted((name, value) for name, value in one["metric"].items() if name != "job")): float(
                one["value"][1]
            )
            for one in found
        }


@contextlib.contextmanager
def prometheus(configuration: str) -> Iterator[Prometheus]:
    """Prometheus with that configuration; skips where Debian's package is missing."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("no prometheus here; `make test-packages` installs it on Debian")
    with scratch_folder() as folder:
        file = Path(folder) / "prometheus.yml"
        file.write_text(configuration)
        address = f"127.0.0.1:{free_tcp_port()}"
        command = [
            program,
            f"--config.file={file}",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={address}",
        ]
        process = Process("prometheus", command, domain=0, env={}, folder=folder)
        try:
            with log_shown_on_failure(process):
                started = Prometheus(f"http://{address}", process)
                eventually(started.answers)
                yield started
        finally:
            process.close()
