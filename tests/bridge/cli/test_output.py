"""Tables on a terminal and in a pipe."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli.output import duration, one_line, print_json

ROOT = Path(__file__).parents[3]
SCRIPT = """
from bridge.cli.output import print_table
print_table(("NAME", "N"), [("/[bold]robot/" + "long_name/" * 12, "1"), ("/x", "22")], numbers=("N",))
"""


def on_a_terminal(**env) -> str:
    """What `SCRIPT` prints on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    clean = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=theirs,
        cwd=ROOT,
        env={**clean, "TERM": "xterm-256color", "COLUMNS": "80", **env},
    )
    os.close(theirs)
    chunks = []
    try:
        while chunk := os.read(ours, 4096):
            chunks.append(chunk)
    except OSError:  # Linux: EIO when the other end is closed
        pass
    os.close(ours)
    assert child.wait(30) == 0
    return b"".join(chunks).decode()


def in_a_pipe() -> str:
    command = [sys.executable, "-c", SCRIPT]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=ROOT).stdout


def test_a_terminal_gets_80_columns_and_the_whole_name():
    text = on_a_terminal(NO_COLOR="1")
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 80 for line in text.splitlines())
    assert text.count("_") == 12
    assert "[bold]" in text, "a name is no markup"


def test_colour_only_where_it_is_wanted():
    """NO_COLOR forbids colours (no-color.org); bold is none."""
    assert "\x1b[" in on_a_terminal()
    assert "\x1b[3" not in on_a_terminal(NO_COLOR="1")


def test_a_pipe_gets_plain_whole_lines():
    lines = in_a_pipe().splitlines()
    assert lines[1] == "/[bold]robot/" + "long_name/" * 12 + "   1"
    assert lines[2].split() == ["/x", "22"]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3723, "1 h 2 min"),
        (90_000, "1 d 1 h"),
        (86_401, "1 d 1 s"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "line"), [("a\nb", "a\\nb"), ("\x1b[0m", "\\x1b[0m"), ("ü /x", "ü /x"), ("\u2028", "\\u2028")]
)
def test_one_line_is_one_line(text, line):
    assert one_line(text) == line


def test_json_of_many_is_one_a_line(capsys):
    print_json({"a": ["ü"]}, one_a_line=True)
    print_json({"a": ["ü"]})
    assert capsys.readouterr().out == '{"a": ["ü"]}\n{\n  "a": [\n    "ü"\n  ]\n}\n'
