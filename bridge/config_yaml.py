"""YAML text to plain data that still knows its lines.

Pure: text in, :class:`Document` out. Aliases work; merge keys and tags of applications do not,
since a configuration should read as what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from bridge.config_faults import Note, Path, key_of, shown
from bridge.errors import ConfigError

MAX_NODES = 100_000
"""Values in one file, aliases expanded: far above any configuration, far below what aliases could build."""
MAX_DEPTH = 50
"""Levels of nesting; the configuration itself has four."""

_PLAIN = "tag:yaml.org,2002:"
_AS_WRITTEN = frozenset({f"{_PLAIN}str", f"{_PLAIN}timestamp"})  # a date in a configuration is text
_CONSTRUCTED = frozenset({f"{_PLAIN}{kind}" for kind in ("null", "bool", "int", "float")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The content of one file."""

    file: str
    """Its name as given; empty when there is none."""
    data: Mapping[str, object]
    lines: Mapping[Path, int]
    """Line of each key or list item, from 1."""
    notes: tuple[Note, ...] = ()
    """What it asks for and cannot have, where it is another program's configuration."""

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it; 0 when nothing is known."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 0


NO_DOCUMENT = Document(file="", data={}, lines={})
"""No file at all: every default."""


def parse_document(text: str, *, file: str) -> Document:
    """The mapping that `text` holds.

    Args:
        text: One YAML document.
        file: Its name, for messages.

    Raises:
        ConfigError: It is no YAML, or no mapping, or writes a key twice.
    """
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        raise _syntax_error(error, file=file) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"character U+{ord(text[error.position]):04X} is not allowed in YAML"
        raise ConfigError(problem, remedy="remove it", file=file, line=line) from error
    except (YAMLError, RecursionError, ValueError) as error:
        problem = f"is not YAML: {' '.join(str(error).split())[:100]}"
        raise ConfigError(
            problem, remedy="start from configs/bridge.reference.yaml", file=file, line=1
        ) from error
    walk = _Walk(yaml=yaml, file=file)
    data = None if root is None else walk.value(root, ())
    if data is None:  # an empty file, or comments only: every default
        return Document(file=file, data={}, lines={})
    if not isinstance(data, dict):
        problem = (
            f"expected `key: value` lines, found a {'list' if isinstance(data, list) else 'single value'}"
        )
        raise ConfigError(problem, remedy="start with `ros:` or `zenoh:`", file=file, line=_line(root))
    return Document(file=file, data=data, lines=walk.lines)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


@dataclass(slots=True)
class _Walk:
    """One pass over the nodes of a file."""

    yaml: YAML
    file: str
    lines: dict[Path, int] = field(default_factory=dict)
    nodes: int = 0
    open: list[Node] = field(default_factory=list)
    """From the root to the node at hand: an alias to one of them would never end."""

    def value(self, node: Node, path: Path) -> object:
        """The plain value of `node`; notes the lines below it."""
        self.nodes += 1
        if self.nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise self._error(
                "too many values, or nested too deep", "write less, with fewer aliases", node, path
            )
        if any(node is outer for outer in self.open):
            raise self._error("an alias to something around it", "write the value out", node, path)
        self.open.append(node)
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, path)
            if isinstance(node, SequenceNode):
                return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self.open.pop()

    def _item(self, node: Node, path: Path) -> object:
        self.lines[path] = _line(node)
        return self.value(node, path)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            here = (*path, key)
            if key in found:
                problem = f"written twice, first in line {self.lines[here]}"
                raise self._error(problem, "keep one of them", key_node, here)
            self.lines[here] = _line(key_node)
            found[key] = self.value(value_node, here)
        return found

    def _key(self, node: Node, path: Path) -> str:
        if isinstance(node, ScalarNode) and node.tag == f"{_PLAIN}merge":
            raise self._error("merge keys are not supported", "write the keys out", node, (*path, "<<"))
        key = self.value(node, path)
        if not isinstance(key, str):
            raise self._error(f"key {shown(key)} is not text", "put it in quotes", node, path)
        return key

    def _scalar(self, node: Node, path: Path) -> object:
        if node.tag in _AS_WRITTEN:
            return node.value
        if node.tag not in _CONSTRUCTED:
            raise self._error(f"tag {node.tag} is not supported", "remove it", node, path)
        try:
            return self.yaml.constructor.construct_object(node)
        except (YAMLError, ValueError) as error:
            raise self._error(
                f"{shown(node.value)} cannot be read", "put it in quotes", node, path
            ) from error

    def _error(self, problem: str, remedy: str, node: Node, path: Path) -> ConfigError:
        return ConfigError(problem, remedy=remedy, file=self.file, line=_line(node), key=key_of(path))


_REMEDIES = (
    ("'\\t'", "indent with spaces, never with tabs"),
    ("another document", "keep one document in a file: remove the second `---`"),
    ("undefined alias", "define it before with &, or put a text that begins with * in quotes"),
    ("mapping values are not allowed", "check the indentation, or put a text that holds `: ` in quotes"),
    ("cannot start any token", "put the value in quotes"),
    ("end of stream", "close the quote"),
    ("stream end", "close the bracket"),
    ("expected ',' or", "close the bracket, and put commas between the items"),
    ("expected <block end>", "indent the lines of one section alike"),
    ("could not find expected ':'", "write `key: value`"),
)
"""Part of a message of ruamel.yaml to what a person should do about it."""


def _syntax_error(error: MarkedYAMLError, *, file: str) -> ConfigError:
    problem = " ".join(str(error.problem or error.context or "is not YAML").split()).removeprefix("but ")
    mark = error.problem_mark or error.context_mark
    if "end of stream" in problem or "stream end" in problem:
        mark = error.context_mark or mark  # where the quote or bracket was opened
    remedy = next(
        (text for part, text in _REMEDIES if part in problem), "check quotes, brackets and indentation"
    )
    return ConfigError(problem, remedy=remedy, file=file, line=mark.line + 1 if mark else 1)
