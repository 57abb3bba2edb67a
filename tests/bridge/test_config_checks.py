"""Faults between keys; tests/configs/invalid has one file for each."""

from __future__ import annotations

import pytest

from bridge.config import Config
from bridge.config_checks import cross_faults

TLS = {"ca": "ca.pem", "certificate": "c.pem", "private_key": "c.key"}


def faults(zenoh, *, insecure=False) -> list[str]:
    config = Config.model_validate({"zenoh": zenoh})
    return [fault.key for fault in cross_faults(config, insecure=insecure)]


@pytest.mark.parametrize(
    "zenoh",
    [
        {},
        {"connect": ["tls/router.example:7447"]},
        {"connect": ["tcp/127.0.0.1:7447"]},
        {"mode": "client", "connect": ["tcp/localhost:7447"]},
        {"mode": "peer", "listen": ["tcp/[::1]:0"]},
        {"mode": "peer", "extra": {"scouting": {"multicast": {"enabled": True}}}},
        {"listen": ["tls/0.0.0.0:7447", "unixsock-stream//tmp/z"], "tls": {**TLS, "mutual": True}},
        {"listen": ["tls/0.0.0.0:7447#listen_certificate_file=c.pem;listen_private_key_file=c.key"]},
        {"extra": {"connect": {"timeout_ms": 5}, "transport/link/tx/lease": 4000}},
        {
            "listen": ["tls/0.0.0.0:7447"],
            "extra": {"transport": {"link": {"tls": {"listen_certificate_base64": "eA=="}}}},
        },
    ],
)
def test_what_works_has_no_fault(zenoh):
    assert faults(zenoh) == []


@pytest.mark.parametrize("endpoint", ["tcp/0.0.0.0:1", "udp/10.0.0.1:1", "ws/router.example:1"])
def test_clear_text_beyond_the_host_needs_insecure(endpoint):
    zenoh = {"listen": [endpoint], "connect": [endpoint]}
    assert faults(zenoh) == ["zenoh.listen[0]", "zenoh.connect[0]"]
    assert faults(zenoh, insecure=True) == []


def test_insecure_excuses_nothing_else():
    assert faults({"mode": "client"}, insecure=True) == ["zenoh.mode"]


@pytest.mark.parametrize("absent", sorted(TLS))
def test_mutual_tls_needs_all_three_files(absent):
    tls = {key: file for key, file in TLS.items() if key != absent}
    assert faults({"tls": {**tls, "mutual": True}}) != []


@pytest.mark.parametrize(
    "extra", [{"plugins": {"rest": {"port": 1}}}, {"plugins_loading": {"enabled": True}}]
)
def test_plugins_are_refused_since_zenoh_would_ignore_them(extra):
    assert len(faults({"extra": extra})) == 1


@pytest.mark.parametrize(
    "extra",
    [
        {"mode": "peer"},
        {"id": "a"},
        {"listen": {"endpoints": []}},
        {"/connect/endpoints": []},
        {"listen": {"endpoints": {"router": ["tcp/0.0.0.0:1"]}}},
    ],
)
def test_what_has_a_key_is_refused_as_a_raw_option(extra):
    assert len(faults({"extra": extra})) == 1


def rule_faults(*rules) -> list[str]:
    config = Config.model_validate({"rules": list(rules)})
    return [fault.key for fault in cross_faults(config, insecure=False)]


def remap(name, to, **match) -> dict:
    return {"match": {"name": name, **match}, "remap": to}


@pytest.mark.parametrize(
    "rules",
    [
        [{"match": {"node": "/n"}, "allow": False}],
        [{"match": {"node": "/n", "direction": "egress"}, "max_rate_hz": 1}],
        [{"match": {"direction": "ingress"}, "max_rate_hz": 1, "qos": {"depth": 1}}],
        [{"priority": "data", "express": True, "congestion": "block"}],
        [remap("/a", "/b"), remap("/b", "/a")],
        [remap("/a", "/b", direction="egress"), remap("/a", "/c", direction="ingress")],
        [remap("/a", "/c", direction="egress"), remap("/b", "/c", direction="ingress")],
        [remap("/a", "/b"), {"match": {"name": "/a"}, "allow": False}],
    ],
)
def test_rules_that_have_an_effect_are_no_fault(rules):
    assert rule_faults(*rules) == []


@pytest.mark.parametrize("key", ["priority", "express", "congestion"])
def test_what_a_link_is_told_has_no_effect_on_ingress(key):
    value = {"priority": "data", "express": False, "congestion": "drop"}[key]
    assert rule_faults({"match": {"direction": "ingress"}, key: value}) == [f"rules[0].{key}"]


def test_a_denied_name_has_no_settings():
    rule = {"allow": False, "max_rate_hz": 1, "remap": "/b", "match": {"name": "/a"}}
    assert rule_faults(rule) == ["rules[0].max_rate_hz", "rules[0].remap"]


@pytest.mark.parametrize(
    "rules",
    [
        [remap("/a", "/c"), remap("/b", "/c")],
        [remap("/a", "/c", direction="egress"), remap("/b", "/c")],
        [remap("/a", "/b"), remap("/a", "/c")],
        [remap("/a", "/b"), remap("/a", "/b")],
    ],
)
def test_two_rules_never_remap_to_or_from_one_name(rules):
    assert rule_faults(*rules) == ["rules[1].remap"]
