"""The answers of an agent as text for people.

The answers are the JSON forms of :mod:`bridge.core.status`; they come from another process, perhaps of
another version, so a missing part shows as ``?`` and is never a reason to fail.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from heapq import nlargest
from importlib import metadata, util

from bridge.cli import answers
from bridge.cli.answers import get as _get
from bridge.cli.answers import items as _items
from bridge.cli.answers import route_word, total
from bridge.cli.answers import text as _text
from bridge.cli.answers import texts as _texts
from bridge.cli.output import duration, one_line, print_table
from bridge.core.jsonform import Json
from bridge.core.status import AgentState

SLOWEST = 3
"""Topics in `zenlink status`; `zenlink routes` has all."""
_READY = (AgentState.ACTIVE.value, AgentState.STANDBY.value)
_RCLPY = ("rclpy", "ros-kilted-rclpy", "ros-jazzy-rclpy")
"""Its name in a ROS installation, and in the wheels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the agent does its work now."""

    ready: bool
    state: str
    """One of ``AgentState``."""
    reason: str

    def __str__(self) -> str:
        head = f"{'ready' if self.ready else 'not ready'} ({self.state}"
        return f"{head}: {one_line(self.reason)})" if self.reason else f"{head})"


def readiness(info: Json) -> Readiness:
    """Ready means: the agent serves its domain, or stands by for the one that does."""
    state, reason = _text(info, "state"), _get(info, "state_reason")
    return Readiness(ready=state in _READY, state=state, reason=str(reason or ""))


def print_status(info: Json, routes: Json = None) -> None:
    """The agent in some lines.

    Args:
        info: JSON form of ``AgentInfo``.
        routes: JSON form of ``list[RouteInfo]``, for the slowest of them; None: nobody asked.
    """
    uptime_s = _get(info, "uptime_s")
    up = duration(uptime_s) if isinstance(uptime_s, (int, float)) else "?"
    print(f"zenlink {_text(info, 'version')}: {readiness(info)}, up {up}")
    namespace, connections = _text(info, "namespace"), _get(info, "connections")
    rows = [
        ("domain", _text(info, "domain_id") + ("" if namespace == "/" else f", namespace {namespace}")),
        ("zenoh", f"{_text(info, 'mode')} {_text(info, 'zid')}"),
        ("listen", ", ".join(_texts(info, "listen")) or "nowhere"),
        *(("link", _link(link)) for link in _items(info, "links")),
        *(
            ("no link", _text(one, "endpoint"))
            for one in _items(connections, "configured")
            if not _get(one, "up")
        ),
        (
            "links",
            f"{_text(connections, 'opened')} came up since the start, {_text(connections, 'ended')} ended",
        ),
        ("bridges", str(len(_items(info, "peers")))),
        ("routes", f"{_counts(info, 'routes') or 'none'}; {_text(info, 'active_routes')} active"),
    ]
    rows += [("slowest", line) for line in _slowest(routes)]
    if errors := _counts(info, "wire_errors"):
        rows.append(("malformed", errors))
    if refused := _counts(info, "handshakes_refused"):
        rows.append(("refused", f"TLS handshakes: {refused}"))
    if faults := _counts(info, "faults"):
        rows.append(("faults", f"{faults}; please report them with the log"))
    for label, text in rows:
        print(f"  {label:<10} {one_line(text)}")
    for finding in _items(info, "findings"):
        head = f"{_text(finding, 'severity')} {_text(finding, 'code')} [{_text(finding, 'subject')}]"
        print(f"  {one_line(head)}: {one_line(_text(finding, 'text'))}; {one_line(_text(finding, 'remedy'))}")
    sys.stdout.flush()


def print_routes(found: Json) -> None:
    """A line a route, and below the table why some do not cross.

    Args:
        found: JSON form of ``list[RouteInfo]``.
    """
    routes = found if isinstance(found, list) else []
    if not routes:
        print("no routes: no ROS topic is known on either side")
        return
    rows, reasons = [], []
    for route in routes:
        spec, status, counters = _get(route, "spec"), _get(route, "status"), _get(route, "counters")
        state, word = _text(status, "state"), route_word(route)
        name, way = _text(spec, "ros_name"), _text(spec, "direction")
        counts = (_text(counters, "messages"), total(counters, "drops"), total(counters, "lost"))
        numbers = (*answers.latency_texts(route), *counts)
        rows.append((way, name, _text(route, "ros_type"), word, *numbers))
        reason = _text(status, "reason") if state != "routed" else _text(route, "idle_reason")
        if word != "active" and reason not in ("", "?"):
            reasons.append(f"{way} {name}: {reason}")
    counted = ("P50 ms", "P99 ms", "MESSAGES", "DROPS", "LOST")
    print_table(("WAY", "NAME", "TYPE", "STATE", *counted), rows, numbers=counted)
    if reasons:
        print()
    for text in reasons:
        print(one_line(text))


def print_nodes(found: Json) -> None:
    """A line a node.

    Args:
        found: JSON form of ``list[NodeInfo]``.
    """
    known = found if isinstance(found, list) else []
    if not known:
        print("no ROS nodes are known in this domain")
        return
    rows = [
        (
            _text(node, "name"),
            str(_get(node, "zid") or "here"),
            str(len(_items(node, "publishers"))),
            str(len(_items(node, "subscribers"))),
        )
        for node in known
    ]
    print_table(("NODE", "BEHIND", "PUBLISHERS", "SUBSCRIBERS"), rows, numbers=("PUBLISHERS", "SUBSCRIBERS"))


def print_explanation(found: Json) -> None:
    """Verdict, what was looked at, remedy.

    Args:
        found: JSON form of ``Explanation``.
    """
    print(one_line(_text(found, "verdict")))
    for fact in _texts(found, "facts"):
        print(f"  - {one_line(fact)}")
    remedy = _text(found, "remedy")
    if remedy not in ("", "?"):
        print(f"  => {one_line(remedy)}")


def crossing(found: Json) -> bool:
    """Whether the explanation says that samples cross."""
    return _get(found, "crossing") is True


def versions() -> dict[str, str | None]:
    """Component to version; ``None`` where it is absent. Loads none of them."""
    from bridge import __version__

    return {
        "zenlink": __version__,
        "cyclonedds": _installed("cyclonedds"),
        "zenoh": _installed("eclipse-zenoh"),
        "rclpy": _rclpy(),
        "python": platform.python_version(),
    }


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _rclpy() -> str | None:
    found = next((version for name in _RCLPY if (version := _installed(name)) is not None), None)
    return found or ("of unknown version" if util.find_spec("rclpy") else None)


def _counts(value: Json, key: str) -> str:
    found = _get(value, key)
    pairs = found.items() if isinstance(found, dict) else ()
    return ", ".join(f"{count} {name}" for name, count in pairs)


def _slowest(routes: Json) -> list[str]:
    """The measured topics whose samples took longest from their writer to this agent."""
    measured = [
        (
            p99_ms,
            f"{_text(_get(route, 'spec'), 'direction')} {_text(_get(route, 'spec'), 'ros_name')}",
            p50_ms,
        )
        for route in _items(routes)
        for p50_ms, p99_ms in [answers.latency_ms(route)]
        if p50_ms is not None and p99_ms is not None
    ]
    slowest = nlargest(SLOWEST, measured)
    return [f"{name}: p50 {p50_ms:g} ms, p99 {p99_ms:g} ms" for p99_ms, name, p50_ms in slowest]


def _link(link: Json) -> str:
    return f"{_text(link, 'whatami')} {_text(link, 'zid')} {_text(link, 'src')} -> {_text(link, 'dst')}"
