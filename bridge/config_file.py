"""Reads a configuration file: YAML of ours, or JSON5 of zenoh-bridge-ros2dds.

The one place that opens a configuration; what its content means is decided elsewhere.
"""

from __future__ import annotations

from pathlib import Path

from bridge.config_yaml import NO_DOCUMENT, Document, parse_document
from bridge.errors import ConfigError

MAX_FILE_BYTES = 1 << 20
"""1 MiB: a thousand times our own files; keeps a wrong path (a disk, a log) from being read whole."""


def read_file(path: Path | None, *, mode: str | None = None) -> Document:
    """What a file holds, by the end of its name.

    Args:
        path: ``None`` for no file at all.
        mode: The mode that the command line gives, for JSON5 files that differ by mode.

    Raises:
        ConfigError: It cannot be read, or is neither.
    """
    if path is None:
        return NO_DOCUMENT
    if path.suffix == ".json5":
        return import_file(path, mode=mode)
    return parse_document(_text(path), file=str(path))


def import_file(path: Path, *, mode: str | None = None) -> Document:
    """What a JSON5 file of zenoh-bridge-ros2dds holds, in our words, whatever its name.

    Raises:
        ConfigError: It cannot be read, or is none.
    """
    from bridge.config_import import import_document  # noqa: PLC0415 - an agent starts sooner without it

    return import_document(_text(path), file=str(path), folder=Path.cwd(), mode=mode)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except IsADirectoryError as error:
        raise ConfigError("is a directory", remedy="name the file in it", file=str(path)) from error
    except FileNotFoundError as error:
        raise ConfigError("does not exist", remedy="check the path", file=str(path)) from error
    except OSError as error:
        remedy = "check the path and its permissions"
        raise ConfigError(f"cannot be read: {error.strerror}", remedy=remedy, file=str(path)) from error
    if len(content) > MAX_FILE_BYTES:
        problem = f"is larger than {MAX_FILE_BYTES} bytes"
        raise ConfigError(problem, remedy="name a configuration file", file=str(path))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise ConfigError(problem, remedy="save the file as UTF-8", file=str(path), line=line) from error
