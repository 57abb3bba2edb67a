"""How answers look: one JSON object, a table, one line; plain wherever nobody is looking."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from bridge.core.jsonform import Json


def print_json(value: Json, *, one_a_line: bool = False) -> None:
    """One JSON value on standard output, indented unless it is one of many."""
    text = json.dumps(value, ensure_ascii=False, indent=None if one_a_line else 2)
    print(text, flush=one_a_line)


def one_line(text: str) -> str:
    """`text` with whatever could break the line, or steer the terminal, written as an escape."""
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[str] = ()
) -> None:
    """Rows under their headings: folded to the terminal, or whole and plain in a pipe.

    Args:
        columns: The headings.
        rows: One text a column.
        numbers: The headings whose column is set flush right.
    """
    safe = [[one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_folded(columns, safe, numbers)
    else:
        _print_plain(columns, safe, numbers)


def _print_folded(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: a name is no markup
    Console().print(table)  # obeys NO_COLOR and the width of the terminal


def _print_plain(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str]) -> None:
    lines = [columns, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        cells = [
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ]
        print("  ".join(cells).rstrip())


def duration(seconds: float) -> str:
    """A span of time as people say it, e.g. ``2 h 5 min``."""
    whole = int(seconds)
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for unit, length_s in units:
        count, whole = divmod(whole, length_s)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
