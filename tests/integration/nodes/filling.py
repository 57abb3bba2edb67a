"""Messages with something in every field: deterministic, of any type, nested ones included."""

from __future__ import annotations

import importlib
import random
import struct
from typing import Any

from rosidl_parser import definition as idl

_BITS = {f"{sign}int{bits}": bits for sign in ("", "u") for bits in (8, 16, 32, 64)}
_LETTERS = "abc XYZ-09 äßπ 車"
_MAX_ITEMS = 4
_MAX_LETTERS = 12


def filled(message_class: type, seed: int) -> Any:
    """A message of the class; another seed gives other values."""
    return _message(message_class, random.Random(f"{message_class.__name__} {seed}"))


def _message(message_class: Any, dice: random.Random) -> Any:
    message = message_class()
    names = message_class.get_fields_and_field_types()
    for name, slot_type in zip(names, message_class.SLOT_TYPES, strict=True):
        setattr(message, name, _value(slot_type, dice))
    return message


def _value(slot_type: Any, dice: random.Random) -> Any:
    if isinstance(slot_type, idl.Array):
        return [_value(slot_type.value_type, dice) for _ in range(slot_type.size)]
    if isinstance(slot_type, idl.AbstractSequence):
        limit = slot_type.maximum_size if isinstance(slot_type, idl.BoundedSequence) else _MAX_ITEMS
        return [_value(slot_type.value_type, dice) for _ in range(dice.randint(1, min(limit, _MAX_ITEMS)))]
    if isinstance(slot_type, idl.AbstractGenericString):
        limit = slot_type.maximum_size if slot_type.has_maximum_size() else _MAX_LETTERS
        return "".join(dice.choices(_LETTERS, k=dice.randint(1, min(limit, _MAX_LETTERS) // 3)))
    if isinstance(slot_type, idl.NamespacedType):
        module = importlib.import_module(".".join(slot_type.namespaces))
        return _message(getattr(module, slot_type.name), dice)
    return _number(slot_type.typename, dice)


def _number(typename: str, dice: random.Random) -> Any:
    if bits := _BITS.get(typename):
        low = 0 if typename.startswith("u") else -(1 << (bits - 1))
        return low + dice.getrandbits(bits)
    match typename:
        case "boolean":
            return dice.random() < 0.5
        case "octet":
            return bytes([dice.getrandbits(8)])
        case "float":
            return struct.unpack("f", struct.pack("f", dice.uniform(-1e6, 1e6)))[0]
        case "double":
            return dice.uniform(-1e9, 1e9)
        case _:
            raise TypeError(f"no value for {typename}")
