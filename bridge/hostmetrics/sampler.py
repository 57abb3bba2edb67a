"""Reads what the host tells at its own pace, so that a scrape never waits for a driver or a daemon."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge.errors import CannotRun

log = logging.getLogger(__name__)

PERIOD_S = 5.0
_CLOSE_S = 6.0
"""One reading of a daemon that does not answer, and a little."""


class Reader(Protocol):
    """One source of figures. Thread: one at a time."""

    @property
    def name(self) -> str:
        """As the metric ``zenlink_host_collector_up`` has it."""

    def read(self) -> Sequence[Metric]:
        """The figures of now; blocks for seconds at most.

        Raises:
            CannotRun: there are none; with what to do.
        """

    def close(self) -> None:
        """Let go of driver or daemon; idempotent."""


class HostSampler(Collector):
    """Reads every :data:`PERIOD_S` on a thread of its own (``host-metrics``), and shows the newest reading.

    A source that fails is told in the log once, shown by ``zenlink_host_collector_up``, and tried
    again; its old figures are not shown meanwhile.
    """

    def __init__(self, readers: Sequence[Reader], *, period_s: float = PERIOD_S) -> None:
        self._readers = readers
        self._period_s = period_s
        self._found: dict[str, Sequence[Metric] | None] = {}
        self._said: dict[str, str] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="host-metrics", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """End the thread and let go of the sources; idempotent."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The newest reading. Thread: any; does not block."""
        found = dict(self._found)
        up = GaugeMetricFamily(
            "zenlink_host_collector_up", "1: figures of the host can be read.", labels=["collector"]
        )
        for name, metrics in found.items():
            up.add_metric([name], float(metrics is not None))
        if found:
            yield up
        for metrics in found.values():
            yield from metrics or ()

    def _run(self) -> None:
        while not self._closing.is_set():
            for reader in self._readers:
                self._found |= {reader.name: self._read(reader)}
            self._closing.wait(self._period_s)
        for reader in self._readers:
            reader.close()

    def _read(self, reader: Reader) -> Sequence[Metric] | None:
        try:
            found = reader.read()
        except CannotRun as error:
            self._tell(reader.name, str(error))
            return None
        except Exception as error:  # noqa: BLE001 - a driver or daemon may answer anything
            self._tell(reader.name, f"{type(error).__name__}: {error}", error)
            return None
        self._said.pop(reader.name, None)
        return found

    def _tell(self, name: str, problem: str, unforeseen: Exception | None = None) -> None:
        if self._said.get(name) != problem:
            log.warning("no metrics of %s: %s", name, problem, exc_info=unforeseen)  # so counted as a fault
        self._said[name] = problem
