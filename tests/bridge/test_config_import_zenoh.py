"""Zenoh's own keys: to ours where there is one, the rest to zenoh.extra."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config import Config
from bridge.config_checks import cross_faults
from bridge.config_draft import Draft
from bridge.config_import_zenoh import import_zenoh
from bridge.config_yaml import Document
from bridge.errors import ConfigError

FOLDER = Path("/start")


def imported(data: dict, *, mode: str | None = None) -> Document:
    draft = Draft(source=Document(file="f", data=data, lines={}))
    import_zenoh(draft, mode=mode, folder=FOLDER)
    return draft.document()


def zenoh(data: dict, *, mode: str | None = None) -> dict:
    return imported(data, mode=mode).data.get("zenoh", {})


def noted(data: dict) -> dict[str, str]:
    return {note.key: note.text for note in imported(data).notes}


ALONE = {"listen", "scouting.multicast.enabled"}
"""Noted wherever a file says nothing about them."""
EP, OTHER = "tls/a.example:7447", "tls/b.example:7447"


@pytest.mark.parametrize(
    ("data", "ours"),
    [
        ({"mode": "router"}, {"mode": "router"}),
        ({"id": "a1"}, {"id": "a1"}),
        ({"id": None, "mode": None}, {}),
        ({"connect": {"endpoints": [EP]}}, {"connect": [EP]}),
        ({"listen": {"endpoints": [EP, OTHER]}}, {"listen": [EP, OTHER]}),
        ({"listen": {"endpoints": []}, "connect": {}}, {}),
        ({"connect": {"endpoints": {"router": [EP], "peer": [OTHER]}}}, {"connect": [EP]}),
        ({"listen": {"endpoints": {"peer": [OTHER]}}}, {"listen": []}),
        ({"transport": {"shared_memory": {"enabled": False}}}, {"shared_memory": False}),
        ({"timestamping": {"enabled": {"router": False}}, "adminspace": {"enabled": False}}, {}),
        ({"plugins": {"rest": {}}, "plugins_loading": {"enabled": True}}, {}),
        ({"downsampling": [{"a": 1}]}, {"extra": {"downsampling": [{"a": 1}]}}),
        (
            {"transport": {"link": {"tx": {"lease": 1, "x": None}}}},
            {"extra": {"transport": {"link": {"tx": {"lease": 1}}}}},
        ),
        ({"routing": {"peer": None}, "metadata": None}, {}),
        (
            {"connect": {"endpoints": [EP], "timeout_ms": {"router": -1}}},
            {"connect": [EP], "extra": {"connect": {"timeout_ms": {"router": -1}}}},
        ),
    ],
)
def test_each_key_has_its_place(data, ours):
    assert zenoh(data) == ours


def test_endpoints_go_by_the_mode_of_the_file_or_of_the_command_line():
    data = {"mode": "peer", "connect": {"endpoints": {"peer": [EP], "client": [OTHER]}}}
    assert zenoh(data)["connect"] == [EP]
    assert zenoh(data, mode="client")["connect"] == [OTHER]
    assert zenoh(data, mode="router")["connect"] == []


def tls(section: dict) -> tuple[dict, dict]:
    """What goes to zenoh.tls, and what to the raw options."""
    found = zenoh({"transport": {"link": {"tls": section}}})
    raw = found.get("extra", {}).get("transport", {}).get("link", {}).get("tls", {})
    return found.get("tls", {}), raw


CA = {"root_ca_certificate": "/ca"}
LISTEN = {"listen_certificate": "/l.pem", "listen_private_key": "/l.key"}
CONNECT = {"connect_certificate": "/c.pem", "connect_private_key": "/c.key"}
OURS_LISTEN = {"certificate": "/l.pem", "private_key": "/l.key"}
OURS_CONNECT = {"certificate": "/c.pem", "private_key": "/c.key"}
MUTUAL = {"enable_mtls": True}


@pytest.mark.parametrize(
    ("section", "ours", "raw"),
    [
        ({}, {}, {}),
        (CA, {"ca": "/ca"}, {}),
        (LISTEN, OURS_LISTEN, {}),
        (CONNECT, {}, CONNECT),
        ({**CA, **LISTEN, "enable_mtls": False}, {"ca": "/ca", **OURS_LISTEN, "mutual": False}, {}),
        ({**CA, **LISTEN, **MUTUAL}, {"ca": "/ca", **OURS_LISTEN, "mutual": True}, {}),
        ({**CA, **CONNECT, **MUTUAL}, {"ca": "/ca", **OURS_CONNECT, "mutual": True}, {}),
        ({**CA, **LISTEN, **CONNECT, **MUTUAL}, {"ca": "/ca", **OURS_LISTEN, "mutual": True}, CONNECT),
        (
            {**CA, **LISTEN, "connect_certificate": "/l.pem", "connect_private_key": "/l.key", **MUTUAL},
            {"ca": "/ca", **OURS_LISTEN, "mutual": True},
            {},
        ),
        ({**LISTEN, **MUTUAL}, {}, {**LISTEN, **MUTUAL}),
        (
            {"root_ca_certificate_base64": "eA==", **MUTUAL},
            {},
            {"root_ca_certificate_base64": "eA==", **MUTUAL},
        ),
        (
            {
                "server_certificate": "/l.pem",
                "server_private_key": "/l.key",
                "server_name_verification": False,
            },
            OURS_LISTEN,
            {"verify_name_on_connect": False},
        ),
        ({"listen_certificate": "/new", "server_certificate": "/old"}, {}, {"listen_certificate": "/new"}),
        ({"listen_certificate": None, "server_certificate": "/old"}, {}, {"listen_certificate": "/old"}),
    ],
)
def test_certificates_are_ours_as_far_as_one_pair_says_it(section, ours, raw):
    assert tls(section) == (ours, raw)


@pytest.mark.parametrize("extra", [{**CA, **LISTEN, **CONNECT, **MUTUAL}, {**LISTEN, **MUTUAL}, LISTEN])
def test_what_upstream_listens_with_our_checks_accept(extra):
    data = {"listen": {"endpoints": [EP]}, "transport": {"link": {"tls": extra}}}
    assert list(cross_faults(Config.model_validate({"zenoh": zenoh(data)}), insecure=False)) == []


def test_relative_files_start_where_the_bridge_is_started():
    section = {"root_ca_certificate": "certs/ca.pem", "listen_certificate": "/abs"}
    assert tls(section)[0] == {"ca": "/start/certs/ca.pem"}
    [note] = [
        text for key, text in noted({"transport": {"link": {"tls": section}}}).items() if key not in ALONE
    ]
    assert "/start/certs/ca.pem" in note


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"queries_default_timeout": 10_000}, "queries_default_timeout"),
        ({"plugins_loading": {"enabled": True, "search_dirs": ["/x"]}}, "plugins_loading"),
        ({"plugins_search_dirs": ["/x"]}, "plugins_search_dirs"),
    ],
)
def test_what_has_no_equal_is_noted_and_left_out(data, key):
    assert key in noted(data)
    assert zenoh(data) == {}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "here on loopback"),
        ({"connect": {"endpoints": [EP]}}, "here nowhere"),
        ({"mode": "peer", "connect": {"endpoints": [EP]}}, "here nowhere"),
        ({"mode": "client", "connect": {"endpoints": [EP]}}, None),
        ({"listen": {"endpoints": [EP]}}, None),
    ],
)
def test_a_bridge_that_listened_unasked_is_told_where_it_listens_now(data, told):
    text = noted(data).get("listen")
    assert (text is None) if told is None else (told in text)


@pytest.mark.parametrize(
    ("data", "turned_on"),
    [
        ({}, False),
        ({"mode": "client"}, True),
        ({"mode": "peer"}, True),
        ({"mode": "peer", "listen": {"endpoints": ["tcp/127.0.0.1:1"]}}, False),
        ({"mode": "client", "connect": {"endpoints": [EP]}}, False),
    ],
)
def test_multicast_finds_the_others_only_where_nothing_else_does(data, turned_on):
    found = zenoh(data).get("extra", {}).get("scouting", {}).get("multicast", {}).get("enabled", False)
    assert found is turned_on
    assert "scouting.multicast.enabled" in noted(data)
    assert list(cross_faults(Config.model_validate({"zenoh": zenoh(data)}), insecure=True)) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_what_the_file_says_of_multicast_holds(enabled):
    data = {"mode": "client", "scouting": {"multicast": {"enabled": enabled}, "timeout": 5}}
    assert zenoh(data)["extra"] == {"scouting": {"multicast": {"enabled": enabled}, "timeout": 5}}
    assert "scouting.multicast.enabled" not in noted(data)


def test_multicast_is_turned_on_beside_what_the_file_says_of_scouting():
    data = {"mode": "client", "scouting": {"timeout": 5, "multicast": {"interface": "eth0"}}}
    multicast = {"interface": "eth0", "enabled": True}
    assert zenoh(data)["extra"] == {"scouting": {"timeout": 5, "multicast": multicast}}
    assert data["scouting"]["multicast"] == {"interface": "eth0"}, "the source stays as it is"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"connect": [EP]}, "connect"),
        ({"connect": {"endpoints": EP}}, "connect.endpoints"),
        ({"connect": {"endpoints": {"router": EP}}}, "connect.endpoints.router"),
        ({"listen": {"endpoints": {"Router": [EP]}}}, "listen.endpoints.Router"),
        ({"transport": {"link": {"tls": "x"}}}, "transport.link.tls"),
        ({"scouting": 5}, "scouting"),
    ],
)
def test_what_has_another_shape_is_a_fault(data, key):
    with pytest.raises(ConfigError) as caught:
        imported(data)
    assert caught.value.key == key
