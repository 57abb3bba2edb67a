"""What changed between two configurations, and what of one is shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config import Config
from bridge.config_differences import differences, secrets_in, without_secrets


def config(**sections) -> Config:
    return Config.model_validate(sections)


def test_the_same_configuration_has_no_difference():
    assert differences(Config(), Config()) == ()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"ros": {"domain_id": 5}}, ["ros.domain_id: 0 -> 5"]),
        ({"ros": {"static_peers": ["a"]}}, {}, ['ros.static_peers: ["a"] -> []']),
        ({}, {"zenoh": {"tls": {"ca": "/ü.pem"}}}, ['zenoh.tls.ca: null -> "/ü.pem"']),
        ({}, {"control": {"socket": "/z.sock"}}, ['control.socket: null -> "/z.sock"']),
        (
            {"zenoh": {"extra": {"transport": {"link/tx": {"lease": 4000}}}}},
            {"zenoh": {"extra": {"transport/link/tx/lease": 5000}}},
            ["zenoh.extra.transport/link/tx/lease: 4000 -> 5000"],
        ),
        (
            {"ros": {"domain_id": 1}},
            {"zenoh": {"mode": "peer"}},
            [
                "ros.domain_id: 1 -> 0",
                'zenoh.mode: "router" -> "peer"',
                'zenoh.listen: ["tcp/127.0.0.1:7447"] -> []',
            ],
        ),
    ],
)
def test_each_changed_key_is_a_line(before, after, told):
    assert list(differences(config(**before), config(**after))) == told


def test_rules_are_no_difference_since_a_running_agent_takes_them():
    assert differences(config(rules=[{"allow": False}]), config(rules=[{"priority": "data"}])) == ()


def test_the_same_raw_options_written_otherwise_are_no_difference():
    nested = {"transport": {"link": {"tx": {"lease": 4000}}}}
    flat = {"transport/link/tx/lease": 4000}
    assert differences(config(zenoh={"extra": nested}), config(zenoh={"extra": flat})) == ()


SECRETS = [
    {"extra": {"transport/auth/usrpwd/password": "hunter2"}},
    {"extra": {"transport": {"link": {"tls": {"listen_private_key_base64": "hunter2"}}}}},
    {"extra": {"transport/auth/pubkey/private_key_pem": "hunter2"}},
    {"extra": {"subjects": [{"Password": "hunter2"}]}},
    {"connect": ["tls/r.example:1#connect_private_key_base64=hunter2;verify_name_on_connect=false"]},
]


@pytest.mark.parametrize("zenoh", SECRETS)
def test_a_changed_secret_is_told_without_it(zenoh):
    same_but_one = json.loads(json.dumps(zenoh).replace("hunter2", "hunter3"))
    for old, new in (({}, zenoh), (zenoh, {}), (zenoh, same_but_one)):
        told = differences(config(zenoh=old), config(zenoh=new))
        assert told
        assert "hunter" not in "".join(told)


@pytest.mark.parametrize("zenoh", SECRETS)
def test_secrets_are_not_shown(zenoh):
    shown = without_secrets(config(zenoh=zenoh).model_dump(mode="json"))
    assert "hunter2" not in str(shown)
    assert "***" in str(shown)


@pytest.mark.parametrize("zenoh", SECRETS)
def test_secrets_are_found(zenoh):
    assert list(secrets_in(config(zenoh=zenoh).model_dump(mode="json"))) == ["hunter2"]


def test_a_password_in_xml_is_a_secret():
    xml = "<Security><Password>hunter2</Password><PrivateKey>file:k</PrivateKey></Security>"
    assert "hunter2" not in str(without_secrets(xml))
    assert list(secrets_in(xml)) == ["hunter2", "file:k"]


def test_what_is_beside_a_secret_stays():
    endpoint = "tls/r:1#a=b;connect_private_key_base64=x;verify_name_on_connect=false"
    assert without_secrets([endpoint]) == [endpoint.replace("base64=x", "base64=***")]


@given(st.integers(0, 232), st.integers(0, 232))
def test_a_difference_is_told_exactly_when_there_is_one(one, other):
    told = differences(config(ros={"domain_id": one}), config(ros={"domain_id": other}))
    assert told == (() if one == other else (f"ros.domain_id: {one} -> {other}",))
