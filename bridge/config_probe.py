"""The keys of the section ``probe``: what is measured on the links all the time. Pure."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, WithJsonSchema

from bridge.config_faults import fault_error, shown
from bridge.config_section import Section
from bridge.core.endpoint import parse_address
from bridge.errors import InvalidName

_BARE = re.compile(r"(?:tcp|udp)://")
_ZENOH_ID = re.compile(r"[1-9a-f][0-9a-f]{0,31}")
_CLASSES = ("local", "cloud")
"""As `zenlink probe ping --class` has them."""
_MAX_MS = 60_000.0
_MIN_BYTES, _MAX_BYTES = 64, 65_507
"""A frame of the probe, and the largest datagram."""


def _target(text: str) -> str:
    try:
        if scheme := _BARE.match(text):
            parse_address(text[scheme.end() :])
            return text
    except InvalidName as error:
        raise fault_error(str(error), remedy="write tcp://HOST:PORT or udp://HOST:PORT") from error
    if not _ZENOH_ID.fullmatch(text):
        raise fault_error(
            f"{shown(text)} is no target",
            remedy="give the Zenoh id of an agent, or tcp:// or udp://HOST:PORT of a `zenlink probe serve`",
        )
    return text


def _limit(value: object) -> object:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value in _CLASSES or (is_number and 0.0 < float(str(value)) <= _MAX_MS):
        return value
    raise fault_error(
        f"{shown(value)} is no target for a delay",
        remedy=f"give {' or '.join(_CLASSES)}, or a number of ms above 0, at most {_MAX_MS:g}",
    )


Limit = Annotated[
    float | str,
    BeforeValidator(_limit),
    WithJsonSchema(
        {"anyOf": [{"enum": list(_CLASSES)}, {"type": "number", "exclusiveMinimum": 0, "maximum": _MAX_MS}]}
    ),
]
Percentile = Annotated[float, Field(strict=True, gt=0.0, le=100.0)]
PayloadBytes = Annotated[int, Field(strict=True, ge=_MIN_BYTES, le=_MAX_BYTES)]


class ProbeTargetConfig(Section):
    """One more target."""

    target: Annotated[str, AfterValidator(_target)]
    """Zenoh id of an agent, also behind routers; tcp:// or udp://HOST:PORT of a `zenlink probe serve`."""
    limit: Limit = "cloud"
    """What it should do: local (10 ms), cloud (100 ms) or a number of ms, one way."""
    percentile: Percentile = 99.0
    """Of the messages that must meet it."""
    payload_bytes: PayloadBytes = _MIN_BYTES
    """Of each message."""


class ProbeConfig(Section):
    """Measuring the links, see `zenlink probe`."""

    serve: StrictBool = True
    """Answer the probes of others, also those through DDS, at most 1000 messages and 20 MB a second."""
    watch: StrictBool = True
    """Measure the link to each neighbour that echoes, and the targets below, all the time."""
    period_s: Annotated[float, Field(strict=True, ge=0.05, le=60.0)] = 0.5
    """Seconds between two messages to one target; at 0.5 a target costs less than 10 kbit/s."""
    limit: Limit = "cloud"
    """What the link to a neighbour should do: local (10 ms), cloud (100 ms) or a number of ms, one way."""
    percentile: Percentile = 99.0
    """Of the messages that must meet it."""
    targets: Annotated[tuple[ProbeTargetConfig, ...], Field(max_length=64)] = ()
    """More to measure than the neighbours."""
