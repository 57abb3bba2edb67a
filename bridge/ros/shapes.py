"""From the generated Python class of a message to its shape on the wire (:mod:`bridge.core.cdrshape`)."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from bridge.core.cdrshape import Array, List, Primitive, Shape, Struct, Text

_SIZES = {
    "boolean": 1,
    "octet": 1,
    "char": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "int64": 8,
    "uint64": 8,
    "float": 4,
    "double": 8,
}
"""Bytes of a basic type. ROS has no ``wchar`` and no ``long double`` that any RMW carries."""
_WIDE_UNIT_BYTES = 4
"""Fast CDR writes each unit of a wide string as 4 bytes."""


def shape_of(message: Any) -> Shape:
    """The shape of a message class of ``rosidl_generator_py``.

    Raises:
        TypeError: a kind of type that no ROS message has.
    """
    return Struct(tuple(_shape(slot, message) for slot in message.SLOT_TYPES))


def _shape(slot: Any, owner: Any) -> Shape:
    from rosidl_parser.definition import (  # noqa: PLC0415 - without ROS nobody comes here
        AbstractSequence,
        AbstractString,
        AbstractWString,
        BasicType,
        NamespacedType,
    )
    from rosidl_parser.definition import Array as ArrayType  # noqa: PLC0415

    if isinstance(slot, BasicType) and slot.typename in _SIZES:
        return Primitive(_SIZES[slot.typename])
    if isinstance(slot, AbstractString):
        return Text()
    if isinstance(slot, AbstractWString):
        return Text(_WIDE_UNIT_BYTES)
    if isinstance(slot, ArrayType):
        return Array(_shape(slot.value_type, owner), slot.size)
    if isinstance(slot, AbstractSequence):
        return List(_shape(slot.value_type, owner))
    if isinstance(slot, NamespacedType):
        return shape_of(message_class(slot, owner))
    raise TypeError(f"{owner.__name__}: no shape for {slot!r}")


def message_class(slot: Any, owner: Any) -> Any:
    """The class of a member; parts of an action live beside the class that holds them."""
    beside = getattr(sys.modules[owner.__module__], slot.name, None)
    return beside or getattr(importlib.import_module(".".join(slot.namespaces)), slot.name)
