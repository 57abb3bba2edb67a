"""Log lines for people and for collectors."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

from bridge.cli.logs import (
    QUIET_S,
    RING_LINE_CHARS,
    RING_LINES,
    Faults,
    JsonFormatter,
    LogRing,
    TextFormatter,
)
from tests.fakes.clock import FakeClock

ROOT = Path(__file__).parents[3]


def record(message="route %s opened", args=("/chatter",), **extra) -> logging.LogRecord:
    values = {
        "name": "bridge.engine",
        "levelno": logging.INFO,
        "levelname": "INFO",
        "msg": message,
        "args": args,
    }
    return logging.makeLogRecord({**values, "created": 1767323045.678, "threadName": "engine", **extra})


def failed() -> logging.LogRecord:
    try:
        raise ValueError("boom")
    except ValueError:
        return record(exc_info=sys.exc_info())


def test_a_fault_that_repeats_is_counted_and_written_once_in_a_while():
    clock = FakeClock()
    faults = Faults(monotonic_s=clock.monotonic_s)
    assert [faults.filter(failed()) for _ in range(4)] == [True, False, False, False]
    assert all(faults.filter(record()) for _ in range(4))  # what is no fault is always written
    clock.advance(QUIET_S)
    late = failed()
    assert faults.filter(late)
    assert late.getMessage() == "route /chatter opened (3 more since the last line)"
    assert faults.counts() == (("bridge.engine", 5),)


def test_text_is_time_level_logger_message():
    line = TextFormatter().format(record())
    assert line == "2026-01-02T03:04:05.678Z INFO    bridge.engine: route /chatter opened"


def test_text_cannot_be_forged_by_a_name():
    assert "\n" not in TextFormatter().format(record(args=("/x\n2026 ERROR forged",)))


def test_text_ends_with_the_traceback():
    assert TextFormatter().format(failed()).splitlines()[-1] == "ValueError: boom"


def test_json_is_one_object_a_line_with_the_extras():
    line = JsonFormatter().format(record(args=("/x\ny",), route="egress /x", gid=b"\x01"))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-01-02T03:04:05.678Z",
        "level": "info",
        "logger": "bridge.engine",
        "thread": "engine",
        "message": "route /x\ny opened",
        "route": "egress /x",
        "gid": "b'\\x01'",
    }


def test_json_holds_the_traceback():
    line = JsonFormatter().format(failed())
    assert "\n" not in line
    assert json.loads(line)["exception"].endswith("ValueError: boom")


def test_everything_goes_to_standard_error_from_the_level_on():
    code = (
        "import logging; from bridge.cli.logs import *; setup_logging(LogFormat.JSON, LogLevel.WARNING);"
        "logging.getLogger('a').info('no'); logging.getLogger('a').warning('yes')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert done.stdout == ""
    assert [json.loads(line)["message"] for line in done.stderr.splitlines()] == ["yes"]


def test_the_last_lines_are_kept_and_no_more():
    ring = LogRing()
    for number in range(RING_LINES + 3):
        ring.filter(record("line %d", (number,)))
    kept = ring.lines()
    assert len(kept) == RING_LINES
    assert kept[0].endswith(": line 3")
    assert kept[-1].endswith(f": line {RING_LINES + 2}")


def test_a_long_line_is_kept_from_a_whole_word_on():
    ring = LogRing()
    ring.filter(record("%s", ("secret" * RING_LINE_CHARS + " the end",)))
    assert ring.lines() == ("... the end",)
