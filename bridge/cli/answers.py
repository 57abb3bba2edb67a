"""Parts of an agent's answer, which may be of another version: what is missing shows as ``?``."""

from __future__ import annotations

from bridge.core.jsonform import Json


def get(value: Json, key: str) -> Json:
    """The part of an object; None where there is none."""
    return value.get(key) if isinstance(value, dict) else None


def text(value: Json, key: str) -> str:
    """The same as a text."""
    found = get(value, key)
    return "?" if found is None else str(found)


def items(value: Json, key: str = "") -> list[Json]:
    """A list, or that part of an object; empty where there is none."""
    found = get(value, key) if key else value
    return found if isinstance(found, list) else []


def texts(value: Json, key: str) -> list[str]:
    """The same as texts."""
    return [str(item) for item in items(value, key)]


def total(value: Json, key: str) -> str:
    """The sum of counts by name."""
    found = get(value, key)
    counts = found.values() if isinstance(found, dict) else ()
    return str(sum(count for count in counts if isinstance(count, int)))


def route_word(route: Json) -> str:
    """How a route is, in one word: its state, or ``active`` or ``idle`` where it is routed."""
    state = text(get(route, "status"), "state")
    if state != "routed":
        return state
    return "active" if get(route, "active") is True else "idle"


def latency_ms(route: Json) -> tuple[float | None, float | None]:
    """Median and 99th percentile of a route's own samples; None where it is not measured."""
    found = get(get(route, "counters"), "latency")
    p50, p99 = (
        value if isinstance(value := get(found, key), (int, float)) else None for key in ("p50_ms", "p99_ms")
    )
    return p50, p99


def latency_texts(route: Json) -> tuple[str, str]:
    """The same as texts; empty where it is not measured."""
    p50, p99 = ("" if value is None else f"{value:g}" for value in latency_ms(route))
    return p50, p99
