"""Which layer wins, and that the winner's place is remembered."""

from __future__ import annotations

import pytest

from bridge.config_layers import NO_FLAGS, FlagOverrides, merge
from bridge.config_yaml import NO_DOCUMENT, parse_document
from bridge.errors import ConfigError


def merged(text="", *, flags=NO_FLAGS, env=None):
    return merge(parse_document(text, file="/etc/zenlink/x.yaml"), flags=flags, env=env or {})


def test_flag_beats_environment_beats_file():
    text, env, flags = "ros:\n  domain_id: 1\n", {"ROS_DOMAIN_ID": "2"}, FlagOverrides(domain_id=3)
    found = [
        merged(text),
        merged(text, env=env),
        merged(text, env=env, flags=flags),
    ]
    assert [(m.data["ros"]["domain_id"], str(m.origin(("ros", "domain_id")))) for m in found] == [
        (1, "file /etc/zenlink/x.yaml:2"),
        (2, "environment ROS_DOMAIN_ID"),
        (3, "flag --domain"),
    ]


@pytest.mark.parametrize(
    ("flags", "path", "value", "flag"),
    [
        (FlagOverrides(domain_id=0), ("ros", "domain_id"), 0, "--domain"),
        (FlagOverrides(namespace="/r"), ("ros", "namespace"), "/r", "--namespace"),
        (FlagOverrides(mode="peer"), ("zenoh", "mode"), "peer", "--mode"),
        (FlagOverrides(listen=("a", "b")), ("zenoh", "listen"), ["a", "b"], "--listen"),
        (FlagOverrides(connect=("a",)), ("zenoh", "connect"), ["a"], "--connect"),
        (FlagOverrides(http="h:1"), ("http", "listen"), "h:1", "--http"),
        (FlagOverrides(http_token="/t"), ("http", "token_file"), "/t", "--http-token"),
        (FlagOverrides(socket="/s"), ("control", "socket"), "/s", "--socket"),
    ],
)
def test_each_flag_sets_its_key(flags, path, value, flag):
    found = merged("zenoh: {mode: router, listen: [x], connect: [y]}\n", flags=flags)
    section, key = path
    assert found.data[section][key] == value
    assert str(found.origin(path)) == f"flag {flag}"
    assert str(found.origin((*path, 0))) == f"flag {flag}", "the items of the file are gone"


@pytest.mark.parametrize(
    ("env", "key", "value"),
    [
        ({"ROS_DOMAIN_ID": " 7 "}, "domain_id", 7),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}, "discovery_range", "localhost"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"}, "discovery_range", "off"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "SYSTEM_DEFAULT"}, "discovery_range", "subnet"),
        ({"ROS_LOCALHOST_ONLY": "1"}, "discovery_range", "localhost"),
        ({"ROS_STATIC_PEERS": "10.0.0.1; 10.0.0.2;"}, "static_peers", ["10.0.0.1", "10.0.0.2"]),
        ({"CYCLONEDDS_URI": "file:///c.xml"}, "cyclonedds_uri", "file:///c.xml"),
    ],
)
def test_the_environment_of_ros(env, key, value):
    assert merged(env=env).data == {"ros": {key: value}}


@pytest.mark.parametrize(
    "env", [{"ROS_DOMAIN_ID": ""}, {"ROS_LOCALHOST_ONLY": "0"}, {"ROS_STATIC_PEERS": ""}, {"HOME": "/root"}]
)
def test_an_empty_variable_is_not_set(env):
    assert merged(env=env).data == {}


def test_localhost_only_silences_range_and_peers_as_in_rcl():
    env = {
        "ROS_LOCALHOST_ONLY": "1",
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET",
        "ROS_STATIC_PEERS": "10.0.0.1",
    }
    assert merged(env=env).data == {"ros": {"discovery_range": "localhost"}}


def test_a_domain_id_that_is_no_number_names_the_variable():
    with pytest.raises(ConfigError) as caught:
        merged(env={"ROS_DOMAIN_ID": "robot"})
    assert str(caught.value) == (
        "environment ROS_DOMAIN_ID: ros.domain_id: 'robot' is no domain id; "
        "set it to a whole number from 0 to 232, or unset it"
    )


def test_relative_paths_start_at_the_folder_of_the_file():
    found = merged("zenoh: {tls: {ca: ca.pem, private_key: /abs/k.pem}}\ncontrol: {socket: run/z.sock}\n")
    assert found.data == {
        "zenoh": {"tls": {"ca": "/etc/zenlink/ca.pem", "private_key": "/abs/k.pem"}},
        "control": {"socket": "/etc/zenlink/run/z.sock"},
    }


def test_a_socket_given_by_flag_starts_where_the_person_stands():
    found = merged(flags=FlagOverrides(socket="z.sock"))
    assert found.data == {"control": {"socket": "z.sock"}}


def test_a_section_left_empty_takes_what_the_environment_says():
    assert merged("ros:\n", env={"ROS_DOMAIN_ID": "4"}).data == {"ros": {"domain_id": 4}}


def test_a_section_that_is_no_mapping_is_left_for_the_models_to_refuse():
    assert merged("ros: [1]\n", env={"ROS_DOMAIN_ID": "4"}).data == {"ros": [1]}


def test_the_document_is_not_changed():
    document = parse_document("ros: {domain_id: 1}\n", file="x.yaml")
    merge(document, flags=FlagOverrides(domain_id=5), env={})
    assert document.data == {"ros": {"domain_id": 1}}


def test_without_file_and_flags_nothing_is_set():
    assert merge(NO_DOCUMENT, flags=NO_FLAGS, env={}).data == {}
