"""A configuration of ours in the making from somebody else's: values, lines, and what was left behind.

Pure. Each value is put where it belongs with the place it came from, so that a fault that our models find
names the line in the original.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.config_faults import Note, Path, key_of, nearest, shown
from bridge.config_yaml import Document
from bridge.errors import ConfigError


@dataclass(slots=True)
class Draft:
    """What has been taken over so far."""

    source: Document
    data: dict[str, object] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def put(self, path: tuple[str, ...], value: object, origin: Path) -> None:
        """Sets a key of ours.

        Args:
            path: Where it stands in our configuration.
            value: It, or what it became.
            origin: Where it stands in the source.
        """
        *sections, key = path
        section = self.data
        for name in sections:
            inner = section.setdefault(name, {})
            if not isinstance(inner, dict):
                raise TypeError(f"{name} of {key_of(path)} is no section")
            section = inner
        section[key] = value
        if line := self.source.line(origin):
            for depth in range(1, len(path)):
                self.lines.setdefault(path[:depth], line)
            self.lines[path] = line
        for below, place in self.source.lines.items():
            if below[: len(origin)] == origin:
                here: Path = (*path, *below[len(origin) :])
                self.lines[here] = place

    def add_rule(self, rule: dict[str, object], origin: Path) -> None:
        """Appends to our rules."""
        rules = self.data.setdefault("rules", [])
        if not isinstance(rules, list):
            raise TypeError("rules is no list")
        line = self.source.line(origin)
        self.lines.setdefault(("rules",), line)
        self.lines["rules", len(rules)] = line
        rules.append(rule)

    def note(self, origin: Path, text: str) -> None:
        """Tells what has no equal, or means something else here, and why."""
        line = self.source.line(origin) or 1
        self.notes.append(Note(file=self.source.file, line=line, key=key_of(origin), text=text))

    def error(self, origin: Path, problem: str, *, remedy: str) -> ConfigError:
        """A fault of the source."""
        line = self.source.line(origin) or 1
        return ConfigError(problem, remedy=remedy, file=self.source.file, line=line, key=key_of(origin))

    def section(self, origin: Path, value: object) -> dict[str, object]:
        """`value` as the object that it must be; null counts as empty.

        Raises:
            ConfigError: It is something else.
        """
        if value is None:
            return {}
        if not isinstance(value, dict):
            problem = f"expected an object, found {shown(value)}"
            raise self.error(origin, problem, remedy="write {key: value, …}")
        return value

    def check_keys(self, origin: Path, section: dict[str, object], known: tuple[str, ...]) -> None:
        """Refuses what nobody would read.

        Raises:
            ConfigError: Names the first unknown key, and the nearest known one.
        """
        for key in section:
            if key not in known:
                close = nearest(key, known)
                remedy = f"did you mean {close!r}?" if close else f"known keys here: {', '.join(known)}"
                raise self.error((*origin, key), f"unknown key {shown(key)}", remedy=remedy)

    def document(self) -> Document:
        """The result, in place of a YAML file."""
        notes = tuple(sorted(self.notes, key=lambda note: note.line))
        return Document(file=self.source.file, data=self.data, lines=self.lines, notes=notes)
