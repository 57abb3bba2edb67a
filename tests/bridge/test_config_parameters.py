"""Each key is a parameter of its name, and what a parameter says comes to the same configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config import Config
from bridge.config_io import NO_FLAGS, FlagOverrides, check_files, load
from bridge.config_parameters import (
    PARAMETERS,
    ParameterKind,
    layer_of,
    shown_values,
    to_text,
    with_text,
)
from bridge.errors import ConfigError

SPECS = {spec.name: spec for spec in PARAMETERS}
NODE = "/robot1/zenlink_bridge"


def loaded(**given):
    values = {name.replace("__", "."): value for name, value in given.items()}
    return load(None, FlagOverrides(node=layer_of(NODE, values)), {})


def test_every_key_of_the_reference_is_a_parameter():
    found = load(Path(__file__).parents[2] / "configs/bridge.reference.yaml", NO_FLAGS, {})
    assert set(SPECS) == set(found.origins)


@pytest.mark.parametrize("spec", PARAMETERS, ids=lambda spec: spec.name)
def test_each_parameter_is_described(spec):
    assert spec.description
    assert spec.kind is not ParameterKind.YAML or "YAML" in spec.constraints


@pytest.mark.parametrize(
    ("name", "kind", "constraints", "limits"),
    [
        ("ros.domain_id", ParameterKind.INTEGER, "", (0.0, 232.0)),
        ("zenoh.lease_s", ParameterKind.DOUBLE, "", (0.5, 3600.0)),
        ("zenoh.mode", ParameterKind.STRING, "one of router, peer, client", (None, None)),
        ("zenoh.connect", ParameterKind.STRINGS, "empty items are left out", (None, None)),
        ("zenoh.tls.ca", ParameterKind.STRING, "empty: null", (None, None)),
        ("probe.limit", ParameterKind.STRING, "", (None, None)),
        ("zenoh.shared_memory", ParameterKind.BOOL, "", (None, None)),
        (
            "rules",
            ParameterKind.YAML,
            "YAML, as in the configuration file; empty: as the file has it",
            (None, None),
        ),
    ],
)
def test_kind_and_limits_come_from_the_models(name, kind, constraints, limits):
    spec = SPECS[name]
    assert (spec.kind, spec.constraints, (spec.minimum, spec.maximum)) == (kind, constraints, limits)


@pytest.mark.parametrize(
    ("name", "value", "config"),
    [
        ("zenoh.id", "", None),
        ("zenoh.id", "ab12", "ab12"),
        ("zenoh.lease_s", 2, 2.0),
        ("zenoh.connect", ["", "tcp/127.0.0.1:1"], ["tcp/127.0.0.1:1"]),
        ("zenoh.connect", [""], []),
        ("probe.limit", "25", 25.0),
        ("probe.limit", "local", "local"),
        ("ros.enabled", False, False),
        ("rules", "[{match: {name: /a}, allow: false}]", [{"match": {"name": "/a"}, "allow": False}]),
        ("rules", "- match: {name: /a}\n  allow: false\n", [{"match": {"name": "/a"}, "allow": False}]),
        ("zenoh.extra", "scouting/timeout: 5", {"scouting/timeout": 5}),
    ],
)
def test_a_parameter_is_the_value_of_its_key(name, value, config):
    assert SPECS[name].to_config(value) == config


def test_a_parameter_stands_above_file_and_environment_and_below_a_flag(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("ros: {domain_id: 1}\nzenoh: {tls: {mutual: true}}\n")
    env, layer = {"ROS_DOMAIN_ID": "2"}, layer_of(NODE, {"ros.domain_id": 3, "zenoh.tls.mutual": False})
    found = load(file, FlagOverrides(node=layer), env)
    assert (found.config.ros.domain_id, found.config.zenoh.tls.mutual) == (3, False)
    assert found.origins["ros.domain_id"] == "parameter ros.domain_id"
    assert found.origins["zenoh.tls.mutual"] == "parameter zenoh.tls.mutual"
    assert load(file, FlagOverrides(node=layer, domain_id=4), env).config.ros.domain_id == 4


def test_a_fault_names_its_parameter():
    with pytest.raises(ConfigError) as caught:
        loaded(zenoh__mode="star")
    assert str(caught.value).startswith("parameter zenoh.mode: zenoh.mode: 'star' is not allowed")
    with pytest.raises(ConfigError, match="parameter rules"):
        loaded(rules="- {match: [")


def test_a_file_that_is_missing_names_its_parameter():
    (fault,) = check_files(loaded(zenoh__tls__ca="/nowhere/ca.pem"))
    assert str(fault).startswith("parameter zenoh.tls.ca: zenoh.tls.ca: ")


def test_an_unknown_parameter_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean"):
        layer_of(NODE, {"zenoh.lisen": []})


def test_yaml_that_is_empty_leaves_the_file_alone():
    assert layer_of(NODE, {"rules": "", "zenoh.extra": ""}).parameters == {}


def test_a_rule_tells_that_it_is_from_a_parameter():
    rules = loaded(rules="[{match: {name: /a}, allow: false}]").policy.rules
    assert [rule.label for rule in rules] == ["the node that runs this agent", "rules[0] (parameter rules)"]


@pytest.mark.parametrize(
    ("name", "denied"),
    [
        (f"{NODE}/change_state", True),
        (f"{NODE}/transition_event", True),
        ("/robot1/zenlink_bridge_2/change_state", False),
        ("/chatter", False),
    ],
)
@pytest.mark.parametrize("direction", ["egress", "ingress"])
def test_the_names_of_the_node_itself_never_cross(name, denied, direction):
    from bridge.core.routespec import Direction, RouteKind

    policy = loaded(rules="[{match: {name: .*}, allow: true}]").policy
    kind = RouteKind.SERVICE if name.endswith("state") else RouteKind.TOPIC
    decided = policy.decide(name=name, ros_type="x/msg/Y", direction=Direction(direction), kind=kind)
    assert decided.allow is not denied


def test_what_nobody_set_shows_the_configuration_without_its_secrets():
    config = Config.model_validate(
        {
            "zenoh": {
                "connect": ["tls/h:1#root_ca_certificate_base64=QUJD"],
                "extra": {"transport/auth/usrpwd/password": "geheim"},
            }
        }
    )
    shown = shown_values(config)
    assert shown["zenoh.connect"] == ["tls/h:1#root_ca_certificate_base64=***"]
    assert (shown["zenoh.extra"], shown["zenoh.id"], shown["rules"]) == ("", "", "")
    assert (shown["ros.domain_id"], shown["zenoh.lease_s"], shown["probe.limit"]) == (0, 1.5, "cloud")


def test_what_is_shown_could_be_set_and_changes_nothing():
    assert loaded(**{k.replace(".", "__"): v for k, v in shown_values(Config()).items()}).config == Config()


def test_the_layer_survives_its_file():
    layer = layer_of(
        NODE, {"zenoh.connect": ["tcp/127.0.0.1:1"], "zenoh.id": "", "rules": "[{allow: false}]"}
    )
    found = with_text(FlagOverrides(domain_id=3), to_text(layer, insecure=True), file="p.json")
    assert found == FlagOverrides(domain_id=3, insecure=True, node=layer)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"node": "/n", "parameters": 5, "insecure": false}'])
def test_a_file_that_the_node_did_not_write_is_refused(text):
    with pytest.raises(ConfigError, match=r"p\.json: holds no parameters of a node"):
        with_text(NO_FLAGS, text, file="p.json")
