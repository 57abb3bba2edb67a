"""Rates, times and sizes as people write and read them. Pure."""

from __future__ import annotations

import re

from netopt.errors import UsageError

_NUMBER = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-zµ/]*)\s*")
_RATE_PREFIX = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_TIME = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
_SIZE = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "k": 1 << 10,
    "m": 1 << 20,
    "g": 1 << 30,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
}


def parse_rate(text: str) -> int:
    """Bits per second of e.g. ``1Gbit/s``, ``100M``, ``9600``.

    Raises:
        UsageError: It is no rate.
    """
    number, unit = _split(text, "rate", "e.g. 100Mbit/s or 1Gbit/s")
    prefix = re.sub(r"(bit/s|bits/s|bps|bit)$", "", unit.lower())
    if prefix not in _RATE_PREFIX:
        raise UsageError(f"{text!r} is no rate", remedy="give bits per second, e.g. 100Mbit/s or 1Gbit/s")
    return round(number * _RATE_PREFIX[prefix])


def parse_time(text: str) -> float:
    """Seconds of e.g. ``50ms``, ``0.1s``.

    Raises:
        UsageError: It is no time.
    """
    number, unit = _split(text, "time", "e.g. 50ms or 0.1s")
    if unit not in _TIME:
        raise UsageError(f"{text!r} is no time", remedy="give it with its unit, e.g. 50ms or 0.1s")
    return number * _TIME[unit]


def parse_size(text: str) -> int:
    """Bytes of e.g. ``6MiB``, ``900kB``, ``6291456``.

    Raises:
        UsageError: It is no size.
    """
    number, unit = _split(text, "size", "e.g. 6MiB")
    if unit.lower() not in _SIZE:
        raise UsageError(f"{text!r} is no size", remedy="give bytes, e.g. 6MiB or 900kB")
    return round(number * _SIZE[unit.lower()])


def _split(text: str, what: str, example: str) -> tuple[float, str]:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no {what}", remedy=f"give a number and a unit, {example}")
    return float(match[1]), match[2]


def rate_text(bit_s: int) -> str:
    """E.g. ``100 Mbit/s``."""
    for unit, name in ((10**9, "Gbit/s"), (10**6, "Mbit/s"), (10**3, "kbit/s")):
        if bit_s >= unit:
            return f"{bit_s / unit:g} {name}"
    return f"{bit_s} bit/s"


def time_text(seconds: float) -> str:
    """E.g. ``50 ms``."""
    if seconds >= 1:
        return f"{seconds:g} s"
    return f"{seconds * 1e3:g} ms" if seconds >= 1e-3 or not seconds else f"{seconds * 1e6:g} µs"


def size_text(count: int) -> str:
    """E.g. ``208 KiB``, ``32 MiB``."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit:
            return f"{round(count / unit, 1):g} {name}"
    return f"{count} B"
