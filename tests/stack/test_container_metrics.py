"""Metrics of containers, read from a real Docker engine."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator

import pytest

from bridge.errors import CannotRun
from bridge.hostmetrics.containers import DockerReader
from tests.integration.support.waiting import eventually
from tests.stack.support.engine import docker

pytestmark = pytest.mark.timeout(900)


@contextlib.contextmanager
def container(image: str, script: str, *options: str) -> Iterator[str]:
    name = f"zenlink-test-{uuid.uuid4().hex[:8]}"
    docker("run", "--detach", "--rm", "--name", name, *options, image, "sh", "-c", script)
    try:
        yield name
    finally:
        docker("rm", "--force", name)


def kernel_cpu_s(name: str) -> float:
    """Processor time of its control group, as the kernel has it."""
    files = "/sys/fs/cgroup/cpuacct/cpuacct.usage", "/sys/fs/cgroup/cpu.stat"
    [text] = [found for file in files if (found := docker("exec", name, "sh", "-c", f"cat {file} || true"))]
    return int(text) / 1e9 if text.strip().isdigit() else int(text.split()[1]) / 1e6


def figures(reader: DockerReader, name: str) -> dict[str, float]:
    """By name of the metric, and interface."""
    return {
        sample.name.removeprefix("zenlink_container_") + sample.labels.get("interface", ""): sample.value
        for family in reader.read()
        for sample in family.samples
        if sample.labels["container"] == name
    }


def test_a_container_has_its_processor_time_memory_and_interfaces(standin: str) -> None:
    reader = DockerReader()
    with container(standin, "while :; do :; done", "--memory", "64m") as name:
        before = eventually(
            lambda: (found := figures(reader, name)).get("cpu_seconds_total", 0) > 1 and found
        )
        between = kernel_cpu_s(name)
        found = figures(reader, name)
        assert before["cpu_seconds_total"] <= between <= found["cpu_seconds_total"]
        assert found["memory_limit_bytes"] == 64 << 20
        assert 0 < found["memory_working_set_bytes"] < 64 << 20
        assert {"network_receive_bytes_totaleth0", "network_transmit_bytes_totaleth0"} <= found.keys()
    eventually(lambda: not figures(reader, name))
    reader.close()


def test_with_the_host_s_network_there_are_no_interfaces_of_its_own(standin: str) -> None:
    reader = DockerReader()
    with container(standin, "exec sleep 60", "--network", "host") as name:
        found = eventually(lambda: figures(reader, name))
        assert not [key for key in found if key.startswith("network")]
    reader.close()


def test_an_engine_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(CannotRun, match=r"Docker engine does not answer: .*; is it running"):
        DockerReader().read()
