"""What an agent adds to a support bundle: its configuration, figures and last log lines, without a secret."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
from prometheus_client import CollectorRegistry, generate_latest

from bridge.config import Config
from bridge.config_differences import secrets_in, without_secrets
from bridge.config_io import LoadedConfig
from bridge.core.jsonform import Json, to_json
from bridge.core.scrub import Scrubber
from bridge.core.status import AgentFacts
from bridge.errors import CannotRun
from bridge.security.files import read_pem

_ENVIRONMENT = (
    "ROS_",
    "RMW_",
    "FASTDDS_",
    "FASTRTPS_",
    "CYCLONEDDS_",
    "ZENOH_",
    "RUST_LOG",
    "AMENT_PREFIX_PATH",
)
"""Beginnings of the names of variables that change how an agent works."""
_KEY_LINE_CHARS = 16
"""A shorter line of a key file is no secret by itself."""
_SECRET_FILES = ("private_key", "dictionary_file")
"""Ends of the names of Zenoh options that name a file of keys or of ``user:password`` lines."""


def told_by_agent(
    loaded: LoadedConfig,
    *,
    facts: Callable[[], AgentFacts],
    metrics: Callable[[AgentFacts], CollectorRegistry],
    log: Callable[[], tuple[str, ...]],
) -> Json:
    """The agent's part of a bundle.

    Args:
        loaded: the configuration that it runs with.
        facts: of now.
        metrics: what a scrape shows of them.
        log: its last lines.
    """
    lines: list[Json] = list(log())
    told: dict[str, Json] = {
        "configuration": configuration(loaded),
        "log": lines,
        "environment": environment(os.environ),
        "process": _process(),
    }
    try:
        found = facts()
    except CannotRun as error:  # an engine that hangs: the rest is wanted all the more
        told["trouble"] = str(error)
    else:
        told |= {
            "status": to_json(found.agent),
            "findings": to_json(found.agent.findings),
            "routes": to_json(found.routes),
            "nodes": to_json(found.nodes),
            "metrics": generate_latest(metrics(found)).decode(),
        }
    return Scrubber(secrets_of(loaded.config)).json(told)


def configuration(loaded: LoadedConfig) -> dict[str, Json]:
    """Values and where each is from; secrets by name are hidden, :class:`Scrubber` has to see to the rest."""
    origins: dict[str, Json] = dict(loaded.origins)
    return {
        "file": None if loaded.file is None else str(loaded.file),
        "socket": str(loaded.socket),
        "insecure": loaded.insecure,
        "config": without_secrets(loaded.config.model_dump(mode="json")),
        "origins": origins,
    }


def environment(env: Mapping[str, str]) -> dict[str, Json]:
    """The variables that change how an agent works."""
    kept: Json = {name: env[name] for name in sorted(env) if name.startswith(_ENVIRONMENT)}
    shown = without_secrets(kept)
    return shown if isinstance(shown, dict) else {}


def secrets_of(config: Config) -> tuple[str, ...]:
    """Every secret that a configuration holds or names a file of, as far as this user can read them."""
    return secrets_of_data(config.model_dump(mode="json"))


def secrets_of_data(data: Json, *, folder: Path = Path()) -> tuple[str, ...]:
    """The same for a configuration that was only read, perhaps a faulty one.

    Args:
        data: what the file holds.
        folder: where relative paths begin.
    """
    found = list(secrets_in(data))
    for key, path in _paths(data):
        try:
            text = read_pem(folder / path).decode(errors="replace")
        except (CannotRun, ValueError):
            continue  # what we cannot read, we cannot give away
        found += _in_file(key, text)
    return tuple(found)


def _paths(data: Json) -> Iterator[tuple[str, Path]]:
    """The files of keys, tokens and passwords that the values name."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, item in items:
        if isinstance(item, (dict, list)):
            yield from _paths(item)
        elif isinstance(item, str) and item and str(key).endswith((*_SECRET_FILES, "token_file")):
            yield str(key), Path(item)


def _in_file(key: str, text: str) -> Iterator[str]:
    if key.endswith("token_file"):
        yield text.strip()
    elif key.endswith("dictionary_file"):
        yield from (line.partition(":")[2].strip() for line in text.splitlines())
    else:
        lines = (line.strip() for line in text.splitlines())
        yield from (line for line in lines if len(line) >= _KEY_LINE_CHARS and not line.startswith("-"))


def _process() -> dict[str, Json]:
    process = psutil.Process()
    threads: list[Json] = [thread.name for thread in threading.enumerate()]
    return {
        "pid": process.pid,
        "resident_bytes": process.memory_info().rss,
        "cpu_s": round(sum(process.cpu_times()[:2]), 3),
        "descriptors": process.num_fds(),
        "threads": threads,
    }
