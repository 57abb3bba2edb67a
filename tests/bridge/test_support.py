"""What an agent tells for a bundle, and what counts as a secret of its configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from bridge.config import Config
from bridge.config_io import LoadedConfig
from bridge.errors import CannotRun
from bridge.metrics import registry
from bridge.support import environment, secrets_of, secrets_of_data, told_by_agent
from tests.bridge.facts import facts, route

KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n-----END PRIVATE KEY-----\n"


def loaded(folder: Path, **zenoh) -> LoadedConfig:
    config = Config.model_validate({"zenoh": zenoh})
    return LoadedConfig(config=config, origins={}, file=None, insecure=False, socket=folder / "s")


def no_metrics(_facts) -> CollectorRegistry:
    return CollectorRegistry()


def test_everything_of_one_moment_without_a_secret(tmp_path):
    told = told_by_agent(
        loaded(tmp_path, extra={"transport/auth/usrpwd/password": "hunter2"}),
        facts=lambda: facts(route("/hunter2", messages=3)),
        metrics=lambda found: registry(lambda: found, refused=lambda: 4),
        log=lambda: ("INFO usrpwd: hunter2 is wrong",),
    )
    assert told["log"] == ["INFO usrpwd: *** is wrong"]
    assert told["routes"][0]["spec"]["ros_name"] == "/***"
    assert 'zenlink_route_messages_total{direction="egress",name="/***"} 3.0' in told["metrics"]
    assert "zenlink_http_refused_total 4.0" in told["metrics"]
    assert told["configuration"]["config"]["zenoh"]["extra"] == {"transport/auth/usrpwd/password": "***"}
    assert "hunter2" not in json.dumps(told)


def test_an_engine_that_hangs_keeps_back_only_what_it_alone_knows(tmp_path):
    def stuck():
        raise CannotRun("the agent did not answer in 5 s", remedy="see its log")

    told = told_by_agent(loaded(tmp_path), facts=stuck, metrics=no_metrics, log=lambda: ("the last line",))
    assert told["trouble"] == "the agent did not answer in 5 s; see its log"
    assert set(told) == {"configuration", "log", "environment", "process", "trouble"}
    assert told["log"] == ["the last line"]
    assert "MainThread" in told["process"]["threads"]


@pytest.mark.parametrize(
    ("content", "key", "secrets"),
    [
        (KEY, "zenoh.tls.private_key", ["MIGHAgEAMBMGByqGSM49AgEG"]),
        (KEY, "zenoh.extra.transport/link/tls/connect_private_key", ["MIGHAgEAMBMGByqGSM49AgEG"]),
        ("a token\n", "http.token_file", ["a token"]),
        ("me:hunter2\n\nyou:\n", "zenoh.extra.dictionary_file", ["hunter2", "", ""]),
        ("x" * (1 << 21), "http.token_file", []),
    ],
)
def test_files_that_are_named_hold_secrets(tmp_path, content, key, secrets):
    (tmp_path / "named").write_text(content)
    data: object = "named"
    for part in reversed(key.split(".")):
        data = {part: data}
    assert list(secrets_of_data(data, folder=tmp_path)) == secrets


def test_a_file_that_cannot_be_read_gives_nothing_away(tmp_path):
    config = Config.model_validate({"zenoh": {"tls": {"private_key": str(tmp_path / "absent")}}})
    assert secrets_of(config) == ()


def test_only_what_changes_the_work_of_an_agent_is_told_of_the_environment():
    env = {"ROS_DOMAIN_ID": "4", "AWS_SECRET": "x", "ROS_PASSWORD": "hunter2", "HOME": "/root"}
    assert environment(env) == {"ROS_DOMAIN_ID": "4", "ROS_PASSWORD": "***"}
