"""`zenlink config`: what it prints and how it exits; tests/configs has the faults."""

from __future__ import annotations

import json

import pytest

from bridge.cli.main import main

ENVIRONMENT = ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_LOCALHOST_ONLY", "ROS_STATIC_PEERS")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in (*ENVIRONMENT, "CYCLONEDDS_URI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> str:
        file = tmp_path / "bridge.yaml"
        file.write_text(text)
        return str(file)

    return write


def test_a_good_file_is_called_good(write, capsys):
    file = write("ros:\n  domain_id: 5\n")
    assert main(["config", "check", file]) == 0
    assert capsys.readouterr() == (f"{file}: good\n", "")


def test_every_fault_has_its_line(write, capsys):
    assert main(["config", "check", write("ros:\n  domain_id: 999\n  foo: 1\nbar: 1\n")]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert [line.split(":")[1] for line in output.err.splitlines()] == ["2", "3", "4"]


def test_faults_as_json(write, capsys):
    file = write("ros:\n  domian_id: 1\n")
    assert main(["config", "check", "--json", file]) == 2
    output = capsys.readouterr()
    assert output.err == ""
    assert json.loads(output.out) == {
        "file": file,
        "good": False,
        "faults": [
            {
                "file": file,
                "line": 2,
                "key": "ros.domian_id",
                "problem": "unknown key 'domian_id'",
                "remedy": "did you mean 'domain_id'?",
            }
        ],
    }


def test_a_key_with_a_line_break_stays_on_one_line(write, capsys):
    main(["config", "check", write('"a\\nb\\e[31m": 1\n')])
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_environment_cannot_hide_a_fault_of_the_file(write, capsys, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "5")
    assert main(["config", "check", write("ros:\n  domain_id: 999\n")]) == 2


def test_absent_certificates_are_a_fault_here_but_not_elsewhere(write, capsys):
    file = write("zenoh:\n  tls: {ca: ca.pem}\n")
    assert main(["config", "check", file]) == 2
    assert ":2: zenoh.tls.ca: " in capsys.readouterr().err
    assert main(["config", "check", "--no-files", file]) == 0


def test_an_option_that_zenoh_does_not_know_is_a_fault(write, capsys):
    file = write("zenoh:\n  extra:\n    transport:\n      unicast:\n        opentimeout: 1\n")
    assert main(["config", "check", file]) == 2
    error = capsys.readouterr().err
    assert error.startswith(
        f"{file}: zenoh.extra: Zenoh does not accept an option: unknown field `opentimeout`"
    )


def test_clear_text_needs_insecure(write, capsys):
    file = write("zenoh:\n  connect: [tcp/10.0.0.1:7447]\n")
    assert main(["config", "check", file]) == 2
    assert main(["config", "check", "--insecure", file]) == 0


def test_show_tells_each_value_and_where_it_is_from(write, capsys, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "7")
    file = write("ros:\n  namespace: /r1\nrules:\n  - {match: {name: /x}, allow: false}\n")
    assert main(["config", "show", file]) == 0
    told = dict(line.split("  # ") for line in capsys.readouterr().out.splitlines())
    found = {value.strip(): origin for value, origin in told.items()}
    assert found["ros.domain_id: 7"] == "environment ROS_DOMAIN_ID"
    assert found['ros.namespace: "/r1"'] == f"file {file}:2"
    assert found['zenoh.listen: ["tcp/127.0.0.1:7447"]'] == "default"
    assert found['rules[0]: {"match": {"name": "/x"}, "allow": false}'] == f"file {file}:4"


def test_show_without_a_file_is_every_default(capsys):
    assert main(["config", "show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.endswith("  # default") for line in lines)


def test_show_as_json(write, capsys):
    file = write("ros:\n  domain_id: 3\n")
    assert main(["config", "show", "--json", file]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["config"]["ros"]["domain_id"] == 3
    assert shown["origins"]["ros.domain_id"] == f"file {file}:2"
    assert shown["socket"].endswith("/3.sock")


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_show_keeps_passwords_to_itself(write, capsys, flags):
    extra = (
        "{transport/auth/usrpwd/password: hunter2, transport: {link: {tls: {listen_key_base64: hunter2}}}}"
    )
    assert main(["config", "show", *flags, write(f"zenoh:\n  extra: {extra}\n")]) == 0
    out = capsys.readouterr().out
    assert "hunter2" not in out
    assert "***" in out


def test_show_refuses_a_broken_file(write, capsys):
    assert main(["config", "show", write("ros: 5\n")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_schema_is_json(capsys):
    assert main(["config", "schema"]) == 0
    assert set(json.loads(capsys.readouterr().out)["properties"]) == {
        "ros",
        "zenoh",
        "rules",
        "http",
        "control",
        "metrics",
        "probe",
        "tune",
    }
