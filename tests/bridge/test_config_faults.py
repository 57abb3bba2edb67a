"""pydantic's errors in our words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bridge.config import Config
from bridge.config_faults import fault_of, key_of, nearest, shown


def faults(data) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(data)
    found = [fault_of(error, Config) for error in caught.value.errors()]
    return [f"{fault.key}: {fault.problem}; {fault.remedy}" for fault in found]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"ros": {"domain": 1}}, "ros.domain: unknown key 'domain'; did you mean 'domain_id'?"),
        ({"domain_id": 1}, "domain_id: unknown key 'domain_id'; it belongs under `ros:`"),
        (
            {"zz": 1},
            "zz: unknown key 'zz'; known keys here: ros, zenoh, rules, http, metrics, control, probe, tune",
        ),
        (
            {"zenoh": {"mode": "ROUTER"}},
            "zenoh.mode: 'ROUTER' is not allowed; did you mean router? allowed: router, peer, client",
        ),
        (
            {"zenoh": {"link_grace_s": 5000}},
            "zenoh.link_grace_s: 5000 is above 3600; give at least 0 and at most 3600",
        ),
        (
            {"zenoh": {"link_mbit_s": 0}},
            "zenoh.link_mbit_s: 0 is below 0.1; give at least 0.1 and at most 10000",
        ),
        (
            {"zenoh": {"link_mbit_s": "many"}},
            (
                "zenoh.link_mbit_s: expected a number, found 'many'; "
                "write it without quotes, with a point for the fraction"
            ),
        ),
        (
            {"ros": {"enabled": "yes"}},
            "ros.enabled: expected true or false, found 'yes'; write true or false, without quotes",
        ),
        ({"rules": [{}]}, "rules[0].allow: missing; add `allow:` here"),
        (
            {"rules": [{"allow": True, "match": {"direction": "gress"}}]},
            "rules[0].match.direction: 'gress' is not allowed; did you mean egress? allowed: egress, ingress",
        ),
    ],
)
def test_a_fault_reads_as_a_sentence(data, line):
    assert faults(data) == [line]


def test_every_fault_is_told():
    assert len(faults({"ros": {"domain_id": -1, "x": 1}, "zenoh": {"mode": 5}})) == 3


def test_a_key_is_written_as_people_write_it():
    assert key_of(("zenoh", "listen", 0)) == "zenoh.listen[0]"
    assert key_of(("rules", 2, "match", "name")) == "rules[2].match.name"
    assert key_of(()) == ""


def test_a_long_value_is_shortened():
    assert len(shown("x" * 1000)) == 60


def test_a_value_is_shown_in_the_words_of_yaml():
    assert [shown(value) for value in (None, True, False, 5)] == ["nothing", "true", "false", "5"]


def test_nothing_near_means_no_guess():
    assert nearest("xyzzy", ["domain_id", "namespace"]) is None
