"""Containers of the host, as its Docker engine tells them.

Source: Docker Engine API 1.41, ContainerStats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from bridge.errors import CannotRun

MAX_CONTAINERS = 200
"""A bound for labels; each costs a request to the engine."""
_TIMEOUT_S = 5
_NS_PER_S = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerReading:
    """One container, now; None is what the engine does not tell."""

    name: str
    cpu_s: float | None = None
    """Processor time since its start, of all cores together; the ``rate()`` of it is in cores."""
    memory_bytes: int | None = None
    """The working set: what is used without the page cache that the kernel could take back at once."""
    memory_limit_bytes: int | None = None
    """The host's memory where it has no limit."""
    received_bytes: Mapping[str, int] = field(default_factory=dict)
    """By interface; empty with the host's network, where they are the host's."""
    sent_bytes: Mapping[str, int] = field(default_factory=dict)


def reading(name: str, stats: Mapping[str, Any]) -> ContainerReading:
    """What one answer of the engine says; what it lacks (a container that is just stopping) is None."""
    memory = stats.get("memory_stats") or {}
    cache = memory.get("stats") or {}
    inactive = cache.get("total_inactive_file", cache.get("inactive_file", 0))  # cgroup v1, v2
    usage = memory.get("usage")
    total_ns = (stats.get("cpu_stats") or {}).get("cpu_usage", {}).get("total_usage")
    networks = stats.get("networks") or {}
    return ContainerReading(
        name=name,
        cpu_s=None if usage is None or total_ns is None else total_ns / _NS_PER_S,
        memory_bytes=None if usage is None else max(usage - inactive, 0),
        memory_limit_bytes=memory.get("limit"),
        received_bytes={interface: one["rx_bytes"] for interface, one in networks.items()},
        sent_bytes={interface: one["tx_bytes"] for interface, one in networks.items()},
    )


def container_metrics(readings: Iterable[ContainerReading]) -> list[Metric]:
    """One series for each container, of its network one for each interface."""
    cpu = CounterMetricFamily("zenlink_container_cpu_seconds", "Of all cores.", labels=["container"])
    memory = GaugeMetricFamily(
        "zenlink_container_memory_working_set_bytes", "Used, without idle cache.", labels=["container"]
    )
    limit = GaugeMetricFamily("zenlink_container_memory_limit_bytes", "At most.", labels=["container"])
    labels = ["container", "interface"]
    received = CounterMetricFamily("zenlink_container_network_receive_bytes", "Received.", labels=labels)
    sent = CounterMetricFamily("zenlink_container_network_transmit_bytes", "Sent.", labels=labels)
    for one in readings:
        for family, value in ((cpu, one.cpu_s), (memory, one.memory_bytes), (limit, one.memory_limit_bytes)):
            if value is not None:
                family.add_metric([one.name], value)
        for counter, octets in ((received, one.received_bytes), (sent, one.sent_bytes)):
            for interface, count in octets.items():
                counter.add_metric([one.name, interface], count)
    return [cpu, memory, limit, received, sent]


class DockerReader:
    """Reads all running containers. The engine is where ``DOCKER_HOST`` says, or on this host."""

    name = "containers"

    def __init__(self) -> None:
        self._client: Any = None

    def read(self) -> Sequence[Metric]:
        """See `Reader`."""
        docker = _load()
        try:
            if self._client is None:
                self._client = docker.APIClient(
                    **docker.utils.kwargs_from_env(), version="auto", timeout=_TIMEOUT_S
                )
            listed = self._client.containers(limit=MAX_CONTAINERS, filters={"status": "running"})
            return container_metrics(found for one in listed if (found := self._one(docker, one)))
        except (docker.errors.DockerException, OSError) as error:
            self.close()
            raise CannotRun(
                f"the Docker engine does not answer: {error}",
                remedy="is it running, and may this user read its socket? Or set metrics.containers: false",
            ) from error

    def _one(self, docker: Any, listed: Mapping[str, Any]) -> ContainerReading | None:
        name = (listed["Names"] or [listed["Id"][:12]])[0].lstrip("/")
        try:
            # One shot: without it the engine waits for a second reading, a second later.
            return reading(name, self._client.stats(listed["Id"], stream=False, one_shot=True))
        except docker.errors.NotFound:  # gone since it was listed
            return None

    def close(self) -> None:
        """See `Reader`."""
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _load() -> Any:
    try:
        import docker
    except ImportError as error:
        raise CannotRun(
            "the package docker is missing",
            remedy="pip install 'zenlink[containers]', or set metrics.containers: false",
        ) from error
    return docker
