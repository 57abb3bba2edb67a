"""The layers of a configuration and which of them wins: flag, node parameter, environment, file, default.

Pure: the file comes in as a :class:`~bridge.config_yaml.Document`, the environment as a mapping. Nothing here
judges a value; the models do.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bridge import config_faults
from bridge.config_faults import Fault
from bridge.config_yaml import Document
from bridge.errors import ConfigError

_PATH_KEYS: tuple[config_faults.Path, ...] = (
    ("zenoh", "tls", "ca"),
    ("zenoh", "tls", "certificate"),
    ("zenoh", "tls", "private_key"),
    ("http", "token_file"),
    ("control", "socket"),
)
DISCOVERY_RANGES = {"SUBNET": "subnet", "LOCALHOST": "localhost", "OFF": "off", "SYSTEM_DEFAULT": "subnet"}
"""ROS_AUTOMATIC_DISCOVERY_RANGE to ours. Source: ros2/rmw, rmw/discovery_options.h; the RMWs take
SYSTEM_DEFAULT as SUBNET."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLayer:
    """What the ROS node adds that an agent is part of."""

    name: str = ""
    """Of the node in full, e.g. ``/robot1/zenlink_bridge``; what it offers never crosses. Empty: no node."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """The parameters that somebody set: key of the configuration, e.g. ``zenoh.mode``, to its value there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagOverrides:
    """What the command line says; ``None`` and empty mean: not given."""

    domain_id: int | None = None
    namespace: str | None = None
    mode: str | None = None
    listen: tuple[str, ...] = ()
    connect: tuple[str, ...] = ()
    http: str | None = None
    http_token: str | None = None
    """File with the token; beside `http`, since a router's JSON5 file has no place for either."""
    socket: str | None = None
    insecure: bool = False
    """Accept links that are neither loopback nor encrypted. Deliberately no key of the file."""
    node: NodeLayer = NodeLayer()
    """Below the flags, above the environment."""


NO_FLAGS = FlagOverrides()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one value is from."""

    text: str
    """File name, ``environment NAME`` or ``flag --name``."""
    line: int = 0

    def __str__(self) -> str:
        return f"file {self.text}:{self.line}" if self.line else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """One value that the environment or the command line gives."""

    path: config_faults.Path
    value: object
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """All layers in one: plain data, and the origin of each part that is not a default."""

    data: Mapping[str, object]
    origins: Mapping[config_faults.Path, Origin]
    file: str

    def origin(self, path: config_faults.Path) -> Origin:
        """Of `path`, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return Origin(text=self.file)

    def error(self, fault: Fault) -> ConfigError:
        """The fault with its place."""
        origin = self.origin(fault.path)
        return ConfigError(
            fault.problem, remedy=fault.remedy, file=origin.text, line=origin.line, key=fault.key
        )


def merge(document: Document, *, flags: FlagOverrides, env: Mapping[str, str]) -> Merged:
    """All layers as one: the only place that knows the precedence.

    A flag wins over a node's parameter, that over the environment, that over the file, and the file over the
    models' defaults.

    Raises:
        ConfigError: A variable of the environment cannot be read at all.
    """
    data = copy.deepcopy(dict(document.data))
    origins = {where: Origin(text=document.file, line=line) for where, line in document.lines.items()}
    _make_absolute(data, Path(document.file).parent)
    for setting in (*_environment(env), *_parameters(flags.node), *_flags(flags)):  # a later one wins
        if _put(data, setting.path, setting.value):
            below = [where for where in origins if where[: len(setting.path)] == setting.path]
            for where in below:
                del origins[where]
            origins[setting.path] = setting.origin
            items = setting.value if isinstance(setting.value, list) else []
            origins.update({(*setting.path, index): setting.origin for index in range(len(items))})
    return Merged(data=data, origins=origins, file=document.file)


def _put(data: dict[str, object], path: config_faults.Path, value: object) -> bool:
    """Sets one value; False where a section on the way is none: that fault is told by itself."""
    *sections, key = path
    target = data
    for name in map(str, sections):
        below = target.setdefault(name, {})
        if below is None:  # a section left empty
            below = target[name] = {}
        if not isinstance(below, dict):
            return False
        target = below
    target[str(key)] = value
    return True


def _parameters(node: NodeLayer) -> Iterator[_Setting]:
    for name, value in node.parameters.items():
        yield _Setting(path=tuple(name.split(".")), value=value, origin=Origin(text=f"parameter {name}"))


def _flags(flags: FlagOverrides) -> Iterator[_Setting]:
    given = (
        ("--domain", ("ros", "domain_id"), flags.domain_id),
        ("--namespace", ("ros", "namespace"), flags.namespace),
        ("--mode", ("zenoh", "mode"), flags.mode),
        ("--listen", ("zenoh", "listen"), list(flags.listen) or None),
        ("--connect", ("zenoh", "connect"), list(flags.connect) or None),
        ("--http", ("http", "listen"), flags.http),
        ("--http-token", ("http", "token_file"), flags.http_token),
        ("--socket", ("control", "socket"), flags.socket),
    )
    for flag, path, value in given:
        if value is not None:
            yield _Setting(path=path, value=value, origin=Origin(text=f"flag {flag}"))


def _environment(env: Mapping[str, str]) -> Iterator[_Setting]:
    """What ROS and Cyclone DDS read from the environment, too. An empty variable counts as not set."""

    def setting(key: str, value: object, variable: str) -> _Setting:
        return _Setting(path=("ros", key), value=value, origin=Origin(text=f"environment {variable}"))

    if text := env.get("ROS_DOMAIN_ID", "").strip():
        yield setting("domain_id", _domain_id(text), "ROS_DOMAIN_ID")
    # rcl ignores the range and the peers where ROS_LOCALHOST_ONLY is on (ros2/rcl, rcl/src/rcl/init.c).
    if env.get("ROS_LOCALHOST_ONLY", "") == "1":
        yield setting("discovery_range", "localhost", "ROS_LOCALHOST_ONLY")
    else:
        variable = "ROS_AUTOMATIC_DISCOVERY_RANGE"
        if text := env.get(variable, "").strip():
            yield setting("discovery_range", DISCOVERY_RANGES.get(text.upper(), text), variable)
        if text := env.get("ROS_STATIC_PEERS", "").strip():
            peers = [peer.strip() for peer in text.split(";") if peer.strip()]
            yield setting("static_peers", peers, "ROS_STATIC_PEERS")
    if text := env.get("CYCLONEDDS_URI", "").strip():
        yield setting("cyclonedds_uri", text, "CYCLONEDDS_URI")


def _domain_id(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ConfigError(
            f"{config_faults.shown(text)} is no domain id",
            remedy="set it to a whole number from 0 to 232, or unset it",
            file="environment ROS_DOMAIN_ID",
            key="ros.domain_id",
        ) from error


def _make_absolute(data: dict[str, object], folder: Path) -> None:
    """Relative paths in a file mean: beside the file."""
    for *sections, key in _PATH_KEYS:
        target: object = data
        for section in sections:
            target = target.get(str(section)) if isinstance(target, dict) else None
        if isinstance(target, dict) and isinstance(target.get(key), str) and target[key]:
            target[key] = str((folder / target[key]).absolute())
