"""Messages with something in every member, made from their classes."""

from __future__ import annotations

import random
from typing import Any

from rosidl_parser.definition import (
    AbstractSequence,
    AbstractString,
    AbstractWString,
    Array,
    BasicType,
)

from bridge.ros.shapes import message_class


def filled(message: Any, choice: random.Random) -> Any:
    """An instance of a message class with random content."""
    value = message()
    for name, slot in zip(message.get_fields_and_field_types(), message.SLOT_TYPES, strict=True):
        setattr(value, name, _value(slot, message, choice))
    return value


def _value(slot: Any, owner: Any, choice: random.Random) -> Any:
    if isinstance(slot, BasicType):
        return _number(slot.typename, choice)
    if isinstance(slot, AbstractString | AbstractWString):
        text = "".join(choice.choice("aé\u20ac") for _ in range(choice.randrange(6)))
        return text if isinstance(slot, AbstractWString) else text.encode()[:5].decode(errors="ignore")
    if isinstance(slot, Array):
        return [_value(slot.value_type, owner, choice) for _ in range(slot.size)]
    if isinstance(slot, AbstractSequence):
        count = choice.randrange(min(4, getattr(slot, "maximum_size", 3) + 1))
        return [_value(slot.value_type, owner, choice) for _ in range(count)]
    return filled(message_class(slot, owner), choice)


def _number(name: str, choice: random.Random) -> Any:
    if name == "boolean":
        return choice.random() < 0.5
    if name == "octet":
        return bytes([choice.randrange(256)])
    if name in ("float", "double"):
        return float(choice.randrange(100))
    bits = 8 if name == "char" else int(name.lstrip("uint"))
    return choice.randrange(2 ** (bits - 1))
