"""The screen of `zenlink status --watch`: what is wrong first, then links, then routes with their rates.

The answers come from another process, perhaps of another version, and hold names that anybody chose: a
missing part shows as ``?``, and no name steers the terminal.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bridge.cli import answers, views
from bridge.cli.links import figure, link_rows
from bridge.cli.output import duration, one_line
from bridge.core.jsonform import Json

if TYPE_CHECKING:
    from bridge.cli.statuswatch import Answer, Asker

MAX_FINDINGS, MAX_LINKS = 5, 8
"""Lines; of more than that the rest is counted."""
TYPES_FROM_COLUMNS = 110
"""Of the terminal."""
_ROUTE_COLUMNS = ("STATE", "WAY", "NAME", "TYPE", "msg/s", "P50 ms", "P99 ms", "MESSAGES", "DROPS", "LOST")
_CUT_FIRST = ("NAME", "TYPE", "TO")
_LOOK_S = 0.1
"""How soon a new size of the terminal is seen."""
_STYLES = {
    "error": "bold red",
    "warning": "yellow",
    "info": "dim",
    "active": "green",
    "idle": "dim",
    "failed": "bold red",
    "qos_conflict": "bold red",
    "not_allowed": "yellow",
    "met": "green",
    "missed": "yellow",
    "silent": "bold red",
    "down": "bold red",
}
_BAD_FIRST = ("failed", "qos_conflict", "not_allowed", "active")

Key = tuple[str, str, str]
"""Way, key expression and kind of a route."""


class Rates:
    """Messages a second of each route, between two answers."""

    def __init__(self) -> None:
        self._before: dict[Key, int] = {}
        self._before_s = 0.0

    def take(self, routes: Json, now_s: float) -> dict[Key, float]:
        """The rates since the last answer; a route that is new or was opened again has none yet."""
        counts = {
            _key(route): count for route in answers.items(routes) if (count := _count(route)) is not None
        }
        span_s = now_s - self._before_s
        found = {
            key: (count - before) / span_s
            for key, count in counts.items()
            if (before := self._before.get(key)) is not None and count >= before and span_s > 0
        }
        self._before, self._before_s = counts, now_s
        return found


def show(first: Answer, asker: Asker, stop: threading.Event) -> None:
    """Keep the screen up to date, also with its size, until ``stop``. The shell's screen comes back then."""
    console, rates = Console(), Rates()
    answer, shown = first, rates.take(first.routes, first.taken_s)
    trouble, size = "", None
    with Live(console=console, screen=True, auto_refresh=False) as live:
        fresh = True
        while not stop.is_set():
            now = shutil.get_terminal_size()
            if fresh or now != size:
                size = now
                width, height = console.size
                picture = screen(
                    answer.info, answer.routes, shown, width=width, height=height, trouble=trouble
                )
                live.update(picture, refresh=True)
            latest = asker.answer(_LOOK_S)
            fresh = latest is not None
            if latest is None:
                continue
            trouble = "" if latest.error is None else str(latest.error)
            if latest.error is None:
                answer, shown = latest, rates.take(latest.routes, latest.taken_s)


def screen(
    info: Json, routes: Json, rates: Mapping[Key, float], *, width: int, height: int, trouble: str = ""
) -> Group:
    """One picture of at most `height` lines; types are left out where there is no room beside the names."""
    columns = [name for name in _ROUTE_COLUMNS if name != "TYPE" or width >= TYPES_FROM_COLUMNS]
    head = [_head(info), *([_line(f"trying again: {trouble}", "bold red")] if trouble else [])]
    findings = _findings(info)
    links = _links(info)
    parts: list[Text | Table] = []
    left = height
    for lines in (head, findings):
        parts += lines[:left]
        left -= len(lines[:left])
    for table, rows, most in (
        (_link_table(), links, MAX_LINKS),
        (_table(columns, numbers=6), _routes(routes, rates, columns), height),
    ):
        if left < 3:  # an empty line, the headings and a row
            break
        room = min(left - 2, most)
        kept = rows if len(rows) <= room else rows[: room - 1]
        for row in kept:
            table.add_row(*row)
        parts += [Text(""), table]
        left -= 2 + len(kept)
        if len(rows) > len(kept):
            parts.append(_line(f"and {len(rows) - len(kept)} more", "dim"))
            left -= 1
    return Group(*parts)


def _head(info: Json) -> Text:
    ready = views.readiness(info)
    uptime_s = answers.get(info, "uptime_s")
    up = duration(uptime_s) if isinstance(uptime_s, (int, float)) else "?"
    line = _line(f"zenlink {answers.text(info, 'version')} ", "bold")
    line.append(one_line(str(ready)), "green" if ready.ready else "bold red")
    bridges = len(answers.items(answers.get(info, "peers")))
    line.append(
        one_line(
            f", up {up}, domain {answers.text(info, 'domain_id')}, {answers.text(info, 'mode')} "
            f"{answers.text(info, 'zid')}, {bridges} bridge{'' if bridges == 1 else 's'}"
        )
    )
    return line


def _findings(info: Json) -> list[Text]:
    found = answers.items(info, "findings")
    if not found:
        return [_line("no findings", "green")]
    lines = [
        _line(
            f"{answers.text(one, 'severity')} {answers.text(one, 'code')} [{answers.text(one, 'subject')}]: "
            f"{answers.text(one, 'text')}; {answers.text(one, 'remedy')}",
            _STYLES.get(answers.text(one, "severity"), ""),
        )
        for one in found
    ]
    if len(lines) <= MAX_FINDINGS:
        return lines
    return [*lines[: MAX_FINDINGS - 1], _line(f"and {len(lines) - MAX_FINDINGS + 1} more findings", "dim")]


def _links(info: Json) -> list[list[Text]]:
    """A row for each link, and for each endpoint that should have one."""
    return [
        _cells(row.state, row.to, row.zid[:12], *map(figure, (row.rtt_p50_ms, row.rtt_p99_ms, row.limit_ms)))
        for row in link_rows(info, now_s=time.time())
    ]


def _routes(routes: Json, rates: Mapping[Key, float], columns: Sequence[str]) -> list[list[Text]]:
    """What does not cross first, then by rate; of each what the columns want."""

    def order(route: Json) -> tuple[int, float, str]:
        word = answers.route_word(route)
        place = _BAD_FIRST.index(word) if word in _BAD_FIRST else len(_BAD_FIRST)
        return place, -rates.get(_key(route), 0.0), answers.text(answers.get(route, "spec"), "ros_name")

    rows = []
    for route in sorted(answers.items(routes), key=order):
        spec, counters, rate = (
            answers.get(route, "spec"),
            answers.get(route, "counters"),
            rates.get(_key(route)),
        )
        rows.append(
            _cells(
                answers.route_word(route),
                answers.text(spec, "direction"),
                answers.text(spec, "ros_name"),
                *([answers.text(route, "ros_type")] if "TYPE" in columns else []),
                "" if rate is None else f"{rate:.1f}",
                *answers.latency_texts(route),
                answers.text(counters, "messages"),
                answers.total(counters, "drops"),
                answers.total(counters, "lost"),
            )
        )
    return rows


def _link_table() -> Table:
    return _table(("LINK", "TO", "NEIGHBOUR", "RTT P50 ms", "P99 ms", "ONE-WAY LIMIT ms"), numbers=3)


def _table(columns: Sequence[str], *, numbers: int) -> Table:
    """Each row on one line; where the terminal is narrow, names are cut before anything else is.

    Args:
        columns: The headings.
        numbers: So many of the last ones are set flush right.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        right = index >= len(columns) - numbers
        table.add_column(
            column,
            justify="right" if right else "left",
            no_wrap=column
            not in _CUT_FIRST,  # for rich what may wrap gives way; the cells themselves never do
            overflow="ellipsis",
        )
    return table


def _cells(state: str, *texts: str) -> list[Text]:
    return [_line(state, _STYLES.get(state, "")), *map(_line, texts)]


def _line(text: str, style: str = "") -> Text:
    return Text(one_line(text), style, no_wrap=True, overflow="ellipsis")


def _key(route: Json) -> Key:
    spec = answers.get(route, "spec")
    return answers.text(spec, "direction"), answers.text(spec, "key_expr"), answers.text(spec, "kind")


def _count(route: Json) -> int | None:
    count = answers.get(answers.get(route, "counters"), "messages")
    return count if isinstance(count, int) else None
