"""Ordered rules: first match wins, the answer names its rule, and settings apply as written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.policy import IMPLIED, Policy, QosOverride, Rule
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.routespec import Direction, RouteKind
from tests.builders import KEEP_ALL, NAME, STRING
from tests.strategies import qos, ros_names, ros_types

EGRESS, INGRESS = Direction.EGRESS, Direction.INGRESS


def decide(
    *rules: Rule,
    name: str = NAME,
    ros_type: str = STRING,
    direction: Direction = EGRESS,
    node: str | None = None,
    kind: RouteKind = RouteKind.TOPIC,
) -> str:
    policy = Policy(rules=rules)
    return policy.decide(name=name, ros_type=ros_type, direction=direction, node=node, kind=kind).label


def test_without_rules_everything_crosses_by_the_implied_one() -> None:
    assert decide() == IMPLIED.label
    assert IMPLIED.allow
    assert (IMPLIED.max_rate_hz, IMPLIED.priority, IMPLIED.qos, IMPLIED.remap) == (None, None, None, None)


def test_the_first_rule_that_matches_wins() -> None:
    rules = (Rule(label="camera", name="/camera/.*"), Rule(label="all"), Rule(label="never"))
    assert decide(*rules, name="/camera/image") == "camera"
    assert decide(*rules) == "all"


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("/chatter", "/chatter", True),
        ("/chatter", "/chatter2", False),
        ("/chatter", "/a/chatter", False),
        ("/camera/.*", "/camera/image", True),
        ("/camera/.*", "/camera", False),
        (".*", "/anything", True),
        ("/a|/b", "/b", True),
    ],
)
def test_a_name_pattern_is_matched_against_the_whole_name(pattern: str, name: str, matches: bool) -> None:
    assert (decide(Rule(label="r", name=pattern), name=name) == "r") is matches


def test_a_type_pattern_is_matched_against_the_whole_type() -> None:
    rule = Rule(label="r", ros_type="sensor_msgs/msg/(Image|PointCloud2)")
    assert decide(rule, ros_type="sensor_msgs/msg/Image") == "r"
    assert decide(rule, ros_type="sensor_msgs/msg/ImageX") == IMPLIED.label


@pytest.mark.parametrize("direction", list(Direction))
def test_a_rule_for_one_direction_says_nothing_about_the_other(direction: Direction) -> None:
    assert (decide(Rule(label="r", direction=EGRESS), direction=direction) == "r") is (direction is EGRESS)


@pytest.mark.parametrize(
    ("direction", "node", "matches"),
    [
        (EGRESS, "/secret/one", True),
        (EGRESS, "/open", False),
        (EGRESS, None, False),
        (INGRESS, "/secret/one", False),
    ],
)
def test_a_rule_for_a_node_speaks_of_its_writers_alone(
    direction: Direction, node: str | None, matches: bool
) -> None:
    assert (decide(Rule(label="r", node="/secret/.*"), direction=direction, node=node) == "r") is matches


def test_one_rule_with_a_node_makes_writers_wait_for_their_node() -> None:
    assert not Policy(rules=(Rule(label="a", name="/x"),)).names_nodes
    assert Policy(rules=(Rule(label="a"), Rule(label="b", node="/n"))).names_nodes


def test_all_matchers_of_a_rule_must_agree() -> None:
    rule = Rule(label="r", name="/chatter", ros_type=STRING, node="/talker", direction=EGRESS)
    assert decide(rule, node="/talker") == "r"
    assert decide(rule, node="/talker", name="/other") == IMPLIED.label
    assert decide(rule, node="/talker", ros_type="a/msg/B") == IMPLIED.label


def test_remaps_are_of_their_direction_and_the_first_one_counts() -> None:
    policy = Policy(
        rules=(
            Rule(label="a", name="/a", remap="/b", direction=EGRESS),
            Rule(label="b", name="/a", remap="/c"),
            Rule(label="c", name="/d"),
        )
    )
    assert policy.remaps(EGRESS) == {"/a": "/b"}
    assert policy.remaps(INGRESS) == {"/a": "/c"}


def test_a_rule_that_only_moved_within_its_file_is_the_same_rule() -> None:
    one, moved = (Rule(label=f"rules[{line}]", name="/a", priority=2) for line in (1, 2))
    assert one == moved
    assert one != Rule(label="rules[1]", name="/a", priority=3)


@given(ros_names, ros_types, st.sampled_from(Direction))
def test_a_rule_without_matchers_matches_everything(name: str, ros_type: str, direction: Direction) -> None:
    assert Rule(label="r").matches(name=name, ros_type=ros_type, direction=direction)


@given(qos)
def test_an_override_sets_its_own_policies_and_no_other(value: Qos) -> None:
    assert QosOverride().applied(value) == value
    override = QosOverride(
        reliability=Reliability.BEST_EFFORT, durability=Durability.TRANSIENT_LOCAL, history=KEEP_ALL
    )
    changed = override.applied(value)
    assert (changed.reliability, changed.durability, changed.history) == (
        Reliability.BEST_EFFORT,
        Durability.TRANSIENT_LOCAL,
        KEEP_ALL,
    )
    back = QosOverride(reliability=Reliability.RELIABLE, history=History(HistoryKind.KEEP_LAST, 1)).applied(
        changed
    )
    assert (back.deadline_ns, back.partitions, back.user_data) == (
        value.deadline_ns,
        value.partitions,
        value.user_data,
    )


def test_a_rule_may_speak_of_one_kind_and_else_speaks_of_all() -> None:
    rules = (Rule(label="services", kind=RouteKind.SERVICE), Rule(label="named", name=NAME))
    assert decide(*rules, kind=RouteKind.SERVICE) == "services"
    assert decide(*rules, kind=RouteKind.ACTION) == "named"
    assert decide(*rules) == "named"


def test_a_node_is_kept_by_the_first_rule_about_it_as_a_whole():
    policy = Policy(
        rules=(
            Rule(label="0", node="/a/.*", name="/secret", allow=False),
            Rule(label="1", node="/a/open"),
            Rule(label="2", node="/a/.*", allow=False),
            Rule(label="3", name="/b", allow=False),
        )
    )
    assert [policy.keeps_node(node) for node in ("/a/open", "/a/other", "/b", "/c")] == [
        False,
        True,
        False,
        False,
    ]
