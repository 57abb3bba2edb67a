"""`zenlink run` up to the agent; tests/integration/test_command.py has the rest."""

from __future__ import annotations

import logging

import pytest

from bridge.cli.main import main


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_LOCALHOST_ONLY", "ROS_STATIC_PEERS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--domain", "233"], "flag --domain: ros.domain_id: 233 is above 232"),
        (["--namespace", "r1"], "flag --namespace: ros.namespace: namespace 'r1'"),
        (["--mode", "routr"], "flag --mode: zenoh.mode: 'routr' is not allowed; did you mean router?"),
        (["--listen", "tcp/0.0.0.0:7447"], "flag --listen: zenoh.listen[0]: tcp/0.0.0.0:7447 accepts"),
        (
            ["--connect", "tcp/[::1]:1", "--connect", "tcp/10.0.0.1:1"],
            "flag --connect: zenoh.connect[1]: tcp/10.0.0.1:1 sends",
        ),
        (["--insecure", "--mode", "client"], "flag --mode: zenoh.mode: a client needs an endpoint"),
    ],
)
def test_a_wrong_flag_is_one_line_and_exit_2(arguments, told, capsys):
    before = logging.getLogger().handlers[:]
    assert main(["run", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    assert output.err.startswith(told)
    assert logging.getLogger().handlers == before


def test_a_wrong_environment_is_one_line_and_exit_2(capsys, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "robot")
    assert main(["run"]) == 2
    assert capsys.readouterr().err.startswith(
        "environment ROS_DOMAIN_ID: ros.domain_id: 'robot' is no domain id"
    )


def test_a_missing_certificate_is_told_before_anything_starts(capsys, tmp_path):
    file = tmp_path / "bridge.yaml"
    file.write_text("zenoh:\n  connect: [tls/router.example:7447]\n  tls: {ca: ca.pem}\n")
    assert main(["run", "-c", str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"{file}:3: zenoh.tls.ca: {tmp_path}/ca.pem: No such file")
