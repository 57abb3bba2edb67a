"""`zenlink demo` as a command; tests/bridge/demo has what it does."""

from __future__ import annotations

import pytest

from bridge.cli.main import main


@pytest.mark.parametrize("arguments", [["--seconds", "0"], ["--seconds", "long"], ["now"]])
def test_bad_usage_is_exit_2(arguments, capsys):
    assert main(["demo", *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
