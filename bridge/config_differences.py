"""What is shown of a configuration: values without their secrets, and what changed between two.

Pure. Raw Zenoh options can hold passwords and keys, endpoints can carry them behind a `#`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pydantic import BaseModel

from bridge.config import Config, ZenohConfig
from bridge.config_faults import key_of
from bridge.core.jsonform import Json
from bridge.core.scrub import HIDDEN

_SECRET_NAME = re.compile(r"password|secret|_base64|private_key_raw|private_key_pem", re.IGNORECASE)
"""In the name of a raw Zenoh option: its value stays out of every output."""
_SECRETS_IN_TEXT = (
    # An endpoint ends in ``#key=value;key=value`` (zenoh, commons/zenoh-protocol, core/endpoint.rs).
    re.compile(rf"((?:{_SECRET_NAME.pattern})\w*=)([^;#]*)", re.IGNORECASE),
    # DDS security in a user's own XML (Cyclone DDS, docs/manual/options.md).
    re.compile(r"(<(?:Password|PrivateKey)>)([^<]*)", re.IGNORECASE),
)
"""What stands before a secret, and the secret."""


def without_secrets(value: Json) -> Json:
    """`value` with ``***`` in place of what only its owner should read."""
    if isinstance(value, dict):
        return {
            key: HIDDEN if _SECRET_NAME.search(key) else without_secrets(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    if isinstance(value, str):
        for pattern in _SECRETS_IN_TEXT:
            value = pattern.sub(rf"\1{HIDDEN}", value)
    return value


def secrets_in(value: Json) -> Iterator[str]:
    """What :func:`without_secrets` hides in `value`, as texts, to find it again elsewhere."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item) if _SECRET_NAME.search(key) else secrets_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from secrets_in(item)
    elif isinstance(value, str):
        yield from (found[2] for pattern in _SECRETS_IN_TEXT for found in pattern.finditer(value))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield str(value)


def differences(old: Config, new: Config) -> tuple[str, ...]:
    """One line a changed key outside `rules`, e.g. ``ros.domain_id: 0 -> 5``, in the reference's order."""
    before, after = dict(_leaves(old, ())), dict(_leaves(new, ()))
    return tuple(
        _line(key, before.get(key), after.get(key))
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    )


def _leaves(model: BaseModel, path: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
    for name in type(model).model_fields:
        value, here = getattr(model, name), (*path, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, here)
        elif isinstance(model, ZenohConfig) and name == "extra":
            yield from ((f"{key_of(here)}.{key}", option) for key, option in model.extra_options())
        elif here != ("rules",):
            yield key_of(here), list(value) if isinstance(value, tuple) else value


def _line(key: str, before: Json, after: Json) -> str:
    if _SECRET_NAME.search(key):
        return f"{key}: changed"
    texts = [json.dumps(without_secrets(value), ensure_ascii=False) for value in (before, after)]
    return f"{key}: changed" if texts[0] == texts[1] else f"{key}: {texts[0]} -> {texts[1]}"
