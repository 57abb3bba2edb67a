"""Zenoh's own log, turned from standard output into ours, with refused handshakes counted.

The wheel has one log function, which writes to the descriptor of standard output; there it would corrupt
`--json` (design, fact 17). So the descriptor is turned aside into a pipe that a thread reads.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import zenoh

from bridge.core.jsonform import Counts
from bridge.core.zenohlog import MAX_MESSAGE_CHARS, LogLine, parse_log_line, refusal, without_secrets

log = logging.getLogger(__name__)

_STDOUT = 1
_DEFAULT_FILTER = "warn"
"""Unless RUST_LOG says more."""
_REPEAT_S = 60.0
"""The same message again within that time is only counted: anybody can make a listener complain."""
_MAX_REMEMBERED = 256
_JOIN_S = 5.0
_LEVELS = {
    "TRACE": logging.DEBUG,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
}


class ZenohLog:
    """Takes lines of Zenoh's log, one at a time. Thread: zenoh-log writes, any reads the counts."""

    def __init__(self) -> None:
        self._refused: Counter[str] = Counter()
        self._last_s: dict[str, float] = {}
        self._held: Counter[str] = Counter()

    def refused(self) -> Counts:
        """Handshakes on our listeners that came to nothing, by cause. Thread: any."""
        return tuple(sorted(self._refused.copy().items()))

    def take(self, text: str, *, now_s: float) -> None:
        """One line as Zenoh wrote it."""
        line = parse_log_line(text)
        if line is None:
            if rest := without_secrets(text.strip())[:MAX_MESSAGE_CHARS]:
                self._write(LogLine(level="WARN", target="stdout", message=rest), now_s)
            return
        cause = refusal(line)
        if cause is not None:
            self._refused[cause.value] += 1
        self._write(line, now_s)

    def _write(self, line: LogLine, now_s: float) -> None:
        # Ports, times and ids make each of a thousand equal complaints look like a new one.
        kind = f"{line.target} {re.sub('[0-9]+', '#', line.message)}"
        last_s = self._last_s.get(kind)
        if last_s is not None and now_s - last_s < _REPEAT_S:
            self._held[kind] += 1
            return
        if len(self._last_s) >= _MAX_REMEMBERED and kind not in self._last_s:
            self._last_s.clear()
            self._held.clear()
        self._last_s[kind] = now_s
        held = self._held.pop(kind, 0)
        more = f" ({held} more like it since the last)" if held else ""
        log.log(_LEVELS[line.level], "%s: %s%s", line.target, line.message, more)


@contextmanager
def captured_log() -> Iterator[ZenohLog]:
    """Within it, whatever Zenoh would print goes to our log. Once a process.

    Thread: main, before the first session.
    """
    taken = ZenohLog()
    sys.stdout.flush()
    kept = os.dup(_STDOUT)
    reading, writing = os.pipe()
    os.dup2(writing, _STDOUT)
    os.close(writing)
    reader = threading.Thread(target=_read, args=(reading, taken), name="zenoh-log", daemon=True)
    reader.start()
    zenoh.init_log_from_env_or(_DEFAULT_FILTER)
    try:
        yield taken
    finally:
        sys.stdout.flush()
        os.dup2(kept, _STDOUT)  # the last writing end of the pipe: the reader sees its end
        os.close(kept)
        reader.join(_JOIN_S)
        if reader.is_alive():
            log.error("thread %s did not end within %s s", reader.name, _JOIN_S)


def _read(descriptor: int, taken: ZenohLog) -> None:
    """Thread: zenoh-log. Reads to the end, whatever happens: a full pipe would stop Zenoh."""
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        rest = b""
        while chunk := stream.read(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                try:
                    taken.take(line.decode(errors="replace"), now_s=time.monotonic())
                except Exception:
                    log.exception("a line of Zenoh's log could not be handled")
            if len(rest) > 1 << 16:
                rest = b""  # nobody's line is that long
        if rest:
            taken.take(rest.decode(errors="replace"), now_s=time.monotonic())
