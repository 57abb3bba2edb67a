"""The models of rules: what they accept, and what they become for the core."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bridge.config import Config
from bridge.config_rules import (
    MAX_DEPTH,
    MAX_RATE_HZ,
    PRIORITIES,
    SETTINGS,
    MatchConfig,
    QosConfig,
    RuleConfig,
)
from bridge.core.policy import Congestion, QosOverride, Rule
from bridge.core.qos import Durability, History, HistoryKind, Reliability
from bridge.core.routespec import Direction, RouteKind


def faults(model, data) -> list[tuple]:
    """Where pydantic finds something wrong."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return [error["loc"] for error in caught.value.errors()]


@pytest.mark.parametrize("name", ["/camera", ".*", "/.*", "(/a|/b)", "/camera/.*", ""])
@pytest.mark.parametrize("key", ["name", "node"])
def test_a_rule_takes_any_regular_expression_that_can_match(key, name):
    assert getattr(MatchConfig(**{key: name}), key) == name


@pytest.mark.parametrize("key", ["name", "node"])
@pytest.mark.parametrize("text", ["camera", "camera/left", "*/camera", "("])
def test_what_cannot_match_is_a_fault(key, text):
    assert faults(MatchConfig, {key: text}) == [(key,)]


SETTING = {
    "max_rate_hz": 10,
    "priority": "data",
    "express": False,
    "congestion": "drop",
    "qos": {"depth": 1},
    "remap": "/b",
}


@pytest.mark.parametrize("key", SETTINGS)
def test_a_rule_that_sets_something_allows(key):
    rule = RuleConfig.model_validate({key: SETTING[key]})
    assert rule.allow
    assert rule.sets() == (key,)


@pytest.mark.parametrize("data", [{}, {"match": {"name": "/a"}}, {"qos": {}}, {"remap": None}])
def test_a_rule_that_says_nothing_is_a_fault(data):
    assert faults(RuleConfig, data) == [("allow",)]


def test_allow_left_empty_is_no_yes():
    assert faults(RuleConfig, {"allow": None, "max_rate_hz": 5}) == [("allow",)]


@pytest.mark.parametrize("rate", [0, -1, MAX_RATE_HZ * 2, float("inf"), float("nan"), "5", True])
def test_a_rate_is_a_number_in_its_range(rate):
    assert faults(RuleConfig, {"max_rate_hz": rate}) == [("max_rate_hz",)]


@pytest.mark.parametrize("depth", [0, -1, MAX_DEPTH + 1, 1.5, "5", "all", True, []])
def test_a_depth_is_told_once_however_wrong_it_is(depth):
    assert faults(QosConfig, {"depth": depth}) == [("depth",)]


@pytest.mark.parametrize("priority", [1, "1", "DATA", "control"])
def test_a_priority_is_a_word_of_ours(priority):
    assert faults(RuleConfig, {"priority": priority}) == [("priority",)]


@pytest.mark.parametrize("remap", ["b", "/b/", "/b//c", "/b-c", "/.*", "", "/0"])
def test_a_remap_is_a_full_ros_name(remap):
    assert faults(RuleConfig, {"remap": remap}) == [("remap",)]


def test_every_key_reaches_the_core():
    data = {
        "match": {
            "name": "/a",
            "type": "std_msgs/msg/String",
            "direction": "egress",
            "kind": "topic",
            "node": "/n",
        },
        "allow": True,
        "max_rate_hz": 2.5,
        "priority": "interactive_low",
        "express": True,
        "congestion": "block",
        "qos": {"reliability": "best_effort", "durability": "transient_local", "depth": 7},
        "remap": "/b",
    }
    assert RuleConfig.model_validate(data).rule("x") == Rule(
        label="x",
        name="/a",
        ros_type="std_msgs/msg/String",
        node="/n",
        direction=Direction.EGRESS,
        kind=RouteKind.TOPIC,
        allow=True,
        max_rate_hz=2.5,
        priority=3,
        express=True,
        congestion=Congestion.BLOCK,
        qos=QosOverride(
            reliability=Reliability.BEST_EFFORT,
            durability=Durability.TRANSIENT_LOCAL,
            history=History(HistoryKind.KEEP_LAST, 7),
        ),
        remap="/b",
    )


def test_an_absent_key_changes_nothing():
    assert RuleConfig.model_validate({"allow": False}).rule("x") == Rule(label="x", allow=False)


def test_keep_all_has_no_depth():
    assert QosConfig(depth="keep_all").override() == QosOverride(history=History(HistoryKind.KEEP_ALL, -1))


def test_priorities_are_those_of_zenoh_in_its_order():
    assert list(PRIORITIES.values()) == [1, 2, 3, 4, 5, 6, 7]
    for word in PRIORITIES:
        assert RuleConfig.model_validate({"priority": word}).priority == word


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("/a", True),
        ("/a/b_1", True),
        ("/a.", False),
        ("/a|/b", False),
        ("/[ab]", False),
        (None, False),
        ("", False),
    ],
)
def test_a_literal_name_has_no_mark_of_a_regular_expression(name, literal):
    assert MatchConfig(name=name).literal is literal


def test_the_schema_asks_for_allow_or_a_setting():
    rule = Config.model_json_schema()["$defs"]["RuleConfig"]
    assert "required" not in rule
    assert [entry["required"] for entry in rule["anyOf"]] == [[key] for key in ("allow", *SETTINGS)]
