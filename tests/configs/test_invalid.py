"""Each file in invalid/ has one fault, which its name tells; its first line says what must be reported."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli.main import main

INVALID = Path(__file__).parent / "invalid"
FILES = sorted((*INVALID.glob("*.yaml"), *INVALID.glob("*.json5")))


def expectation(file: Path) -> tuple[int, str]:
    """Line and key that a file expects; the key is empty where the text is no YAML yet."""
    first = file.read_bytes().partition(b"\n")[0].decode()
    found = re.fullmatch(r"(?:#|//) expect: line (\d+)(?:, key (\S+))?", first)
    assert found, f"{file.name} does not begin with its expectation"
    return int(found[1]), found[2] or ""


def assert_one_line(text: str, file: Path) -> None:
    line, key = expectation(file)
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1, text
    where, _, told = text.rstrip().partition(f"{file}:{line}: ")
    assert where == "", f"expected {file.name}:{line} in {text}"
    if key:
        assert told.startswith(f"{key}: "), f"expected key {key} in {text}"
        told = told.removeprefix(f"{key}: ")
    problem, _, remedy = told.partition("; ")
    assert problem
    assert remedy, f"no remedy in {text}"


def test_there_are_enough_of_them():
    assert len(FILES) >= 100


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_fault_is_one_line_with_file_line_key_and_remedy(file, capsys):
    code = main(["config", "check", str(file)])
    output = capsys.readouterr()
    assert code == 2
    assert output.out == ""
    assert_one_line(output.err, file)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_agent_refuses_it_with_the_same_line(file, capsys, monkeypatch):
    for variable in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_STATIC_PEERS"):
        monkeypatch.delenv(variable, raising=False)
    code = main(["run", "--config", str(file)])
    assert code == 2
    assert_one_line(capsys.readouterr().err, file)


def test_the_real_command_says_the_same():
    file = INVALID / "unknown_key_misspelt.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "config", "check", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert_one_line(done.stderr, file)
    assert "did you mean 'domain_id'?" in done.stderr


REMEDIES = {
    "client_that_listens": "set zenoh.mode to router or peer",
    "connect_without_tls": "use tls/router.example:7447, or accept it with --insecure",
    "discovery_range_unknown": "allowed: localhost, subnet, off",
    "domain_id_too_large": "give at least 0 and at most 232",
    "extra_repeats_a_key": "write it as zenoh.listen",
    "json5_allow_unknown_kind": "did you mean 'publishers'?",
    "json5_endpoints_no_list": 'write connect: {endpoints: ["tls/router.example:7447"]}',
    "json5_priority_zero": "write REGEX=1 to REGEX=7",
    "key_in_the_wrong_section": "it belongs under `zenoh:`",
    "link_mbit_too_small": "give at least 0.1 and at most 10000",
    "mode_misspelt": "did you mean router? allowed: router, peer, client",
    "not_utf8": "save the file as UTF-8",
    "rule_name_without_slash": "write /camera, or .*/camera for every namespace",
    "rule_node_on_ingress": "set match.direction to egress",
    "rule_rate_of_a_service": "remove max_rate_hz, or set match.kind to topic",
    "rule_priority_misspelt": "did you mean real_time?",
    "rule_qos_depth_zero": "a whole number from 1 to 1000000, or keep_all",
    "rule_rate_too_high": "more than 0 and at most 100000",
    "rule_remap_of_a_pattern": "a rule for each name",
    "tab_as_indent": "indent with spaces",
    "unknown_key_in_tls": "known keys here: ca, certificate, private_key, mutual",
}


@pytest.mark.parametrize(("name", "remedy"), REMEDIES.items(), ids=REMEDIES)
def test_the_remedy_says_what_to_write(name, remedy, capsys):
    [file] = INVALID.glob(f"{name}.*")
    main(["config", "check", str(file)])
    assert remedy in capsys.readouterr().err
