"""Log lines of the agent on standard error: text for people, one JSON object a line for collectors."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timezone
from enum import Enum

from bridge.cli.output import one_line
from bridge.core.jsonform import Counts

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; anything else came by ``extra=``."""

RING_LINES = 2000
"""Lines that are kept for a support bundle."""
RING_LINE_CHARS = 4000
"""Of a longer one, such as a traceback, the last words are kept."""
QUIET_S = 10.0
"""How long a fault that was logged is only counted."""


class LogFormat(str, Enum):
    """Who reads the log."""

    TEXT = "text"
    JSON = "json"


class LogLevel(str, Enum):
    """The least severe lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def setup_logging(log_format: LogFormat, level: LogLevel) -> tuple[Faults, LogRing]:
    """Sends every log line of the process to standard error, in place of what was set up before.

    Returns:
        What counts the faults among them, and where the last of them can be read again.
    """
    handler, faults, ring = logging.StreamHandler(sys.stderr), Faults(), LogRing()
    handler.setFormatter(JsonFormatter() if log_format is LogFormat.JSON else TextFormatter())
    handler.addFilter(faults)
    handler.addFilter(ring)  # behind the other: it keeps what is written
    logging.basicConfig(level=level.value.upper(), handlers=[handler], force=True)
    return faults, ring


class Faults(logging.Filter):
    """Counts the lines with a traceback: exceptions that nobody foresaw, caught where the work goes on.

    One that comes back within :data:`QUIET_S` from the same place is only counted, or a fault in the path of
    messages would fill the disk. Thread: any.
    """

    def __init__(self, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._by_logger: Counter[str] = Counter()
        self._quiet: dict[tuple[str, int], tuple[float, int]] = {}
        """By place in the source: until when it is quiet, and how many were left out."""

    def counts(self) -> Counts:
        """(logger, faults) since the start."""
        with self._lock:
            return tuple(sorted(self._by_logger.items()))

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.exc_info is None:
            return True
        now_s, place = self._monotonic_s(), (record.pathname, record.lineno)
        with self._lock:
            self._by_logger[record.name] += 1
            until_s, left_out = self._quiet.get(place, (0.0, 0))
            shown = now_s >= until_s
            self._quiet[place] = (now_s + QUIET_S, 0) if shown else (until_s, left_out + 1)
        if shown and left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more since the last line)", ()
        return shown


class LogRing(logging.Filter):
    """Keeps the last lines of the log as text, at most 8 MB, and lets all of them pass. Thread: any."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=RING_LINES)
        self._formatter = TextFormatter()

    def lines(self) -> tuple[str, ...]:
        """Those kept, the oldest first."""
        with self._lock:
            return tuple(self._lines)

    def filter(self, record: logging.LogRecord) -> bool:
        """True; keeps the line."""
        try:
            line = _last_words(self._formatter.format(record))
        except (TypeError, ValueError):  # arguments that do not fit: whoever writes the line tells it
            return True
        with self._lock:
            self._lines.append(line)
        return True


class TextFormatter(logging.Formatter):
    """``2026-01-02T03:04:05.678Z INFO    bridge.engine: message``; no name can break the line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; a traceback follows on lines of its own."""
        head = f"{_time(record)} {record.levelname:<7} {record.name}: {one_line(record.getMessage())}"
        return head if record.exc_info is None else f"{head}\n{self.formatException(record.exc_info)}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line, what was given by ``extra=`` beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; a traceback is the text ``exception``."""
        entry: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        entry |= {
            key: value for key, value in vars(record).items() if key not in _STANDARD and key not in entry
        }
        if record.exc_info is not None:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def _last_words(text: str) -> str:
    """Whole words: half of a password would not be recognised as one."""
    return text if len(text) <= RING_LINE_CHARS else f"... {text[-RING_LINE_CHARS:].partition(' ')[2]}"


def _time(record: logging.LogRecord) -> str:
    stamp = datetime.fromtimestamp(record.created, timezone.utc)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
