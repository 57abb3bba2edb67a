"""Cyclone's QoS as Python's, without what the library loses on the way.

Its reader never frees the copies of USER_DATA, TOPIC_DATA, GROUP_DATA and PARTITION that Cyclone makes for
it. Each endpoint that comes and goes would leave some behind, and each client of a service has its USER_DATA.
"""

from __future__ import annotations

import ctypes as ct
import threading
from collections.abc import Callable
from typing import Any

from cyclonedds.core import Qos as CycloneQos
from cyclonedds.internal import dds_c_t
from cyclonedds.qos import _CQos

from bridge.dds import clib

_buffers = threading.Lock()
"""The library reads each policy into buffers that all threads share."""


class _Reader(_CQos):
    """The library's, and what it was given is given back."""

    @classmethod
    def _get_p_userdata(cls, qos: Any) -> Any:
        return cls._read_data(super()._get_p_userdata, qos)

    @classmethod
    def _get_p_topicdata(cls, qos: Any) -> Any:
        return cls._read_data(super()._get_p_topicdata, qos)

    @classmethod
    def _get_p_groupdata(cls, qos: Any) -> Any:
        return cls._read_data(super()._get_p_groupdata, qos)

    @classmethod
    def _read_data(cls, read: Any, qos: Any) -> Any:
        found = read(qos)
        clib.free(cls._gc_data_value)
        cls._gc_data_value.value = None
        return found

    @classmethod
    def _get_p_partition(cls, qos: Any) -> Any:
        found = super()._get_p_partition(qos)  # type: ignore[no-untyped-call]
        # Not by ct.cast, which would keep all that it ever made of the long-lived pointer.
        names = ct.c_void_p.from_buffer(cls._gc_partition_names)
        if names.value is not None:
            for name in (ct.c_void_p * cls._gc_partition_num.value).from_address(names.value):
                clib.free(name)
            clib.free(names)
        cls._gc_partition_num.value, names.value = 0, None
        return found


def read_qos(pointer: int) -> CycloneQos:
    """All policies of a ``dds_qos_t``, which stays the caller's. Thread: any."""
    with _buffers:
        read: Callable[[Any], CycloneQos] = _Reader.cqos_to_qos
        return read(ct.cast(pointer, dds_c_t.qos_p))
