"""Every key of the configuration as a declared parameter of the node, and which of them somebody set.

A parameter that nobody set shows what file, environment and defaults come to; one that was set stands above
them, as a flag of ``zenlink run`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from bridge.config import Config
from bridge.config_faults import nearest
from bridge.config_io import FlagOverrides
from bridge.config_parameters import (
    PARAMETERS,
    ParameterKind,
    ParameterSpec,
    ParameterValue,
    layer_of,
    shown_values,
)
from bridge.errors import ConfigError

CONFIG_FILE, INSECURE, AUTOSTART = "config_file", "insecure", "autostart"
_OF_THE_NODE = {
    CONFIG_FILE: ("", "Configuration file, as of `zenlink run -c`; empty: none. Parameters stand above it."),
    INSECURE: (False, "Accept links that are neither loopback nor encrypted."),
    AUTOSTART: (False, "Configure and activate at the start; end, with an exit code, where that fails."),
}
"""What is no key of the configuration; only read at the start."""
_ROS_TYPES = {
    ParameterKind.BOOL: Parameter.Type.BOOL,
    ParameterKind.INTEGER: Parameter.Type.INTEGER,
    ParameterKind.DOUBLE: Parameter.Type.DOUBLE,
    ParameterKind.STRING: Parameter.Type.STRING,
    ParameterKind.STRINGS: Parameter.Type.STRING_ARRAY,
    ParameterKind.YAML: Parameter.Type.STRING,
}
_OF_ROS = ("use_sim_time", "qos_overrides", "start_type_description_service")
"""Parameters of every node, by their beginnings."""


class NodeParameters:
    """The parameters of one node. Thread: the executor's.

    Args:
        node: made with ``automatically_declare_parameters_from_overrides``, to tell what was given.

    Raises:
        ConfigError: there is no such parameter, or it has another type.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._showing = False
        overrides = {
            name: parameter.value
            for name, parameter in node.get_parameters_by_prefix("").items()
            if parameter.type_ is not Parameter.Type.NOT_SET and not name.startswith(_OF_ROS)
        }
        known = [*_OF_THE_NODE, *(spec.name for spec in PARAMETERS)]
        for name in overrides:
            if name not in known:
                close = nearest(name, known)
                remedy = f"did you mean {close!r}?" if close else "see docs/ros2.md"
                raise ConfigError("there is no such parameter", remedy=remedy, file=f"parameter {name}")
            node.undeclare_parameter(name)  # to declare it as it should be
        for name, (default, text) in _OF_THE_NODE.items():
            descriptor = ParameterDescriptor(description=text, read_only=True)
            value = _typed(name, overrides.get(name, default), type(default))
            node.declare_parameter(name, value, descriptor, ignore_override=True)
        for spec in PARAMETERS:
            node.declare_parameter(spec.name, _ROS_TYPES[spec.kind], _descriptor(spec), ignore_override=True)
        self.given: dict[str, ParameterValue] = {
            spec.name: _typed(spec.name, overrides[spec.name], _PYTHON_TYPES[spec.kind])
            for spec in PARAMETERS
            if spec.name in overrides
        }
        """Those that somebody set, by name."""
        self._set({**shown_values(Config()), **self.given})

    @property
    def config_file(self) -> Path | None:
        """The file below the parameters."""
        text = self._node.get_parameter(CONFIG_FILE).value
        return Path(str(text)) if text else None

    @property
    def autostart(self) -> bool:
        """Whether the node is to become active by itself."""
        return bool(self._node.get_parameter(AUTOSTART).value)

    @property
    def insecure(self) -> bool:
        """Whether clear text is accepted on links."""
        return bool(self._node.get_parameter(INSECURE).value)

    def flags(self, given: Mapping[str, ParameterValue] | None = None) -> FlagOverrides:
        """The layer that the parameters are, or that others would be.

        Raises:
            ConfigError: YAML text is faulty.
        """
        name = self._node.get_fully_qualified_name()
        return FlagOverrides(
            node=layer_of(name, self.given if given is None else given), insecure=self.insecure
        )

    def is_news(self, name: str, value: ParameterValue) -> bool:
        """Whether somebody sets it, and not we ourselves to show what is configured elsewhere."""
        return not self._showing and (name not in self.given or self.given[name] != value)

    def show(self, config: Config) -> None:
        """Let those that nobody set tell what is configured elsewhere."""
        self._set({name: value for name, value in shown_values(config).items() if name not in self.given})

    def _set(self, values: Mapping[str, ParameterValue]) -> None:
        types = {spec.name: _ROS_TYPES[spec.kind] for spec in PARAMETERS}
        self._showing = True
        try:
            for name, value in values.items():
                result = self._node.set_parameters([Parameter(name, types[name], value)])[0]
                if not result.successful:
                    remedy = f"see `ros2 param describe {name}`"
                    raise ConfigError(result.reason, remedy=remedy, file=f"parameter {name}")
        finally:
            self._showing = False


def values_of(parameters: Iterable[Any]) -> dict[str, ParameterValue]:
    """What is being set of our configuration, by name."""
    ours = {spec.name for spec in PARAMETERS}
    return {
        one.name: list(one.value) if isinstance(one.value, (list, tuple)) else one.value
        for one in parameters
        if one.name in ours
    }


_PYTHON_TYPES: Mapping[ParameterKind, type] = {
    ParameterKind.BOOL: bool,
    ParameterKind.INTEGER: int,
    ParameterKind.DOUBLE: float,
    ParameterKind.STRING: str,
    ParameterKind.STRINGS: list,
    ParameterKind.YAML: str,
}


def _typed(name: str, value: object, wanted: type) -> Any:
    """``value`` as an override gave it, e.g. 2 where a double is wanted."""
    if isinstance(value, wanted) and (wanted is not int or not isinstance(value, bool)):
        return value
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is list and isinstance(value, (tuple, str)):
        return [value] if isinstance(value, str) else list(value)
    if wanted is list and not value:
        return []
    raise ConfigError(
        f"expected {wanted.__name__}, found {value!r}",
        remedy=f"see `ros2 param describe {name}`",
        file=f"parameter {name}",
    )


def _descriptor(spec: ParameterSpec) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=spec.description, additional_constraints=spec.constraints)
    low, high = spec.minimum, spec.maximum
    if low is not None and high is not None:
        if spec.kind is ParameterKind.INTEGER:
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
        else:
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high, step=0.0)]
    return descriptor
