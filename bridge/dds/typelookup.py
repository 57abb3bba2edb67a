"""Keeps Cyclone DDS from learning the types that others tell each other.

Every participant hears the type objects with which others answer each other's questions. Cyclone DDS 11
finds those of Fast DDS faulty wherever a sequence or an array is in them, marks the type as invalid, and from
then on drops without a word each endpoint that announces the type: a topic's, or the writer with which a node
tells its name and endpoints. We match by type name alone (:mod:`bridge.dds.rawtopic`) and need none of the
answers, so they are dropped where they would be unpacked: in the table of operations of the built-in type
that carries them. There is no setting for it.
"""

from __future__ import annotations

import ctypes as ct
import logging
import os
from functools import cache
from pathlib import Path

from cyclonedds.domain import DomainParticipant

from bridge.dds.rawtopic import create_topic, sertype_of
from bridge.errors import DdsError

log = logging.getLogger(__name__)

_ANSWER = "DDS::Builtin::TypeLookup_Reply"
_POINTER_BYTES = ct.sizeof(ct.c_void_p)
_TABLE_OFFSET, _NAME_OFFSET, _DOMAIN_OFFSET = _POINTER_BYTES, 4 * _POINTER_BYTES, 5 * _POINTER_BYTES
"""Of ``serdata_ops``, ``type_name`` and ``gv`` in ``struct ddsi_sertype`` (Cyclone 11)."""
_DOMAIN_BYTES = 1 << 14
"""``struct ddsi_domaingv`` refers to the type in its first 5 KiB."""
_OPS_WORDS = 17
"""Pointers in ``struct ddsi_serdata_ops`` (Cyclone 11)."""
_UNPACK_SLOT = 9
"""``to_sample``; answers whether it could be unpacked."""
_MEMORY = Path("/proc/self/mem")
"""Reading there what is no memory fails; reading it in any other way crashes."""


def learn_no_types(participant: DomainParticipant, *, carrier: str = _ANSWER) -> None:
    """Stop it for the domain of this participant, which this process joined just now.

    Where Cyclone DDS is laid out in another way it stays as it is, with a warning.

    Args:
        participant: one of that domain.
        carrier: name of the built-in type that carries the answers.

    Thread: any.
    """
    topic = create_topic(
        participant, dds_topic="zenlink_type_lookup", dds_type="zenlink::dds_::TypeLookup_", keyed=False
    )
    try:
        answers = _answers(sertype_of(topic), carrier.encode() + b"\0")
    except (OSError, DdsError) as error:
        log.warning(
            "Cyclone DDS keeps learning the types of others, so single endpoints of nodes on Fast DDS may be "
            "missed: %s; install cyclonedds >= 11.0.1, < 12",
            error,
        )
        return
    table = ct.c_void_p.from_address(answers + _TABLE_OFFSET)
    table.value = ct.addressof(_deaf_copy(table.value))


def _answers(sertype: int, carrier: bytes) -> int:
    """Address of the type of that name, in the domain of the given type.

    Raises:
        OSError: our own memory cannot be read.
        DdsError: there is none.
    """
    with _MEMORY.open("rb", buffering=0) as memory:

        def word(address: int) -> int:
            return int.from_bytes(os.pread(memory.fileno(), _POINTER_BYTES, address), "little")

        domain = word(sertype + _DOMAIN_OFFSET)
        for place in range(domain, domain + _DOMAIN_BYTES, _POINTER_BYTES):
            try:
                found = word(place)
                name = os.pread(memory.fileno(), len(carrier), word(found + _NAME_OFFSET))
                if name == carrier and word(found + _DOMAIN_OFFSET) == domain:
                    return found
            except (OSError, OverflowError):
                continue  # not an address
    raise DdsError(f"it has no type {carrier[:-1].decode()}")


@cache
def _deaf_copy(original: int) -> ct.Array[ct.c_void_p]:
    """A copy of a table of operations that unpacks nothing; kept alive by the cache."""
    table_type = ct.c_void_p * _OPS_WORDS
    copy = table_type(*table_type.from_address(original))
    copy[_UNPACK_SLOT] = ct.cast(_NO, ct.c_void_p).value
    return copy


_NO = ct.CDLL(None).pthread_condattr_destroy
"""Answers 0 (false) and looks at nothing: on a thread of Cyclone's, where Python has no business."""
