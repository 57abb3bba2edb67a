"""JSON5 text to plain data that still knows its lines.

Pure: text in, :class:`~bridge.config_yaml.Document` out. The library json5 reads the values; it tells no
positions, so the lines are found by a pass over the tokens of what it accepted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite

import json5

from bridge.config_faults import Path, key_of
from bridge.config_yaml import MAX_DEPTH, Document
from bridge.errors import ConfigError

MAX_CHARS = 64 * 1024
"""Without comments: far above any configuration, and all that json5 reads within seconds."""

_TOKEN = re.compile(
    r"""
    (?P<gap>   \s+ | //[^\n\r\u2028\u2029]* | /\*.*?\*/ ) |
    (?P<text>  "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' ) |
    (?P<mark>  [{}\[\]:,] ) |
    (?P<word>  [^\s{}\[\]:,"'/]+ ) |
    (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)


def parse_json5(text: str, *, file: str) -> Document:
    """The object that `text` holds.

    Args:
        text: One JSON5 document.
        file: Its name, for messages.

    Raises:
        ConfigError: It is no JSON5, or no object, or writes a key twice.
    """
    tokens = list(_tokens(text))
    # Without comments: json5 is slow, and files of this kind are mostly comments.
    bare = "".join(token.text for token in tokens)
    if len(bare) > MAX_CHARS:
        raise ConfigError(f"is larger than {MAX_CHARS} characters", remedy="name a configuration", file=file)
    places = _Places(file=file)
    for token in tokens:
        places.take(token)
    try:
        data = json5.loads(bare)
        json.dumps(data, ensure_ascii=False).encode()  # json5 lets halves of characters pass
    except (ValueError, RecursionError) as error:
        raise _syntax_error(error, file=file) from error
    if not isinstance(data, dict):
        problem = f"expected an object, found {'a list' if isinstance(data, list) else 'a single value'}"
        raise ConfigError(problem, remedy="start with { and end with }", file=file, line=1)
    document = Document(file=file, data=data, lines=places.lines)
    for path in _endless_numbers(data, ()):
        line, problem = document.line(path), "is no number that an option can have"
        raise ConfigError(problem, remedy="give a finite one", file=file, line=line, key=key_of(path))
    return document


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    """Of a gap only its line breaks, or one space."""
    line: int


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(text):
        kind, token = found.lastgroup or "other", found[0]
        breaks = token.count("\n")
        yield _Token(kind, ("\n" * breaks or " ") if kind == "gap" else token, line)
        line += breaks


@dataclass(slots=True)
class _Open:
    """An object or list that has begun and not ended."""

    path: Path
    index: int | None
    """Of the item at hand; ``None`` in an object."""
    key: str | None = None
    """Of the value at hand; ``None`` where a key comes next."""

    @property
    def here(self) -> Path:
        """Of the value at hand."""
        if self.index is not None:
            return (*self.path, self.index)
        return self.path if self.key is None else (*self.path, self.key)

    def go_on(self) -> None:
        """At a comma."""
        self.key = None
        self.index = None if self.index is None else self.index + 1


@dataclass(slots=True)
class _Places:
    """The line of each key and list item. What is no JSON5 gives nonsense, and json5 says so later."""

    file: str
    lines: dict[Path, int] = field(default_factory=dict)
    around: list[_Open] = field(default_factory=list)

    def take(self, token: _Token) -> None:
        """The next token."""
        inner = self.around[-1] if self.around else None
        if token.kind == "gap" or (token.kind == "mark" and token.text == ":"):
            return
        if token.kind == "mark" and token.text in "]}":
            self.around[-1:] = []
        elif token.kind == "mark" and token.text == ",":
            if inner is not None:
                inner.go_on()
        elif inner is not None and inner.index is None and inner.key is None:
            self._key(inner, token)
        else:
            self._value(inner, token)

    def _key(self, inner: _Open, token: _Token) -> None:
        inner.key = _key(token)
        if inner.here in self.lines:
            problem, remedy = f"written twice, first in line {self.lines[inner.here]}", "keep one of them"
            raise ConfigError(problem, remedy=remedy, file=self.file, line=token.line, key=key_of(inner.here))
        self.lines[inner.here] = token.line

    def _value(self, inner: _Open | None, token: _Token) -> None:
        if inner is not None and inner.index is not None:
            self.lines[inner.here] = token.line
        if token.kind == "mark":
            if len(self.around) > MAX_DEPTH:
                raise _too_deep(file=self.file, line=token.line)
            self.around.append(_Open(inner.here if inner else (), 0 if token.text == "[" else None))


def _key(token: _Token) -> str:
    """The key that a token stands for; escapes are json5's business."""
    if token.kind != "text":
        return token.text
    try:
        return str(json5.loads(token.text))
    except ValueError:
        return token.text


def _too_deep(*, file: str, line: int) -> ConfigError:
    return ConfigError("nested too deep", remedy="a configuration has few levels", file=file, line=line)


def _endless_numbers(value: object, path: Path) -> Iterator[Path]:
    """Where Infinity or NaN stands: JSON5 has them, no option is one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _endless_numbers(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _endless_numbers(inner, (*path, index))
    elif isinstance(value, float) and not isfinite(value):
        yield path


_PLACE = re.compile(r"<string>:(?P<line>\d+) (?P<problem>.*?)(?: at column \d+)?", re.DOTALL)


def _syntax_error(error: ValueError | RecursionError, *, file: str) -> ConfigError:
    if isinstance(error, RecursionError):  # of operators and brackets that are no JSON5
        return _too_deep(file=file, line=1)
    found = _PLACE.fullmatch(str(error))
    line, problem = (int(found["line"]), found["problem"]) if found else (1, str(error))
    remedy = "check commas, quotes and brackets"
    return ConfigError(f"is not JSON5: {problem}", remedy=remedy, file=file, line=line)
