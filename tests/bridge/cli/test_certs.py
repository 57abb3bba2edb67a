"""`zenlink certs`: made, checked, refused in one line."""

from __future__ import annotations

import json

import pytest

from bridge.cli.main import main
from tests.integration.support.certificates import CLIENT, Certificates


@pytest.fixture
def certs(tmp_path, capsys):
    """Runs a command in a folder of its own; gives exit code, output and errors."""

    def call(command: str, *arguments: str):
        place = [] if command == "check" else ["--folder", str(tmp_path / "certs")]
        code = main(["certs", command, *place, *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_an_authority_and_a_router_that_is_good(certs, tmp_path):
    assert certs("ca")[0] == 0
    code, out, _ = certs("issue", "--role", "router", "--name", "r1", "--san", "127.0.0.1")
    assert (code, out.split(", valid")[0]) == (0, f"{tmp_path}/certs/r1.pem and {tmp_path}/certs/r1.key")
    code, out, _ = certs("check", str(tmp_path / "certs" / "r1.pem"), "--san", "127.0.0.1")
    assert (code, out.partition(" until")[0]) == (0, f"{tmp_path}/certs/r1.pem: good")
    assert certs("check", str(tmp_path / "certs" / "ca.pem"))[0] == 0


def test_the_answers_as_json(certs, tmp_path):
    certs("ca")
    found = json.loads(certs("issue", "--role", "robot", "--name", "robot1", "--json")[1])
    assert found["subject"] == "CN=robot1,OU=robot,O=zenlink"
    code, out, _ = certs("check", found["certificate"], "--json", "--san", "elsewhere")
    assert code == 1
    answer = json.loads(out)
    assert (answer["good"], answer["ca"]) == (False, str(tmp_path / "certs" / "ca.pem"))
    assert [finding["code"] for finding in answer["findings"]] == ["certificate_name_mismatch"]


@pytest.mark.parametrize("again", [["ca"], ["issue", "--role", "robot", "--name", "robot1"]])
def test_nothing_is_overwritten_without_force(certs, again):
    certs("ca")
    certs("issue", "--role", "robot", "--name", "robot1")
    code, out, err = certs(*again)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "exists" in err
    assert "--force" in err
    assert certs(*again, "--force")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--role", "router", "--name", "r"], "without --san"),
        (["--role", "station", "--name", "s"], "without --san"),
        (["--role", "king", "--name", "k"], "no such role"),
        (["--role", "robot", "--name", "../k"], "no name for files"),
        (["--role", "robot", "--name", "ca"], "no name for files"),
        (["--role", "robot", "--name", "k", "--san", "a b"], "neither a host name nor an address"),
    ],
)
def test_a_wrong_wish_is_exit_2_in_one_line(certs, arguments, told):
    certs("ca")
    code, out, err = certs("issue", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_without_an_authority_it_says_where_it_looked(certs, tmp_path):
    code, _, err = certs("issue", "--role", "robot", "--name", "r")
    assert (code, err.count("\n")) == (3, 1)
    assert f"{tmp_path}/certs/ca.pem: No such file" in err


def test_check_wants_one_thing(certs):
    assert certs("check")[0] == 2


def test_what_a_configuration_names_is_checked_for_its_use(certs, tmp_path):
    made = Certificates(tmp_path)
    file = tmp_path / "zenlink.yaml"
    tls = made.tls("router")
    file.write_text(json.dumps({"zenoh": {"listen": ["tls/0.0.0.0:7447"], "tls": tls}}))
    assert certs("check", "-c", str(file))[0] == 0
    made.tls("router", usages=[CLIENT], days=3)
    code, out, _ = certs("check", "-c", str(file))
    assert code == 1
    assert [line.split()[1] for line in out.splitlines()] == [
        "certificate_expires_soon",
        "certificate_wrong_usage",
    ]
    file.write_text("{}")
    assert certs("check", "-c", str(file))[0] == 3
