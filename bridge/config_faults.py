"""What is wrong with a configuration, as data: key, problem, remedy; and pydantic's errors in those words.

Pure. ``config_io`` adds the file and the line.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails, PydanticCustomError

Path = tuple[str | int, ...]
"""Where a value stands in the configuration: keys and list positions, outermost first."""

_OWN = "zenlink"
_SHOWN_CHARS = 60  # of a faulty value: enough to recognise it, short enough for one line
_WANTED = {
    "string_type": ("text", "put it in quotes"),
    "int_type": ("a whole number", "write it without quotes and without a point"),
    "float_type": ("a number", "write it without quotes, with a point for the fraction"),
    "bool_type": ("true or false", "write true or false, without quotes"),
    "tuple_type": ("a list", "write [one, two], or each item on a line that begins with `- `"),
    "dict_type": ("a mapping", "write `key: value` lines below it, indented"),
    "model_type": ("a mapping", "write `key: value` lines below it, indented"),
}
"""pydantic error type to what was expected and how to write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in a configuration."""

    path: Path
    problem: str
    remedy: str

    @property
    def key(self) -> str:
        """The path as people write it, e.g. ``zenoh.listen[0]``."""
        return key_of(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person should know of a configuration that is right: it means less, or something else, here."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        """``FILE:LINE: KEY: TEXT``, as faults are written."""
        return f"{self.file}:{self.line}: {self.key}: {self.text}"


def key_of(path: Path) -> str:
    """A path as people write it: dots between keys, list positions in brackets."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def fault_error(problem: str, *, remedy: str) -> PydanticCustomError:
    """The exception that a validator of ours raises, so that its remedy survives pydantic."""
    return PydanticCustomError(_OWN, "{problem}", {"problem": problem, "remedy": remedy})


def shown(value: object) -> str:
    """A faulty value on one line, shortened, in the words of YAML."""
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    """Whether a field's annotation is a model itself, not a list of them."""
    # Python 3.10 takes tuple[int, ...] for a type as well, until issubclass refuses it.
    return (
        get_origin(annotation) is None and isinstance(annotation, type) and issubclass(annotation, BaseModel)
    )


def nearest(word: str, allowed: Sequence[str]) -> str | None:
    """The allowed word that `word` was probably meant to be."""
    found = difflib.get_close_matches(word, allowed, n=1, cutoff=0.6)
    return found[0] if found else None


def fault_of(error: ErrorDetails, root: type[BaseModel]) -> Fault:
    """One pydantic error in our words.

    Args:
        error: An item of ``ValidationError.errors()``.
        root: The model that was validated; it knows which keys exist where.
    """
    path: Path = error["loc"]
    kind, context = error["type"], error.get("ctx", {})
    if kind == _OWN:
        return Fault(path=path, problem=str(context["problem"]), remedy=str(context["remedy"]))
    if kind == "extra_forbidden":
        return _unknown_key(path, root)
    if kind == "missing":
        return Fault(path=path, problem="missing", remedy=f"add `{path[-1]}:` here")
    if kind == "literal_error":
        return _not_allowed(path, error["input"], root)
    if kind in _WANTED:
        expected, remedy = _WANTED[kind]
        return Fault(path=path, problem=f"expected {expected}, found {shown(error['input'])}", remedy=remedy)
    limits = {"greater_than_equal": "below", "greater_than": "not above", "less_than_equal": "above"}
    if kind in limits:
        limit = next(iter(context.values()))
        problem = f"{shown(error['input'])} is {limits[kind]} {_number(limit)}"
        return Fault(path=path, problem=problem, remedy=f"give {_range(path, root)}")
    return Fault(path=path, problem=error["msg"].lower(), remedy="see configs/bridge.reference.yaml")


def _unknown_key(path: Path, root: type[BaseModel]) -> Fault:
    word, model = str(path[-1]), _model_at(path[:-1], root)
    keys = list(model.model_fields) if model else []
    close = nearest(word, keys)
    remedy = f"did you mean {close!r}?" if close else f"known keys here: {', '.join(keys)}"
    elsewhere = None if close else _section_of(word, root)
    if elsewhere:
        remedy = f"it belongs under `{elsewhere}:`"
    return Fault(path=path, problem=f"unknown key {shown(word)}", remedy=remedy)


def _section_of(word: str, root: type[BaseModel]) -> str | None:
    """The section that has `word` as a key, for keys written at the wrong depth."""
    for name, field in root.model_fields.items():
        section = field.annotation
        if is_section(section) and word in section.model_fields:
            return name
    return None


def _not_allowed(path: Path, found: object, root: type[BaseModel]) -> Fault:
    allowed = _literals(path, root)
    close = nearest(found.lower(), allowed) if isinstance(found, str) else None
    hint = f"did you mean {close}? " if close else ""
    return Fault(
        path=path, problem=f"{shown(found)} is not allowed", remedy=f"{hint}allowed: {', '.join(allowed)}"
    )


def _literals(path: Path, root: type[BaseModel]) -> list[str]:
    model = _model_at(path[:-1], root)
    if model is None:
        return []
    annotation = model.model_fields[str(path[-1])].annotation
    flat = [value for part in get_args(annotation) for value in (get_args(part) or (part,))]
    return [value for value in flat if isinstance(value, str)]


def _range(path: Path, root: type[BaseModel]) -> str:
    limits = _limits(path, root)
    low = next((f"at least {_number(limit.ge)}" for limit in limits if hasattr(limit, "ge")), "")
    low = low or next((f"more than {_number(limit.gt)}" for limit in limits if hasattr(limit, "gt")), "")
    high = next((f"at most {_number(limit.le)}" for limit in limits if hasattr(limit, "le")), "")
    return " and ".join(part for part in (low, high) if part)


def _limits(path: Path, root: type[BaseModel]) -> list[Any]:
    """Those of a field, also where it may be null: they stand inside the union then."""
    model = _model_at(path[:-1], root)
    if model is None:
        return []
    field = model.model_fields[str(path[-1])]
    inside = (one for part in get_args(field.annotation) for one in getattr(part, "__metadata__", ()))
    return [*field.metadata, *(limit for one in inside for limit in getattr(one, "metadata", ()))]


def _number(limit: float) -> str:
    return str(limit) if isinstance(limit, int) else f"{limit:g}"


def _model_at(path: Path, root: type[BaseModel]) -> type[BaseModel] | None:
    """The model whose keys stand at `path`; ``None`` where the keys are free."""
    model: type[BaseModel] | None = root
    for part in path:
        if isinstance(part, int):
            continue  # a list of models: `_element` has already gone to the model
        field = model.model_fields.get(part) if model else None
        model = _element(field.annotation) if field else None
    return model


def _element(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation: itself, or the items of ``tuple[Model, ...]``."""
    return next((item for item in (annotation, *get_args(annotation)) if is_section(item)), None)
