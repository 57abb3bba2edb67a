"""Each option of `plugins.ros2dds`: where it goes, what is noted, what is refused."""

from __future__ import annotations

import pytest

from bridge.config_draft import Draft
from bridge.config_import_ros2dds import MAX_RULES, PLUGIN, import_plugin
from bridge.config_yaml import Document
from bridge.errors import ConfigError


def imported(section: dict) -> Document:
    draft = Draft(source=Document(file="f", data={}, lines={}))
    import_plugin(draft, section)
    return draft.document()


def noted(section: dict) -> dict[str, str]:
    prefix = ".".join(PLUGIN) + "."
    return {note.key.removeprefix(prefix): note.text for note in imported(section).notes}


def refused(section: dict) -> str:
    with pytest.raises(ConfigError) as caught:
        imported(section)
    assert caught.value.remedy
    return f"{caught.value.key.removeprefix('.'.join(PLUGIN) + '.')}: {caught.value.problem}"


# The tables of the wire specification, 7.1 and 7.2.
TAKEN = [
    ({"namespace": "/bot1"}, {"ros": {"namespace": "/bot1"}}),
    ({"domain": 7}, {"ros": {"domain_id": 7}}),
    ({"ros_localhost_only": True}, {"ros": {"discovery_range": "localhost"}}),
    ({"ros_localhost_only": False}, {}),
    ({"ros_automatic_discovery_range": "SUBNET"}, {"ros": {"discovery_range": "subnet"}}),
    ({"ros_automatic_discovery_range": "LOCALHOST"}, {"ros": {"discovery_range": "localhost"}}),
    ({"ros_automatic_discovery_range": "OFF"}, {"ros": {"discovery_range": "off"}}),
    ({"ros_automatic_discovery_range": "SYSTEM_DEFAULT"}, {"ros": {"discovery_range": "subnet"}}),
    ({"ros_static_peers": "a;b"}, {"ros": {"static_peers": ["a", "b"]}}),
    ({"ros_static_peers": " a ;;b;"}, {"ros": {"static_peers": ["a", "b"]}}),
    ({"ros_static_peers": ""}, {"ros": {"static_peers": []}}),
    ({"reliable_routes_blocking": False}, {"zenoh": {"reliable_blocking": False}}),
    ({"transient_local_cache_multiplier": 3}, {"zenoh": {"transient_local_cache_multiplier": 3}}),
    ({"queries_timeout": {"default": 2.5}}, {"zenoh": {"queries_timeout_s": 2.5}}),
    ({"queries_timeout": {}}, {}),
    ({"shm_enabled": False}, {}),
    ({"__required__": True, "__path__": "/x.so"}, {}),
    (dict.fromkeys(("namespace", "allow", "pub_priorities", "queries_timeout", "nodename")), {}),
    ({}, {}),
]


@pytest.mark.parametrize(("section", "data"), TAKEN)
def test_what_has_an_equal_is_taken_over_without_a_word(section, data):
    assert imported(section).data == data
    assert imported(section).notes == ()


def rules(section: dict) -> list[dict]:
    return imported(section).data.get("rules", [])


@pytest.mark.parametrize(
    ("number", "word"),
    [
        ("1", "real_time"),
        ("2", "interactive_high"),
        ("3", "interactive_low"),
        ("4", "data_high"),
        ("5", "data"),
        ("6", "data_low"),
        ("7", "background"),
    ],
)
def test_each_priority_has_its_word(number, word):
    [rule] = rules({"pub_priorities": [f"^/scan$={number}"]})
    assert rule == {"match": {"name": "/scan", "direction": "egress"}, "priority": word}
    [rule] = rules({"pub_priorities": [f"^/scan$={number}:express"]})
    assert rule == {"match": {"name": "/scan", "direction": "egress"}, "priority": word, "express": True}


def test_a_frequency_is_a_rate_and_the_value_follows_the_first_equals_sign():
    assert rules({"pub_max_frequencies": ["/scan=2.5"]}) == [
        {"match": {"name": ".*/scan.*", "direction": "egress"}, "max_rate_hz": 2.5}
    ]
    assert refused({"pub_max_frequencies": ["/a=b=5"]}).startswith(
        "pub_max_frequencies[0]: 'b=5' is no number"
    )


@pytest.mark.parametrize("rate", ["inf", "1e9", "+Infinity"])
def test_a_frequency_that_limits_nothing_still_is_the_first_match(rate):
    assert rules({"pub_max_frequencies": [f"/a={rate}", ".*=1"]}) == [
        {"match": {"name": ".*/a.*", "direction": "egress"}, "allow": True},
        {"match": {"direction": "egress"}, "max_rate_hz": 1.0},
    ]


def test_a_plain_frequency_holds_for_every_name():
    assert rules({"pub_max_frequencies": 5}) == [{"match": {"direction": "egress"}, "max_rate_hz": 5.0}]


@pytest.mark.parametrize("value", ["/a", ["/a"]])
def test_publishers_are_egress_and_subscribers_ingress(value):
    """Remote announcements are filtered by the mirrored kind, which is the same direction here."""
    assert rules({"deny": {"publishers": value}}) == [
        {"match": {"name": "/a", "direction": "egress", "kind": "topic"}, "allow": False}
    ]
    assert rules({"deny": {"subscribers": value}}) == [
        {"match": {"name": "/a", "direction": "ingress", "kind": "topic"}, "allow": False}
    ]


@pytest.mark.parametrize("kind", ["service", "action"])
def test_servers_are_egress_and_clients_ingress(kind):
    for role, direction in (("servers", "egress"), ("clients", "ingress")):
        assert rules({"deny": {f"{kind}_{role}": ["/a"]}}) == [
            {"match": {"name": "/a", "direction": direction, "kind": kind}, "allow": False}
        ]


@pytest.mark.parametrize("allow", [{}, {"publishers": []}, {"publishers": None, "subscribers": []}])
def test_what_allow_leaves_out_is_denied(allow):
    assert rules({"allow": allow}) == [
        {"match": {"direction": direction, "kind": kind}, "allow": False}
        for kind in ("service", "action", "topic")
        for direction in ("egress", "ingress")
    ]


@pytest.mark.parametrize("deny", [{}, {"publishers": []}, {"subscribers": None}])
def test_what_deny_leaves_out_is_allowed(deny):
    assert rules({"deny": deny}) == []


@pytest.mark.parametrize(
    ("section", "key", "part"),
    [
        ({"nodename": "b"}, "nodename", "no ROS node"),
        ({"work_thread_num": 4}, "work_thread_num", "not needed"),
        ({"max_block_thread_num": 4}, "max_block_thread_num", "not needed"),
        ({"shm_enabled": True}, "shm_enabled", "no equal"),
        ({"queries_timeout": {"services": 1.0}}, "queries_timeout.services", "zenoh.queries_timeout_s"),
        ({"queries_timeout": {"actions": {}}}, "queries_timeout.actions", "zenoh.queries_timeout_s"),
        (
            {"queries_timeout": {"transient_local_subscribers": 1}},
            "queries_timeout.transient_local_subscribers",
            "zenoh.queries_timeout_s",
        ),
        ({"ros_localhost_only": True, "ros_static_peers": "a"}, "ros_static_peers", "left out"),
        (
            {"ros_localhost_only": True, "ros_automatic_discovery_range": "OFF"},
            "ros_automatic_discovery_range",
            "left out",
        ),
        ({"deny": {"publishers": ["/x", "/a|/b"]}}, "deny.publishers[1]", "write (/a|/b) for whole names"),
        ({"deny": {"publishers": ["/x", "scan"]}}, "deny.publishers[1]", "matches nothing"),
        ({"allow": {"subscribers": "scan"}}, "allow.subscribers", "matches nothing"),
        ({"pub_priorities": ["^scan$=1"]}, "pub_priorities[0]", "matches nothing"),
        ({"deny": {"publishers": "/a|/b"}}, "deny.publishers", "'/a|/b' means /a.*|.*/b"),
    ],
)
def test_what_has_no_equal_is_noted_with_the_reason(section, key, part):
    notes = noted(section)
    assert list(notes) == [key]
    assert part in notes[key]


@pytest.mark.parametrize("kinds", [{"service_servers": []}, {"action_clients": None}])
def test_an_empty_list_of_services_or_actions_loses_nothing(kinds):
    assert noted({"deny": kinds}) == {}


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"nodname": "b"}, "nodname: unknown key"),
        ({"queries_timeout": {"service": 1}}, "queries_timeout.service: unknown key"),
        ({"queries_timeout": 5}, "queries_timeout: expected an object, found 5"),
        ({"allow": ["/a"]}, "allow: expected an object"),
        ({"allow": {}, "deny": {}}, "deny: allow and deny exclude each other"),
        ({"allow": {"publishers": 5}}, "allow.publishers: expected a list, found 5"),
        ({"allow": {"publishers": ["/a", 5]}}, "allow.publishers[1]: expected text, found 5"),
        ({"ros_localhost_only": "1"}, "ros_localhost_only: expected true or false"),
        ({"pub_priorities": ["/a=8"]}, "pub_priorities[0]: '8' is no priority"),
        ({"pub_priorities": ["/a=-1"]}, "pub_priorities[0]: '-1' is no priority"),
        ({"pub_priorities": ["/a=1:Express"]}, "pub_priorities[0]: '1:Express' is no priority"),
        ({"pub_priorities": 5}, "pub_priorities: expected a list, found 5"),
        ({"pub_max_frequencies": ["/a=nan"]}, "pub_max_frequencies[0]: 'nan' is no frequency"),
        ({"pub_max_frequencies": -1}, "pub_max_frequencies: '-1' is no frequency"),
        ({"pub_max_frequencies": True}, "pub_max_frequencies: expected a list"),
        ({"pub_max_frequencies": ["(=5"]}, "pub_max_frequencies[0]: '(': not readable here"),
        ({"deny": {"publishers": ["(?i)/a"]}}, "deny.publishers[0]: '(?i)/a': flags"),
    ],
)
def test_what_upstream_refuses_or_we_cannot_read_is_a_fault(section, told):
    assert refused(section).startswith(told)


def test_two_long_lists_do_not_make_a_flood_of_rules():
    side = int(MAX_RULES**0.5) + 1
    lists = {
        "pub_max_frequencies": [f"/f{i}=1" for i in range(side)],
        "pub_priorities": [f"/p{i}=1" for i in range(side)],
    }
    assert refused(lists).startswith(
        f"pub_max_frequencies: with pub_priorities it makes more than {MAX_RULES}"
    )
    one_shorter = {**lists, "pub_priorities": lists["pub_priorities"][:10]}
    assert len(rules(one_shorter)) == side * 11 + 10
