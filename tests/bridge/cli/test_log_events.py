"""Every line of the log is documented, with its level, and nothing is documented that is not written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_PAGE = _ROOT / "docs" / "logging.md"
_ROW = re.compile(r"^\| (?P<ticks>`+)(?P<line>.+?)(?P=ticks) \| (?P<level>[a-z ]+) \| .+ \|$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"%[.0-9]*[sdf]")
_LOGGERS = {"log", "_log", "_LOG"}
_LEVELS = {"info": "info", "warning": "warning", "error": "error", "log": "its own"}


def documented() -> set[tuple[str, str]]:
    """(line, level) of each row."""
    return {(row["line"], row["level"]) for row in _ROW.finditer(_PAGE.read_text(encoding="utf-8"))}


def written() -> set[tuple[str, str]]:
    """The same of the sources, but for the demo, which has no log of an agent."""
    return {
        event
        for part in ("bridge", "netopt")
        for file in (_ROOT / part).rglob("*.py")
        for event in _events(file)
    }


def _events(file: Path) -> Iterator[tuple[str, str]]:
    if "demo" in file.parts:
        return
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=level), args=args) if (
                name in _LOGGERS and level in _LEVELS
            ):
                text = args[level == "log"]  # which has the level first
                assert isinstance(text, ast.Constant), f"{file}: {ast.unparse(node)}: no constant text"
                yield _PLACEHOLDER.sub("…", str(text.value)), _LEVELS[level]


def test_every_line_is_documented_and_every_documented_one_is_written() -> None:
    assert written() - documented() == set(), "not in docs/logging.md"
    assert documented() - written() == set(), "documented, but nobody writes it"


def test_the_sources_have_events_at_all() -> None:
    assert len(written()) > 40
