"""The few functions of Cyclone's C library that cyclonedds-python does not offer, with their types.

A handle of our own on the library that cyclonedds has loaded: on the shared one cyclonedds declares
argument types that do not fit (``dds_waitset_attach``). Calls through it release the GIL.
"""

from __future__ import annotations

import ctypes as ct
from typing import Any

from cyclonedds.internal import DDS

_library = ct.CDLL(DDS._dll_handle._name)

Entity = ct.c_int32
"""``dds_entity_t``; negative values are error codes."""
Duration = ct.c_int64
"""``dds_duration_t``, ns."""


def _declare(name: str, result: Any, *arguments: Any) -> ct._NamedFuncPointer:
    function: ct._NamedFuncPointer = getattr(_library, name)
    function.restype = result
    function.argtypes = arguments
    return function


create_waitset = _declare("dds_create_waitset", Entity, Entity)
waitset_attach = _declare("dds_waitset_attach", ct.c_int32, Entity, Entity, ct.c_ssize_t)
waitset_detach = _declare("dds_waitset_detach", ct.c_int32, Entity, Entity)
waitset_wait = _declare(
    "dds_waitset_wait", ct.c_int32, Entity, ct.POINTER(ct.c_ssize_t), ct.c_size_t, Duration
)
delete = _declare("dds_delete", ct.c_int32, Entity)
wait_for_acks = _declare("dds_wait_for_acks", ct.c_int32, Entity, Duration)
qset_writer_batching = _declare("dds_qset_writer_batching", ct.c_void_p, ct.c_void_p, ct.c_bool)
"""Whether a writer with that QoS collects samples until they are flushed."""
write_flush = _declare("dds_write_flush", ct.c_int32, Entity)
get_entity_sertype = _declare("dds_get_entity_sertype", ct.c_int32, Entity, ct.POINTER(ct.c_void_p))
qget_userdata = _declare(
    "dds_qget_userdata",
    ct.c_bool,
    ct.c_void_p,
    ct.POINTER(ct.c_void_p),
    ct.POINTER(ct.c_size_t),
)
free = _declare("dds_free", ct.c_void_p, ct.c_void_p)
"""Returns nothing, which ctypes calls with any type."""

SERTYPE_V0 = ct.cast(_library.ddsi_sertype_v0, ct.c_void_p).value
"""Address that stands first in an operations table of the layout we know."""
