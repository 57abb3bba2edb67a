"""From file, environment and command line to one checked configuration that knows where each value came from.

:func:`load` is the door for everything that runs; :func:`check` lists every fault instead of raising the
first. ``config`` says what the keys mean, ``config_yaml`` how a file is read.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ValidationError

from bridge import config_differences, config_faults
from bridge.config import Config
from bridge.config_checks import cross_faults, open_link_faults
from bridge.config_faults import Fault, Note, key_of
from bridge.config_file import import_file, read_file
from bridge.config_layers import NO_FLAGS, FlagOverrides, Merged, NodeLayer, merge
from bridge.config_yaml import Document
from bridge.core.jsonform import Json
from bridge.core.policy import Policy, Rule
from bridge.errors import ConfigError
from bridge.security.configured import certificate_files
from bridge.unixsocket import default_socket

__all__ = [
    "NO_FLAGS",
    "FlagOverrides",
    "LoadedConfig",
    "NodeLayer",
    "check",
    "check_files",
    "differences",
    "load",
    "schema",
]

_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedConfig:
    """A configuration that passed every check."""

    config: Config
    origins: Mapping[str, str]
    """Key to where its value is from: ``flag --domain``, ``environment ROS_DOMAIN_ID``,
    ``file bridge.yaml:12`` or ``default``."""
    file: Path | None
    insecure: bool
    socket: Path
    """Of the control socket, its default already filled in."""
    notes: tuple[Note, ...] = ()
    """What another program's file asks for and does not get."""
    node: str = ""
    """Of the ROS node that runs the agent, in full; empty: none does."""

    @property
    def policy(self) -> Policy:
        """The rules, labelled with file and line; before them that of the node that runs the agent."""
        policy = self.config.policy({key: text.removeprefix("file ") for key, text in self.origins.items()})
        if not self.node:
            return policy
        # Whoever is on the other side of the link must not be able to stop this one, or set its rules.
        ours = Rule(label="the node that runs this agent", name=f"{re.escape(self.node)}/.*", allow=False)
        return replace(policy, rules=(ours, *policy.rules))


def load(
    path: Path | None, flags: FlagOverrides = NO_FLAGS, env: Mapping[str, str] = os.environ
) -> LoadedConfig:
    """The configuration to run with.

    Args:
        path: The YAML file, or ``.json5`` of zenoh-bridge-ros2dds; ``None`` when there is none.
        flags: What the command line gives.
        env: The environment of the process.

    Raises:
        ConfigError: the first fault, by line.
    """
    document = read_file(path, mode=flags.mode)
    merged = merge(document, flags=flags, env=env)
    config, faults = _validated(merged, flags)
    if faults or config is None:
        raise faults[0]
    return LoadedConfig(
        config=config,
        origins=dict(_leaf_origins(config, (), merged)),
        file=path,
        insecure=flags.insecure,
        socket=Path(config.control.socket or default_socket(config.ros.domain_id, env)),
        notes=document.notes,
        node=flags.node.name,
    )


def check(
    path: Path | None, flags: FlagOverrides = NO_FLAGS, env: Mapping[str, str] = os.environ
) -> tuple[ConfigError, ...]:
    """Every fault that can be told at once, in the order of the file; empty when there is none."""
    try:
        merged = merge(read_file(path, mode=flags.mode), flags=flags, env=env)
    except ConfigError as error:
        return (error,)
    return _validated(merged, flags)[1]


def check_files(loaded: LoadedConfig) -> tuple[ConfigError, ...]:
    """What is wrong with the files that the configuration names.

    Apart from :func:`load`, because a configuration may be checked on another machine than its own.
    """
    zenoh = loaded.config.zenoh
    keys = {
        str(getattr(zenoh.tls, key)): key
        for key in ("private_key", "certificate", "ca")
        if getattr(zenoh.tls, key)
    }
    if not keys:
        return ()
    # Only here: an agent without TLS need not load it.
    from bridge.security.examine import REFUSED_AT_START, examine

    findings = examine(certificate_files(zenoh), now=dt.datetime.now(dt.timezone.utc))
    faults = [
        Fault(path=("zenoh", "tls", keys[one.subject]), problem=one.text, remedy=one.remedy)
        for one in findings
        if one.code in REFUSED_AT_START
    ]
    return tuple(_placed(fault, loaded.origins[fault.key]) for fault in faults)


def imported(path: Path) -> Document:
    """A configuration of zenoh-bridge-ros2dds in our words, with notes on what differs.

    Raises:
        ConfigError: The first fault, of the file or of what it comes to.
    """
    document = import_file(path)
    merged = merge(document, flags=NO_FLAGS, env={})
    config, faults = _validated(merged, FlagOverrides(insecure=True))
    if faults or config is None:
        raise faults[0]
    needs_a_flag = [merged.error(fault) for fault in open_link_faults(config.zenoh)]
    notes = [
        Note(file=error.file, line=error.line, key=error.key, text=f"{error.problem}; {error.remedy}")
        for error in needs_a_flag
    ]
    return replace(document, notes=(*document.notes, *notes))


def differences(old: LoadedConfig, new: LoadedConfig) -> tuple[str, ...]:
    """What a running agent cannot take over: one line a changed key outside `rules`, secrets left out."""
    return config_differences.differences(old.config, new.config)


def schema() -> dict[str, Json]:
    """The JSON schema of the file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}


def _validated(merged: Merged, flags: FlagOverrides) -> tuple[Config | None, tuple[ConfigError, ...]]:
    try:
        config = Config.model_validate(merged.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, _in_order(merged, [config_faults.fault_of(detail, Config) for detail in details])
    return config, _in_order(merged, list(cross_faults(config, insecure=flags.insecure)))


def _in_order(merged: Merged, faults: list[Fault]) -> tuple[ConfigError, ...]:
    return tuple(sorted((merged.error(fault) for fault in faults), key=lambda error: error.line))


def _leaf_origins(model: BaseModel, path: config_faults.Path, merged: Merged) -> Iterator[tuple[str, str]]:
    for name in type(model).model_fields:
        value, here = getattr(model, name), (*path, name)
        if isinstance(value, BaseModel):
            yield from _leaf_origins(value, here, merged)
            continue
        yield key_of(here), str(merged.origins.get(here, _DEFAULT))
        if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for index in range(len(value)):
                yield key_of((*here, index)), str(merged.origins.get((*here, index), _DEFAULT))


def _placed(fault: Fault, origin: str) -> ConfigError:
    file, _, line = (
        origin.removeprefix("file ").rpartition(":") if origin.startswith("file ") else (origin, "", 0)
    )
    return ConfigError(fault.problem, remedy=fault.remedy, file=file, line=int(line), key=fault.key)
