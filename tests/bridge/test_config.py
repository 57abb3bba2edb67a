"""The models: defaults, limits, and what they become for the core."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bridge.config import DEFAULT_LISTEN, Config, RosConfig, ZenohConfig
from bridge.core.policy import IMPLIED
from bridge.core.routespec import Direction


def problems(model, data) -> list[str]:
    """What pydantic finds wrong, as ``key: type``."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return [f"{'.'.join(map(str, error['loc']))}: {error['type']}" for error in caught.value.errors()]


def test_everything_has_a_default():
    assert Config() == Config.model_validate({})


def test_a_configuration_is_frozen():
    with pytest.raises(ValidationError):
        Config().ros.domain_id = 5


def test_unknown_keys_are_faults_at_every_depth():
    data = {
        "a": 1,
        "ros": {"b": 1},
        "zenoh": {"tls": {"c": 1}},
        "rules": [{"allow": True, "match": {"d": 1}}],
    }
    assert sorted(problems(Config, data)) == [
        "a: extra_forbidden",
        "ros.b: extra_forbidden",
        "rules.0.match.d: extra_forbidden",
        "zenoh.tls.c: extra_forbidden",
    ]


@pytest.mark.parametrize("domain_id", [0, 232])
def test_domain_ids_reach_to_232(domain_id):
    assert RosConfig(domain_id=domain_id).domain_id == domain_id


@pytest.mark.parametrize("domain_id", [-1, 233, "5", 1.0, True, None])
def test_other_domain_ids_are_faults(domain_id):
    assert problems(RosConfig, {"domain_id": domain_id})


@pytest.mark.parametrize(("written", "meant"), [("off", "off"), (False, "off"), ("localhost", "localhost")])
def test_a_bare_off_is_off_in_both_versions_of_yaml(written, meant):
    assert RosConfig.model_validate({"discovery_range": written}).discovery_range == meant


def test_a_namespace_is_kept_in_its_normal_form():
    assert RosConfig(namespace="/fleet/robot1/").namespace == "/fleet/robot1"


def test_a_router_alone_listens_on_loopback():
    assert ZenohConfig().listen == (DEFAULT_LISTEN,)


@pytest.mark.parametrize(
    "data",
    [
        {"connect": ["tcp/127.0.0.1:1"]},
        {"mode": "peer"},
        {"mode": "client"},
        {"listen": []},
    ],
)
def test_nobody_else_listens_unasked(data):
    assert ZenohConfig.model_validate(data).listen == ()


@pytest.mark.parametrize("data", [{"listen": None}, {"connect": None}, {"tls": None}, {"extra": None}])
def test_a_section_left_empty_means_its_default(data):
    assert ZenohConfig.model_validate(data) == ZenohConfig()


@pytest.mark.parametrize("zid", ["a", "1", "0a", "A", "g", "a" * 32, "a" * 33, ""])
def test_zenoh_ids(zid):
    good = zid in {"a", "1", "a" * 32}
    if good:
        assert ZenohConfig(id=zid).id == zid
    else:
        assert problems(ZenohConfig, {"id": zid}) == ["id: zenlink"]


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 0, -1, True, "5"])
def test_times_are_positive_and_finite(value):
    assert problems(ZenohConfig, {"queries_timeout_s": value})


def test_whole_seconds_are_a_time_too():
    assert ZenohConfig(queries_timeout_s=3).queries_timeout_s == 3.0


def test_raw_options_are_flattened_in_their_order():
    extra = {
        "transport": {"link/tx": {"lease": 4000}},
        "/adminspace/enabled": True,
        "downsampling": [{"a": 1}],
    }
    assert ZenohConfig(extra=extra).extra_options() == (
        ("transport/link/tx/lease", 4000),
        ("adminspace/enabled", True),
        ("downsampling", [{"a": 1}]),
    )


def test_raw_options_stay_out_of_the_representation():
    extra = {"transport": {"auth": {"usrpwd": {"password": "hunter2"}}}}
    assert "hunter2" not in repr(Config(zenoh=ZenohConfig(extra=extra)))


@pytest.mark.parametrize("interface", ["eth0", "wlan0.5", "192.168.1.5", "fe80::1:2:3:4:5", "veth-robot1"])
def test_interfaces_by_name_or_address(interface):
    assert RosConfig(interfaces=(interface,)).interfaces == (interface,)


@pytest.mark.parametrize("interface", ["", "eth 0", "eth0<x>", "a/b", "name-longer-than-15"])
def test_what_is_no_interface_never_reaches_the_xml(interface):
    assert problems(RosConfig, {"interfaces": [interface]}) == ["interfaces.0: zenlink"]


def test_rules_become_a_policy_with_places():
    rules = [
        {"match": {"name": "/camera/.*", "direction": "egress"}, "allow": False},
        {"match": {"type": "sensor_msgs/msg/.*"}, "allow": True},
        {"allow": False},
    ]
    policy = Config.model_validate({"rules": rules}).policy({"rules[1]": "bridge.yaml:14"})
    image, text = "sensor_msgs/msg/Image", "std_msgs/msg/String"
    camera = policy.decide(name="/camera/left", ros_type=image, direction=Direction.EGRESS)
    back = policy.decide(name="/camera/left", ros_type=image, direction=Direction.INGRESS)
    other = policy.decide(name="/chatter", ros_type=text, direction=Direction.EGRESS)
    assert [(rule.label, rule.allow) for rule in (camera, back, other)] == [
        ("rules[0]", False),
        ("rules[1] (bridge.yaml:14)", True),
        ("rules[2]", False),
    ]


def test_without_rules_everything_is_allowed():
    decided = Config().policy().decide(name="/x", ros_type="a/msg/B", direction=Direction.EGRESS)
    assert decided is IMPLIED
