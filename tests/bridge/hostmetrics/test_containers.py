"""What an answer of the Docker engine means; tests/stack reads a real one."""

from __future__ import annotations

from typing import Any

from bridge.hostmetrics.containers import ContainerReading, container_metrics, reading

V2: dict[str, Any] = {
    "cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}, "online_cpus": 2},
    "memory_stats": {"usage": 900, "limit": 2000, "stats": {"inactive_file": 300}},
    "networks": {"eth0": {"rx_bytes": 5, "tx_bytes": 7}, "eth1": {"rx_bytes": 11, "tx_bytes": 13}},
}


def test_an_answer_becomes_figures() -> None:
    assert reading("robot", V2) == ContainerReading(
        name="robot",
        cpu_s=2.5,
        memory_bytes=600,
        memory_limit_bytes=2000,
        received_bytes={"eth0": 5, "eth1": 11},
        sent_bytes={"eth0": 7, "eth1": 13},
    )


def test_cgroup_v1_has_another_name_for_idle_cache() -> None:
    memory = {"usage": 900, "limit": 2000, "stats": {"inactive_file": 0, "total_inactive_file": 100}}
    assert reading("robot", V2 | {"memory_stats": memory}).memory_bytes == 800


def test_a_container_that_is_stopping_has_no_figures() -> None:
    empty = {"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}}
    assert reading("robot", empty) == ContainerReading(name="robot")
    assert not [
        sample for family in container_metrics([reading("robot", empty)]) for sample in family.samples
    ]


def test_each_interface_is_a_series() -> None:
    received = next(one for one in container_metrics([reading("robot", V2)]) if "receive" in one.name)
    assert {sample.labels["interface"]: sample.value for sample in received.samples} == {
        "eth0": 5,
        "eth1": 11,
    }
