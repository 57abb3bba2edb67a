"""The JSON form of values that are told: dataclasses become objects, and nothing is formatted on the way."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Union

Counts = tuple[tuple[str, int], ...]
"""(name, count) pairs; an object in JSON, also when there are none."""
Json = Union[None, bool, int, float, str, "list[Json]", "dict[str, Json]"]


def to_json(value: object) -> Json:
    """Plain JSON types of a status value: dataclasses become objects, enums their value, tuples lists."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Enum):
        return to_json(value.value)
    if is_dataclass(value):
        return {one.name: _field_json(one.type, getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _field_json(annotation: object, value: object) -> Json:
    if annotation == "Counts" and isinstance(value, tuple):
        return {str(name): to_json(count) for name, count in value}
    return to_json(value)
