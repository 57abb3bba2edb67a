"""The files in configs/zenoh: what our router and a stock zenohd share, and what zenohd alone can load."""

from __future__ import annotations

from pathlib import Path

import json5
import pytest

from bridge.cli.main import main
from bridge.config_io import load

ZENOH = Path(__file__).parents[2] / "configs" / "zenoh"
ROUTER = ZENOH / "router.json5"
PLUGINS = ZENOH / "zenohd-plugins.json5"


def test_the_router_is_taken_over_without_a_note(capsys):
    loaded = load(ROUTER, env={})
    assert loaded.notes == ()
    assert not loaded.config.ros.enabled
    assert main(["config", "check", "--no-files", str(ROUTER)]) == 0
    assert capsys.readouterr().out == f"{ROUTER}: good\n"


def test_what_is_open_to_others_is_mutual_tls():
    zenoh = load(ROUTER, env={}).config.zenoh
    assert zenoh.listen == ("tls/0.0.0.0:7447", "tcp/127.0.0.1:7448")
    assert zenoh.tls.mutual
    options = dict(zenoh.extra_options())
    assert options["scouting/multicast/enabled"] is False
    assert options["scouting/gossip/enabled"] is False
    assert options["adminspace/permissions/write"] is False
    assert options["access_control/default_permission"] == "deny"


def test_each_rule_is_used_and_each_subject_has_a_policy():
    control = json5.loads(ROUTER.read_text(encoding="utf-8"))["access_control"]
    used = {rule for policy in control["policies"] for rule in policy["rules"]}
    assert used == {rule["id"] for rule in control["rules"]}
    served = {subject for policy in control["policies"] for subject in policy["subjects"]}
    assert served == {subject["id"] for subject in control["subjects"]}


def test_with_the_plugins_of_zenohd_it_is_refused_in_one_line(tmp_path, capsys):
    both = json5.loads(ROUTER.read_text(encoding="utf-8"))
    both["plugins"] = json5.loads(PLUGINS.read_text(encoding="utf-8"))
    file = tmp_path / "both.json5"
    file.write_text(json5.dumps(both))
    assert main(["run", "-c", str(file)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{file}:1: plugins: Zenoh inside Python loads no plugins")
    assert told.count("\n") == 1


def test_the_plugins_listen_on_loopback_alone():
    assert json5.loads(PLUGINS.read_text(encoding="utf-8"))["rest"]["http_port"] == "127.0.0.1:8000"


@pytest.mark.parametrize("word", ["robot1", "station", "observer", "router"])
def test_each_role_has_a_place_in_access_control(word):
    control = json5.loads(ROUTER.read_text(encoding="utf-8"))["access_control"]
    assert word in [name for subject in control["subjects"] for name in subject.get("cert_common_names", ())]
