"""Policies are read whole, as often as wanted, and cost nothing in the end."""

from __future__ import annotations

import ctypes as ct
import sys
from collections.abc import Iterator

import psutil
import pytest
from cyclonedds.core import Policy, Qos
from cyclonedds.qos import _CQos

from bridge.dds.qosreading import read_qos

BIG = 1 << 14
RICH = Qos(
    Policy.Userdata(b"u" * BIG),
    Policy.Topicdata(b"t" * BIG),
    Policy.Groupdata(b"g" * BIG),
    Policy.Partition(["a" * BIG, "b"]),
    Policy.Durability.TransientLocal,
)


@pytest.fixture
def pointer() -> Iterator[int]:
    made = _CQos.qos_to_cqos(RICH)
    yield ct.cast(made, ct.c_void_p).value or 0
    _CQos.cqos_destroy(made)


@pytest.fixture
def bare() -> Iterator[int]:
    made = _CQos.qos_to_cqos(Qos())
    yield ct.cast(made, ct.c_void_p).value or 0
    _CQos.cqos_destroy(made)


def test_what_is_read_is_what_was_set_and_of_this_one_alone(pointer: int, bare: int) -> None:
    for _ in range(3):
        found = read_qos(pointer)
        for policy in RICH:
            assert found[type(policy)] == policy
        empty = read_qos(bare)
        assert not {Policy.Userdata, Policy.Topicdata, Policy.Groupdata, Policy.Partition} & set(
            map(type, empty)
        )


def test_nothing_is_left_behind(pointer: int) -> None:
    read_qos(pointer)
    process = psutil.Process()
    before, blocks = process.memory_info().rss, sys.getallocatedblocks()
    for _ in range(1000):
        read_qos(pointer)
    assert process.memory_info().rss - before < 10 << 20  # its copies are 64 MiB
    assert sys.getallocatedblocks() - blocks < 500
