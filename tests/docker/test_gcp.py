"""docker/gcp against a gcloud that records, remembers and refuses what the real one does not know."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.scripts import ROOT

GCP = ROOT / "docker" / "gcp"
STANDIN = ROOT / "tests" / "docker" / "standins" / "gcloud.py"
ONE, TWO = ("registry.example/fleet/bridge@sha256:" + digit * 64 for digit in "12")


class Cloud:
    """A project in which nothing is, until something is made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.digests = folder / "digests"
        (folder / "bin").mkdir()
        gcloud = folder / "bin" / "gcloud"
        gcloud.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {STANDIN} "$@"\n')
        gcloud.chmod(0o755)
        self.images(ONE)

    def images(self, bridge: str) -> None:
        """What was pushed last."""
        self.digests.write_text(f"bridge {bridge}\n")

    def run(
        self, script: str, *arguments: str, code: int = 0, **env: str
    ) -> subprocess.CompletedProcess[str]:
        settings = {
            "FAKE_GCLOUD": str(self.folder),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "PROJECT": "fleet-1234",
            "SOURCE_RANGES": "203.0.113.0/24",
            "DIGESTS": str(self.digests),
            "HEALTH_WAIT_S": "0",
            "HEALTH_POLL_S": "0",
        }
        command = [GCP / script, *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | settings | env, check=False, timeout=100
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def changes(self) -> list[str]:
        """The calls so far that changed something, forgotten by this."""
        log = self.folder / "calls.jsonl"
        calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        log.unlink(missing_ok=True)
        return [call["text"] for call in calls if call["changes"]]

    def state(self) -> dict:
        return json.loads((self.folder / "state.json").read_text())

    def metadata(self) -> dict[str, str]:
        return self.state()["things"]["compute instances/zenlink"]["metadata"]


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)


def planned(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    return [shlex.split(line) for line in done.stdout.splitlines()]


def split(calls: list[str]) -> list[list[str]]:
    return [shlex.split(call) for call in calls]


def test_a_plan_lists_exactly_the_calls_of_the_deployment_and_makes_none(cloud: Cloud) -> None:
    plan = planned(cloud.run("deploy.sh", "--plan"))
    assert cloud.changes() == []
    cloud.run("deploy.sh")
    made = split(cloud.changes())
    assert made == plan
    assert len(made) == 11


def test_a_second_run_changes_nothing(cloud: Cloud) -> None:
    cloud.run("deploy.sh")
    cloud.changes()
    before = cloud.state()
    done = cloud.run("deploy.sh")
    assert cloud.changes() == []
    assert cloud.state() == before
    assert "gcp: 0 changes" in done.stderr
    assert planned(cloud.run("deploy.sh", "--plan")) == []


@pytest.mark.parametrize("nth", [1, 4, 10, 11])
def test_a_run_after_a_failure_in_the_middle_finishes(cloud: Cloud, nth: int) -> None:
    (cloud.folder / "fail_at").write_text(str(nth))
    cloud.run("deploy.sh", code=1)
    failed = len(cloud.changes())
    assert failed == nth
    cloud.run("deploy.sh")
    assert len(cloud.changes()) == 11 - (nth - 1)
    assert cloud.metadata()["zenlink-good"].startswith(f"ZENLINK_IMAGE={ONE}")
    assert cloud.run("deploy.sh").stdout == ""
    assert cloud.changes() == []


def test_new_images_are_planned_then_handed_over_and_the_old_ones_remembered(cloud: Cloud) -> None:
    cloud.run("deploy.sh")
    cloud.changes()
    cloud.images(TWO)
    plan = planned(cloud.run("deploy.sh", "--plan"))
    cloud.run("deploy.sh")
    assert split(cloud.changes()) == plan
    assert [call[2:4] for call in plan] == [
        ["instances", "add-metadata"],
        ["ssh", "zenlink"],
        ["instances", "add-metadata"],
    ]
    assert TWO in cloud.state()["running"]
    assert TWO in cloud.metadata()["zenlink-good"]
    assert ONE in cloud.metadata()["zenlink-before"]


def test_images_that_do_not_get_healthy_give_way_to_those_before(cloud: Cloud) -> None:
    cloud.run("deploy.sh")
    cloud.images(TWO)
    (cloud.folder / "unhealthy").write_text(TWO)
    done = cloud.run("deploy.sh", code=1)
    assert "the new images were not healthy; those before are back" in done.stderr
    assert ONE in cloud.state()["running"]
    assert ONE in cloud.metadata()["zenlink-images"]


def test_rollback_restores_the_last_good_digests_after_a_deployment_that_died(cloud: Cloud) -> None:
    cloud.run("deploy.sh")
    cloud.images(TWO)
    (cloud.folder / "unhealthy").write_text(TWO)
    cloud.changes()
    # The new images run and are unhealthy; then the deployment itself dies at its first step back.
    (cloud.folder / "fail_at").write_text("3")
    cloud.run("deploy.sh", code=1)
    assert TWO in cloud.state()["running"]
    plan = planned(cloud.run("rollback.sh", "--plan"))
    cloud.changes()
    cloud.run("rollback.sh")
    assert split(cloud.changes()) == plan
    assert ONE in cloud.state()["running"]


def test_rollback_of_good_images_goes_to_those_before_them_and_no_further(cloud: Cloud) -> None:
    cloud.run("deploy.sh")
    cloud.images(TWO)
    cloud.run("deploy.sh")
    cloud.run("rollback.sh")
    assert ONE in cloud.state()["running"]
    done = cloud.run("rollback.sh", code=3)
    assert "nothing to go back to" in done.stderr


def test_a_rollback_that_does_not_get_healthy_says_so(cloud: Cloud) -> None:
    cloud.run("deploy.sh")
    cloud.images(TWO)
    cloud.run("deploy.sh")
    (cloud.folder / "unhealthy").write_text(ONE)
    assert "not healthy either" in cloud.run("rollback.sh", code=1).stderr


def test_what_is_made_is_closed_to_the_world_and_has_few_rights(cloud: Cloud) -> None:
    cloud.run("deploy.sh", SPOT="yes")
    things = cloud.state()["things"]
    robots, ssh = (things[f"compute firewall-rules/zenlink-{name}"] for name in ("robots", "ssh"))
    assert (robots["source-ranges"], robots["rules"]) == ("203.0.113.0/24", "tcp:443")
    assert (ssh["source-ranges"], ssh["rules"]) == ("35.235.240.0/20", "tcp:22")
    instance = things["compute instances/zenlink"]
    assert instance["machine-type"] == "g2-standard-8"
    assert (instance["provisioning-model"], instance["instance-termination-action"]) == ("SPOT", "STOP")
    assert instance["metadata"]["enable-oslogin"] == "TRUE"
    assert not [role for role in cloud.state()["roles"] if role.endswith(("owner", "editor", "admin"))]


def test_destroying_leaves_nothing_and_asks_first(cloud: Cloud) -> None:
    cloud.run("deploy.sh")
    cloud.changes()
    assert "say --yes" in cloud.run("destroy.sh", code=2).stderr
    plan = planned(cloud.run("destroy.sh", "--plan"))
    cloud.run("destroy.sh", "--yes")
    assert split(cloud.changes()) == plan
    assert cloud.state()["things"] == {}
    assert cloud.state()["roles"] == []
    cloud.run("destroy.sh", "--yes")
    assert cloud.changes() == []


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"PROJECT": ""}, "PROJECT="),
        ({"NAME": "Zenlink!"}, "NAME=Zenlink!"),
        ({"SOURCE_RANGES": ""}, "SOURCE_RANGES: name the networks"),
        ({"SOURCE_RANGES": "0.0.0.0/0"}, "SOURCE_RANGES: 0.0.0.0/0 is too wide"),
        ({"DIGESTS": "/nowhere"}, "/nowhere is missing"),
    ],
)
def test_a_wrong_setting_is_told_before_any_call(cloud: Cloud, env: dict[str, str], told: str) -> None:
    assert told in cloud.run("deploy.sh", code=2, **env).stderr
    assert cloud.changes() == []


def test_an_image_by_tag_is_refused(cloud: Cloud) -> None:
    cloud.images("registry.example/fleet/bridge:1.0")
    assert "has no digest" in cloud.run("deploy.sh", code=2).stderr


def test_an_error_is_not_taken_for_a_thing_that_is_missing(cloud: Cloud) -> None:
    (cloud.folder / "calls.jsonl").mkdir()  # the stand-in itself breaks
    assert cloud.run("deploy.sh", code=3).stderr.startswith("gcp: gcloud iam service-accounts describe")
