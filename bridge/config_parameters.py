"""The keys of the configuration as parameters of a ROS node, and the file by which the node hands them on.

Pure. A parameter has the name of its key (``zenoh.tls.ca``). ROS has no lists of mappings and no null: what
is neither number, text nor list of texts is YAML text, and an empty text means nothing where a key may be
null.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bridge.config import Config
from bridge.config_differences import without_secrets
from bridge.config_faults import is_section, nearest, shown
from bridge.config_layers import FlagOverrides, NodeLayer
from bridge.config_yaml import parse_document
from bridge.core.jsonform import Json
from bridge.errors import ConfigError

ParameterValue: TypeAlias = Union[bool, int, float, str, "list[str]"]
"""What a ROS parameter of ours can hold."""


class ParameterKind(Enum):
    """What a parameter holds."""

    BOOL = "bool"
    INTEGER = "integer"
    DOUBLE = "double"
    STRING = "string"
    STRINGS = "string array"
    YAML = "YAML text"
    """Of a list of mappings, or a mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSpec:
    """One key of the configuration as a parameter."""

    name: str
    """The key, with dots."""
    kind: ParameterKind
    description: str
    choices: tuple[str, ...] = ()
    """Every text that is accepted; empty: no such list."""
    minimum: float | None = None
    maximum: float | None = None
    nullable: bool = False
    """An empty text stands for null."""
    number_or_word: bool = False
    """A text that reads as a number is one."""

    @property
    def constraints(self) -> str:
        """What may be given, for people, beyond type and range; empty: anything."""
        parts = []
        if self.choices:
            parts.append(f"one of {', '.join(self.choices)}")
        if self.kind is ParameterKind.YAML:
            parts.append("YAML, as in the configuration file; empty: as the file has it")
        if self.nullable:
            parts.append("empty: null")
        if self.kind is ParameterKind.STRINGS:
            parts.append("empty items are left out")
        return "; ".join(parts)

    def to_config(self, value: ParameterValue) -> object:
        """The value of the key.

        Raises:
            ConfigError: it is YAML text, and faulty.
        """
        if self.kind is ParameterKind.YAML:
            return self._parsed(str(value))
        if isinstance(value, (list, tuple)):
            return [item for item in value if item]
        if value == "" and self.nullable:
            return None
        if self.number_or_word and isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                return value
        if self.kind is ParameterKind.DOUBLE and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return value

    def from_config(self, value: Json) -> ParameterValue:
        """What to show for a value of the key that no parameter gave; secrets left out."""
        if self.kind is ParameterKind.YAML or value is None:
            return ""
        safe = without_secrets(value)
        if isinstance(safe, list):
            return [str(item) for item in safe]
        if self.kind is ParameterKind.STRING:
            return str(safe)
        return safe if isinstance(safe, (bool, int, float)) else str(safe)

    def _parsed(self, text: str) -> object:
        file, (*_, key) = f"parameter {self.name}", self.name.split(".")
        return parse_document(f"{key}:\n{textwrap.indent(text, '  ')}\n", file=file).data.get(key)


def layer_of(node: str, given: Mapping[str, ParameterValue]) -> NodeLayer:
    """What a node with these parameters adds to its agent's configuration.

    Args:
        node: its name in full.
        given: the parameters that somebody set; YAML text that is empty counts as not set.

    Raises:
        ConfigError: there is no such key, or YAML text is faulty.
    """
    specs = {spec.name: spec for spec in PARAMETERS}
    values = {}
    for name, value in given.items():
        if name not in specs:
            close = nearest(name, tuple(specs))
            remedy = f"did you mean {close!r}?" if close else "see configs/bridge.reference.yaml"
            raise ConfigError("there is no such key", remedy=remedy, file=f"parameter {name}")
        if specs[name].kind is not ParameterKind.YAML or value != "":
            values[name] = specs[name].to_config(value)
    return NodeLayer(name=node, parameters=values)


def to_text(layer: NodeLayer, *, insecure: bool) -> str:
    """A layer as the file that ``zenlink run --parameters`` reads."""
    return json.dumps({"node": layer.name, "insecure": insecure, "parameters": dict(layer.parameters)})


def with_text(flags: FlagOverrides, text: str, *, file: str) -> FlagOverrides:
    """``flags`` with the layer that ``to_text`` wrote.

    Raises:
        ConfigError: it did not write this.
    """
    try:
        found = json.loads(text)
        layer = NodeLayer(name=str(found["node"]), parameters=dict(found["parameters"]))
        return replace(flags, node=layer, insecure=flags.insecure or found["insecure"] is True)
    except (ValueError, KeyError, TypeError) as error:
        problem = f"holds no parameters of a node: {shown(text)}"
        raise ConfigError(problem, remedy="it is written by the node alone", file=file) from error


def shown_values(config: Config) -> dict[str, ParameterValue]:
    """Every parameter as this configuration has it, for those that nobody set."""
    plain: Json = json.loads(config.model_dump_json())
    return {spec.name: spec.from_config(_at(plain, spec.name)) for spec in PARAMETERS}


def _at(plain: Json, name: str) -> Json:
    for key in name.split("."):
        plain = plain.get(key) if isinstance(plain, dict) else None
    return plain


def _specs(model: type[BaseModel], prefix: str) -> Iterator[ParameterSpec]:
    for name, field in model.model_fields.items():
        if is_section(field.annotation):
            yield from _specs(field.annotation, f"{prefix}{name}.")
        else:
            yield _spec(f"{prefix}{name}", field)


def _spec(name: str, field: FieldInfo) -> ParameterSpec:
    annotation, nullable = field.annotation, False
    if get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation):
        nullable = True
        annotation = next(one for one in get_args(annotation) if one is not type(None))
    choices = tuple(str(one) for one in get_args(annotation)) if get_origin(annotation) is Literal else ()
    spec = ParameterSpec(
        name=name,
        kind=_kind(annotation),
        description=" ".join((field.description or "").split()),
        choices=choices,
        nullable=nullable,
        number_or_word=get_origin(annotation) in (Union, UnionType),
    )
    for limit in field.metadata:
        low = getattr(limit, "ge", getattr(limit, "gt", None))
        high = getattr(limit, "le", getattr(limit, "lt", None))
        if spec.kind in (ParameterKind.INTEGER, ParameterKind.DOUBLE):
            spec = replace(
                spec,
                minimum=spec.minimum if low is None else float(low),
                maximum=spec.maximum if high is None else float(high),
            )
    return spec


def _kind(annotation: Any) -> ParameterKind:  # whatever a model may be annotated with
    simple = {bool: ParameterKind.BOOL, int: ParameterKind.INTEGER, float: ParameterKind.DOUBLE}
    if annotation in simple:
        return simple[annotation]
    base = _base(annotation)
    if base is str or get_origin(base) in (Literal, Union, UnionType):
        return ParameterKind.STRING
    if get_origin(base) is tuple and _base(get_args(base)[0]) is str:
        return ParameterKind.STRINGS
    return ParameterKind.YAML


def _base(annotation: Any) -> Any:
    """The type below ``Annotated``."""
    return annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation


PARAMETERS: tuple[ParameterSpec, ...] = tuple(_specs(Config, ""))
"""Every key, in the order of the reference configuration."""
