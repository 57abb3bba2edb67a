"""`zenlink support-bundle` beside a real agent, without one, of a faulty configuration: never a secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bridge.demo.places import child_environment
from tests.integration.support import agent, domains, eventually, ros_node
from tests.integration.support.certificates import Certificates
from tests.integration.support.processes import OTHER_ENVIRONMENT, ROOT

PASSWORD, TOKEN = "correct_horse_42", "battery-staple-of-the-page"
OF_THE_AGENT = {
    "status.json",
    "findings.json",
    "routes.json",
    "nodes.json",
    "metrics.txt",
    "log.txt",
    "process.json",
    "environment.json",
}
ALWAYS = {"manifest.json", "configuration.json", "versions.json", "host.json", "kernel.json", "doctor.json"}


def zenlink(folder: Path, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    environment = child_environment(os.environ, domain_id=0, scratch=str(folder))
    for variable in OTHER_ENVIRONMENT:
        environment.pop(variable, None)
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "support-bundle", *map(str, arguments)],
        env=environment | {"XDG_RUNTIME_DIR": str(folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == code, done.stderr
    return done


def unpacked(path: Path) -> dict[str, str]:
    """File name to text; every file lies in the one folder and belongs to its owner alone."""
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        assert len({Path(one.name).parent for one in members}) == 1
        assert all(one.isfile() and one.mode == 0o600 for one in members)
        return {Path(one.name).name: archive.extractfile(one).read().decode() for one in members}


def missing(files: dict[str, str]) -> dict[str, str]:
    """File to why it is not there."""
    told = json.loads(files["manifest.json"])["missing"]
    return {file: one["reason"] for one in told for file in one["files"]}


def test_it_holds_everything_and_no_secret(tmp_path: Path) -> None:
    tls = Certificates(tmp_path).tls("robot")
    token, users = tmp_path / "token", tmp_path / "users"
    token.write_text(f"{TOKEN}\n")
    users.write_text(f"robot:{PASSWORD}\nother:tr0ub4dor+3\n")
    usrpwd = {"user": "robot", "password": PASSWORD, "dictionary_file": str(users)}
    settings = {
        "zenoh": {
            "listen": ["tls/127.0.0.1:0"],
            "tls": tls,
            "extra": {"transport": {"auth": {"usrpwd": usrpwd}}},
        },
        "http": {"listen": "127.0.0.1:0", "token_file": str(token)},
    }
    key_lines = Path(tls["private_key"]).read_text().split("\n")[1:-2]
    secrets = [PASSWORD, "tr0ub4dor+3", TOKEN, "PRIVATE KEY", *key_lines]
    assert all(len(secret) > 10 for secret in secrets)
    with (
        domains(1) as (domain,),
        agent(domain=domain, settings=settings) as one,
        # A secret also where nobody expects one: as a name, it is in routes, nodes, metrics and the log.
        ros_node("talker", domain=domain, topic=f"/{PASSWORD}"),
        ros_node("talker", domain=domain, topic="/chatter"),
    ):
        eventually(lambda: one.routes(f"/{PASSWORD}") and "/chatter" in str(one.ask("nodes")))
        done = zenlink(tmp_path, "--socket", one.socket, "--output", tmp_path, "--json")
        told = json.loads(done.stdout)
        files = unpacked(Path(told["path"]))
    assert set(files) == set(told["files"]) == ALWAYS | OF_THE_AGENT
    assert missing(files) == {}
    for name, text in files.items():
        assert [secret for secret in secrets if secret in text] == [], name
    _holds_everything(files, domain)


def _holds_everything(files: dict[str, str], domain: int) -> None:
    read: dict[str, Any] = {name: json.loads(text) for name, text in files.items() if name.endswith(".json")}
    configuration = read["configuration.json"]["config"]
    assert configuration["zenoh"]["extra"]["transport"]["auth"]["usrpwd"]["password"] == "***"
    assert configuration["ros"]["domain_id"] == read["status.json"]["domain_id"] == domain
    assert {"/chatter", "/***"} <= {route["spec"]["ros_name"] for route in read["routes.json"]}
    assert {"/chatter"} <= {name for node in read["nodes.json"] for name in node["publishers"]}
    assert 'zenlink_route_active{direction="egress",name="/chatter"}' in files["metrics.txt"]
    assert "status page at http://127.0.0.1" in files["log.txt"]
    assert read["findings.json"] == read["status.json"]["findings"]
    assert read["doctor.json"]["configuration"] == "agent"
    assert {"kernel", "dds", "certificates", "agent"} <= {
        check["hop"] for check in read["doctor.json"]["checks"]
    }
    assert read["versions.json"]["packages"]["eclipse-zenoh"] == read["versions.json"]["zenoh"]
    assert "control-accept" in read["process.json"]["threads"]
    assert any(one["loopback"] for one in read["host.json"]["interfaces"])
    assert read["kernel.json"]["steps"]


def test_without_an_agent_it_says_what_is_missing_and_replaces_no_file(tmp_path: Path) -> None:
    out = tmp_path / "bundle.tar.gz"
    with domains(1) as (domain,):
        done = zenlink(tmp_path, "--domain", domain, "-o", out)
        assert done.stdout == f"{out}\n"
        before = out.read_bytes()
        refused = zenlink(tmp_path, "--domain", domain, "-o", out, code=3)
        assert out.read_bytes() == before
        zenlink(tmp_path, "--domain", domain, "-o", out, "--force")
    assert "exists" in refused.stderr
    assert "--force" in refused.stderr
    files = unpacked(out)
    assert set(files) == ALWAYS
    assert set(missing(files)) == OF_THE_AGENT
    assert all("no agent for domain" in reason for reason in missing(files).values())
    assert json.loads(files["doctor.json"])["configuration"] == "command line"


FAULTY = {
    "value": f"zenoh: {{listen: ['tcp/::1:99999#password={PASSWORD}'], extra: {{password: {PASSWORD}}}}}\n",
    "syntax": f"zenoh:\n  extra: {{a/password: {PASSWORD}]\n",
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_configuration_is_told_without_its_secrets(fault: str, tmp_path: Path) -> None:
    file, out = tmp_path / "zenlink.yaml", tmp_path / "bundle.tar.gz"
    file.write_text(FAULTY[fault])
    done = zenlink(tmp_path, "-c", file, "-o", out)
    files = unpacked(out)
    assert set(files) == ALWAYS - {"configuration.json", "doctor.json"}
    assert str(file) in missing(files)["configuration.json"]
    assert PASSWORD not in done.stdout + done.stderr + "".join(files.values())
