"""The command as a whole: help, exit codes, one line an error."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bridge import __version__
from bridge.cli.main import _report, main

ROOT = Path(__file__).parents[3]
COMMANDS = ("run", "demo", "config", "status", "routes", "nodes", "explain", "reload", "version")
HEAVY = ("cyclonedds", "zenoh", "pydantic", "rclpy", "ruamel")


def zenlink(*arguments, **kwargs) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "bridge", *arguments]
    kwargs = {"capture_output": True, "text": True, "timeout": 60, "cwd": ROOT} | kwargs
    return subprocess.run(command, check=False, **kwargs)


def said(capsys) -> str:
    """The one line on standard error."""
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.endswith("\n")
    assert len(output.err.splitlines()) == 1, output.err
    return output.err


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {command} " in text for command in COMMANDS)
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("command", [[name] for name in COMMANDS] + [["config", "check"], ["config", "show"]])
def test_every_command_has_help_within_80_columns(command, capsys):
    assert main([*command, "--help"]) == 0
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines())


def test_without_a_command_the_help_is_shown_as_bad_usage(capsys):
    assert main([]) == 2
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize("flag", ["--version"])
def test_the_version(flag, capsys):
    assert main([flag]) == 0
    assert capsys.readouterr().out == f"zenlink {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["dance"], "zenlink: No such command 'dance'; see"),
        (["run", "--dance"], "zenlink run: No such option: --dance"),
        (["run", "--domain", "x"], "zenlink run: Invalid value for '--domain'"),
        (["run", "--log-format", "xml"], "zenlink run: Invalid value for '--log-format'"),
        (["explain"], "zenlink explain: Missing argument 'NAME'; see"),
        (["config"], "zenlink config: Missing command; see"),
        (["status", "--domain", "233"], "zenlink status: Invalid value for '--domain'"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(arguments, told, capsys):
    assert main(arguments) == 2
    line = said(capsys)
    assert line.startswith(told)
    assert line.endswith("--help`\n")


def test_a_configuration_error_is_exit_2(capsys, tmp_path):
    assert main(["run", "-c", str(tmp_path / "no.yaml")]) == 2
    assert said(capsys) == f"{tmp_path}/no.yaml: does not exist; check the path\n"


def test_a_wrong_place_is_exit_3_with_the_remedy(capsys, tmp_path):
    assert main(["status", "--socket", str(tmp_path / "no.sock")]) == 3
    assert said(capsys).startswith(f"zenlink: no agent answers at {tmp_path}/no.sock")


def test_an_error_cannot_write_a_second_line(capsys, tmp_path):
    assert main(["status", "--socket", str(tmp_path / "a\nb\x1b[31m")]) == 3
    assert "a\\nb\\x1b[31m" in said(capsys)


@pytest.mark.parametrize("position", [0, 1, 3])
def test_debug_adds_the_traceback_wherever_it_stands(position, capsys, tmp_path):
    arguments = ["status", "--socket", str(tmp_path / "no.sock")]
    arguments.insert(position, "--debug")
    assert main(arguments) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1].startswith("zenlink: no agent answers")


def test_without_debug_even_the_unexpected_is_one_line(capsys):
    assert _report(RuntimeError("two\nlines"), debug=False) == 3
    told = "zenlink: unexpected RuntimeError: two\\nlines; run it again with --debug and report it\n"
    assert said(capsys) == told


def test_a_closed_pipe_ends_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    done = zenlink("config", "schema", capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_utf8_is_no_reason_to_fail(tmp_path):
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = zenlink("status", "--socket", str(tmp_path / "ü.sock"), env=env)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1


def test_help_is_there_at_once_and_loads_no_library():
    code = f"import sys, bridge.cli.main; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert done.stdout == "[]\n"
    # Of the processor, and the best of five: a busy machine is slow, a heavy import costs it every time.
    assert min(cpu_s_for_help() for _ in range(5)) < 0.8


def cpu_s_for_help() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert zenlink("--help").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_an_agent_does_not_import_what_only_other_commands_need() -> None:
    code = (
        "import sys; from bridge.cli.main import main; main(['run', '--help']); "
        "print([name for name in ('bridge.cli.tune', 'bridge.cli.certs', 'netopt.core.plan') "
        "if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Usage: zenlink run" in told.stdout
    assert told.stdout.splitlines()[-1] == "[]"
