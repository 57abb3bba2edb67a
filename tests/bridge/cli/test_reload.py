"""`zenlink reload` against a real socket; tests/integration has it against an agent."""

from __future__ import annotations

import json

import pytest

from bridge.cli.main import main
from bridge.control import ControlServer
from bridge.errors import ConfigError


@pytest.fixture
def serve(tmp_path):
    """Starts an agent that answers a reload with what `handler` gives."""
    servers = []

    def start(handler) -> str:
        path = tmp_path / "zenlink" / "agent.sock"
        server = ControlServer(path, {"reload": handler})
        server.start()
        servers.append(server)
        return str(path)

    yield start
    for server in servers:
        server.close()


def answer(changes=(), restart_needed=()):
    return lambda _: {"changes": list(changes), "restart_needed": list(restart_needed)}


def test_each_difference_is_a_line(serve, capsys):
    path = serve(answer(["egress /scan: now at most 5 Hz", "egress /a: closed"], ["ros.domain_id: 0 -> 5"]))
    assert main(["reload", "--socket", path]) == 0
    assert capsys.readouterr() == (
        "egress /scan: now at most 5 Hz\negress /a: closed\nneeds a restart: ros.domain_id: 0 -> 5\n",
        "",
    )


def test_no_change_is_said_in_words(serve, capsys):
    assert main(["reload", "--socket", serve(answer())]) == 0
    assert capsys.readouterr().out == "no route changed\n"


def test_where_only_a_restart_helps_nothing_else_is_said(serve, capsys):
    assert main(["reload", "--socket", serve(answer(restart_needed=["zenoh.mode: 1 -> 2"]))]) == 0
    assert capsys.readouterr().out == "needs a restart: zenoh.mode: 1 -> 2\n"


def test_as_json_it_is_what_the_agent_said(serve, capsys):
    assert main(["reload", "--json", "--socket", serve(answer(["a"], ["b: 1 -> 2"]))]) == 0
    assert json.loads(capsys.readouterr().out) == {"changes": ["a"], "restart_needed": ["b: 1 -> 2"]}


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_bad_file_is_its_line_and_exit_2(serve, capsys, flags):
    fault = ConfigError("is not YAML", remedy="start over", file="/etc/b.yaml", line=3, key="rules")

    def refuse(_):
        raise fault

    assert main(["reload", *flags, "--socket", serve(refuse)]) == 2
    assert capsys.readouterr() == ("", "/etc/b.yaml:3: rules: is not YAML; start over\n")


def test_a_name_in_a_difference_cannot_break_its_line(serve, capsys):
    main(["reload", "--socket", serve(answer(["a\nb\x1b[31m"]))])
    assert capsys.readouterr().out == "a\\nb\\x1b[31m\n"


@pytest.mark.parametrize("said", [None, [], {}, {"changes": 5}])
def test_an_agent_of_another_version_may_say_less(serve, capsys, said):
    assert main(["reload", "--socket", serve(lambda _: said)]) == 0
    assert capsys.readouterr().out == "no route changed\n"


def test_no_agent_is_exit_3(capsys, tmp_path):
    assert main(["reload", "--socket", str(tmp_path / "no.sock")]) == 3
    assert capsys.readouterr().err.startswith("zenlink: no agent answers")
