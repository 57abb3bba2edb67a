"""Key expressions: Zenoh's grammar, the narrower one of routes, and ROS names under a namespace."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from zenoh import KeyExpr, ZError

from bridge.core.keys import check_key_expr, check_route_key, key_expr, ros_name
from bridge.core.names import check_ros_name
from bridge.errors import InvalidName
from tests.strategies import damaged_text, namespaces, ros_names, route_keys
from tests.vectors import records

NAMES = records("names_ros2dds.txt")


@pytest.mark.parametrize("record", NAMES, ids=lambda r: r["namespace"] + " " + r["key_expr"])
def test_names_and_keys_map_as_in_the_upstream_bridge(record: dict[str, str]) -> None:
    assert ros_name(record["key_expr"], record["namespace"]) == record["back"]
    if "ros_name" in record:
        assert key_expr(record["ros_name"], record["namespace"]) == record["key_expr"]


def test_namespace_is_cut_off_only_where_whole_chunks_agree() -> None:
    assert ros_name("bot1x/foo", "/bot1") == "/bot1x/foo"
    assert ros_name("bot1", "/bot1") == "/bot1"


@given(ros_names, namespaces)
def test_a_ros_name_comes_back_from_its_key(name: str, namespace: str) -> None:
    key = key_expr(name, namespace)
    check_route_key(key)
    assert ros_name(key, namespace) == name


@given(damaged_text(route_keys) | st.text(max_size=20), damaged_text(namespaces) | namespaces)
def test_any_key_gives_a_sound_ros_name_or_an_invalid_name(key: str, namespace: str) -> None:
    with contextlib.suppress(InvalidName):
        check_ros_name(ros_name(key, namespace))


@given(damaged_text(ros_names), damaged_text(namespaces) | namespaces)
def test_any_name_gives_a_sound_key_or_an_invalid_name(name: str, namespace: str) -> None:
    with contextlib.suppress(InvalidName):
        check_route_key(key_expr(name, namespace))


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a/b",
        "*",
        "**",
        "a/*",
        "a/**",
        "*/**",
        "a/*/**/b",
        "a$*",
        "$*a",
        "a$*b$*",
        "@a/b",
        "é",
        "§",
        "a b",
        "@/*/@ros2_lv/**",
    ],
)
def test_canonical_key_expressions_pass(text: str) -> None:
    check_key_expr(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty part"),
        ("/a", "empty part"),
        ("a/", "empty part"),
        ("a//b", "empty part"),
        ("a#", "'#' and '[?]' are not allowed"),
        ("a?b", "'#' and '[?]' are not allowed"),
        ("a*", "may only stand alone"),
        ("*a", "may only stand alone"),
        ("***", "may only stand alone"),
        ("$**", "may only stand alone"),
        ("a$", "only allowed in"),
        ("a$b", "only allowed in"),
        ("a/$*", "must be written '[*]'"),
        ("$*$*", "not allowed after"),
        ("**/**", r"must be written '\*\*'"),
        ("a/**/*", r"must be written '\*/\*\*'"),
        ("\ud800", "not valid UTF-8"),
    ],
)
def test_refusal_of_a_key_expression_names_the_rule(text: str, words: str) -> None:
    with pytest.raises(InvalidName, match=words):
        check_key_expr(text)


@pytest.mark.parametrize("text", ["*", "a/**", "a$*", "@/abc", "a/@adv/pub", "", "a//b", "a?"])
def test_a_route_takes_neither_wildcards_nor_reserved_chunks(text: str) -> None:
    with pytest.raises(InvalidName):
        check_route_key(text)


key_texts = st.lists(st.sampled_from(["*", "$", "/", "a", "@", "#", "?", "**", "$*", "§"]), max_size=8).map(
    "".join
)


@given(key_texts | st.text(max_size=12))
@example("\x00")
def test_verdict_on_a_key_expression_is_that_of_zenoh(text: str) -> None:
    try:
        KeyExpr(text)
        zenoh_takes_it = True
    except (ZError, UnicodeEncodeError):
        zenoh_takes_it = False
    try:
        check_key_expr(text)
        we_take_it = True
    except InvalidName:
        we_take_it = False
    assert we_take_it == zenoh_takes_it
