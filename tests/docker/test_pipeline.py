""".gitlab-ci.yml: its form, and that nothing reaches production untested, unasked or by a key file."""

from __future__ import annotations

import subprocess

import pytest
from ruamel.yaml import YAML

from tests.docker.scripts import ROOT
from tests.docker.test_compose import CHECK_SCHEMA

FILE = ROOT / ".gitlab-ci.yml"
PIPELINE = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
PRODUCTION = ("deploy", "rollback", "destroy")


def test_it_has_the_form_that_gitlab_asks_for() -> None:
    command = [CHECK_SCHEMA, "--builtin-schema", "vendor.gitlab-ci", FILE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_acceptance_is_the_same_as_everywhere() -> None:
    assert PIPELINE["check"]["script"] == [".ci/run"]


@pytest.mark.parametrize("job", PRODUCTION)
def test_production_is_touched_by_hand_and_one_at_a_time(job: str) -> None:
    assert all(rule["when"] == "manual" for rule in PIPELINE[job]["rules"])
    assert PIPELINE[job]["resource_group"] == "production"
    assert PIPELINE[job]["interruptible"] is False


def test_a_deployment_needs_everything_before_it() -> None:
    assert set(PIPELINE["deploy"]["needs"]) == {"check", "build", "scan", "stack", "plan"}


def test_every_script_it_names_is_there() -> None:
    for job in PIPELINE.values():
        for line in job.get("script", ()) if isinstance(job, dict) else ():
            program = line.split()[0]
            if "/" in program:
                assert (ROOT / program).is_file(), line


def test_no_credential_is_in_it() -> None:
    text = FILE.read_text(encoding="utf-8").lower()
    for word in ("password", "private_key", "service_account_key", "json_key"):
        assert word not in text
