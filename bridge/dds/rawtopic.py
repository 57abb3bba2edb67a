"""Typeless topics: readers and writers of serialized samples, for any ROS type, without its IDL.

cyclonedds-python insists on an IDL type and publishes its XTypes information; a Fast DDS endpoint with
other type information then never matches. So each topic gets a dummy type of the right name, and while
endpoints are created the sertype's operations table is swapped for a copy that has no type
information, so that matching is by type name alone (tried with cyclonedds 11.0.1; source: project
wire specification, appendix B).

Three traps. Two end in endless memory growth: one Python class per type name and keyedness, for the
life of the process; and the table pointer is put back after each creation. The third ends in a crash: a topic
that is created while the table of its type is swapped does not find that type, so it registers another, equal
to the first one afterwards; Cyclone then forgets the wrong one, and later reads the other where it was.
"""

from __future__ import annotations

import ctypes as ct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from cyclonedds.core import DDSException
from cyclonedds.domain import DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.idl import annotations as idl
from cyclonedds.idl.types import uint8, uint32
from cyclonedds.topic import Topic

from bridge.dds import clib
from bridge.errors import DdsError

_OPS_WORDS = 14
"""Pointers in ``struct ddsi_sertype_ops`` (Cyclone 0.10 to 11)."""
_VERSION_SLOT = 0
"""Holds ``ddsi_sertype_v0``; anything else is a layout we do not know."""
_TYPE_SLOTS = (8, 9, 10)
"""``type_id``, ``type_map``, ``type_info``."""

_swap_lock = threading.Lock()
"""Sertypes are shared by all topics of a type: one swap at a time in the process, no new topic meanwhile."""


@cache
def _dummy_type(dds_type: str, keyed: bool) -> type[IdlStruct]:  # noqa: FBT001 - cache key
    """The one class for a type name; cached for ever, see the module docstring."""
    if keyed:

        @dataclass
        class Keyed(IdlStruct, typename=dds_type):
            # Four bytes: with a one-byte dummy key, keys 0, 256 and 512 fell into one instance.
            key: uint32
            idl.key("key")

        return Keyed

    @dataclass
    class Keyless(IdlStruct, typename=dds_type):
        octet: uint8

    return Keyless


def create_topic(
    participant: DomainParticipant, *, dds_topic: str, dds_type: str, keyed: bool
) -> Topic[IdlStruct]:
    """A topic of that name and type name whose samples are opaque bytes.

    Raises:
        DdsError: Cyclone refuses, e.g. because the name is not a valid topic name.

    Thread: any, but not within :func:`typeless`.
    """
    try:
        with _swap_lock:
            return Topic(participant, dds_topic, _dummy_type(dds_type, keyed))
    except DDSException as error:
        raise DdsError(f"cannot create topic {dds_topic} of type {dds_type}: {error}") from error


@contextmanager
def typeless(topic: Topic[IdlStruct]) -> Iterator[None]:
    """Within this context, endpoints created on ``topic`` carry no type information.

    Raises:
        DdsError: the installed cyclonedds lays its tables out in a way this module does not know.

    Thread: any; one at a time in the process.
    """
    with _swap_lock:
        sertype = sertype_of(topic)
        slot = ct.c_void_p.from_address(sertype)
        original = slot.value
        copy = _stripped_copy(original)
        slot.value = ct.addressof(copy)
        try:
            yield
        finally:
            slot.value = original


def sertype_of(topic: Topic[IdlStruct]) -> int:
    """Address of Cyclone's ``struct ddsi_sertype`` of a topic; of all its topics of that type name.

    Raises:
        DdsError: the topic is gone.
    """
    pointer = ct.c_void_p()
    code = clib.get_entity_sertype(topic._ref, ct.byref(pointer))
    if code != 0 or not pointer.value:
        raise DdsError(f"dds_get_entity_sertype failed with {code}")
    return pointer.value


@cache
def _stripped_copy(original: int) -> ct.Array[ct.c_void_p]:
    """A copy of an operations table without type information; kept alive by the cache.

    Cyclone has one static table per kind of sertype, so the cache holds one or two entries.
    """
    table_type = ct.c_void_p * _OPS_WORDS
    table = table_type.from_address(original)
    if table[_VERSION_SLOT] != clib.SERTYPE_V0 or not all(table[slot] for slot in _TYPE_SLOTS):
        raise DdsError(
            "this cyclonedds lays out its type table in an unknown way, so no ROS type could be matched; "
            "install cyclonedds >= 11.0.1, < 12"
        )
    copy = table_type(*table)
    for type_slot in _TYPE_SLOTS:
        copy[type_slot] = None
    return copy


def check_layout(participant: DomainParticipant) -> None:
    """Fail now, and clearly, when the installed cyclonedds is not one we know.

    Raises:
        DdsError: as :func:`typeless`.
    """
    topic = create_topic(
        participant, dds_topic="zenlink_layout_check", dds_type="zenlink::dds_::LayoutCheck_", keyed=False
    )
    with typeless(topic):
        pass
