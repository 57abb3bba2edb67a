"""YAML text to data with lines; tests/configs/invalid has the ways it can be broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config_yaml import MAX_DEPTH, parse_document
from bridge.errors import ConfigError


def parse(text):
    return parse_document(text, file="x.yaml")


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "null\n", "{}\n"])
def test_an_empty_file_is_every_default(text):
    assert parse(text).data == {}


def test_values_have_their_yaml_1_2_types():
    text = "{a: off, b: false, c: 0x10, d: 1.5, e: 2001-01-01, f: null, g: [1, two], h: yes, i: '5'}"
    assert parse(text).data == {
        "a": "off",
        "b": False,
        "c": 16,
        "d": 1.5,
        "e": "2001-01-01",
        "f": None,
        "g": [1, "two"],
        "h": "yes",
        "i": "5",
    }


def test_each_key_and_item_knows_its_line():
    document = parse("ros:\n  domain_id: 1\nrules:\n- allow: false\n- {match: {name: x},\n   allow: true}\n")
    assert document.lines == {
        ("ros",): 1,
        ("ros", "domain_id"): 2,
        ("rules",): 3,
        ("rules", 0): 4,
        ("rules", 0, "allow"): 4,
        ("rules", 1): 5,
        ("rules", 1, "match"): 5,
        ("rules", 1, "match", "name"): 5,
        ("rules", 1, "allow"): 6,
    }


def test_an_unknown_place_has_the_line_of_what_is_around_it():
    document = parse("ros:\n  domain_id: 1\n")
    assert document.line(("ros", "namespace")) == 1
    assert document.line(("zenoh",)) == 0


def test_aliases_are_values():
    assert parse("a: &x [1, 2]\nb: *x\n").data == {"a": [1, 2], "b": [1, 2]}


def test_aliases_cannot_multiply_without_end():
    levels = "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 12))
    with pytest.raises(ConfigError, match="too many values"):
        parse(f"l0: &l0 [x, x, x]\n{levels}\n")


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100_000])
def test_nesting_has_an_end(depth):
    with pytest.raises(ConfigError):
        parse("a: " + "[" * depth + "]" * depth)


def test_a_quoted_line_break_in_a_key_stays_on_the_line_of_the_key():
    assert parse('"a\\nb": 1\nc: 2\n').lines == {("a\nb",): 1, ("c",): 2}


@given(st.text(max_size=80))
def test_any_text_is_a_document_or_one_fault(text):
    fault = None
    try:
        parse(text)
    except ConfigError as error:
        fault = error
    assert fault is None or (fault.file == "x.yaml" and fault.line >= 1 and fault.remedy)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(alphabet="abc/ ", max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(alphabet="abc", min_size=1, max_size=3), inner, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_json_is_yaml(value):
    import json

    assert parse(json.dumps({"k": value})).data == {"k": value}
