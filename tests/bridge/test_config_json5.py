"""JSON5 with the lines of its keys; json5 itself is the oracle for the values."""

from __future__ import annotations

import json

import json5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config_json5 import MAX_CHARS, parse_json5
from bridge.errors import ConfigError
from tests.strategies import damaged_text

TEXT = """// a comment with { and "
{
  /* another,
     over two lines */
  mode: "router", // and one behind
  'connect': { endpoints: [ "tcp/a:1//b",
     "tls/b:2" ] , },
  x: [[1, 2],
      {y: -1.5, z: [],}, null],
  "a\\u0062": 'it\\'s',
}
"""


def test_each_key_and_item_has_its_line():
    document = parse_json5(TEXT, file="f")
    assert document.data == json5.loads(TEXT)
    assert document.lines == {
        ("mode",): 5,
        ("connect",): 6,
        ("connect", "endpoints"): 6,
        ("connect", "endpoints", 0): 6,
        ("connect", "endpoints", 1): 7,
        ("x",): 8,
        ("x", 0): 8,
        ("x", 0, 0): 8,
        ("x", 0, 1): 8,
        ("x", 1): 9,
        ("x", 1, "y"): 9,
        ("x", 1, "z"): 9,
        ("x", 2): 9,
        ("ab",): 10,
    }


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_json5(text, file="f")
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "f:1: is not JSON5: "),
        ("// nothing", "f:1: is not JSON5: "),
        ("[1]", "f:1: expected an object, found a list; "),
        ("5", "f:1: expected an object, found a single value; "),
        ("{\na: 1\nb: 2}", 'f:3: is not JSON5: Unexpected "b"; '),
        ("/*\n\n*/ {a: /}", "f:3: is not JSON5: "),
        ("{a: 1, 'a': 2}", "f:1: a: written twice, first in line 1; "),
        ("{a: {b: 1,\n b: 2}}", "f:2: a.b: written twice, first in line 1; "),
        ("{a: Infinity}", "f:1: a: is no number that an option can have; "),
        ("{a: [1,\n{b: -Infinity}]}", "f:2: a[1].b: is no number"),
        ("{a: NaN}", "f:1: a: is no number"),
        ("{a: 1e999}", "f:1: a: is no number"),
        (r"{a: '\ud800'}", "f:1: is not JSON5: "),
        ("{a:" * 1000, "f:1: nested too deep; "),
        ("[" * 10_000, "f:1: nested too deep; "),
        ("}}]]", "f:1: is not JSON5: "),
        ('{a: "' + "x" * MAX_CHARS + '"}', f"f: is larger than {MAX_CHARS} characters; "),
    ],
)
def test_what_is_no_configuration_is_one_line(text, told):
    assert refused(text).startswith(told)


def test_a_long_file_of_comments_is_read_at_once():
    document = parse_json5("{\n" + "// word { [ : , ' \n" * 20_000 + "a: 1}", file="f")
    assert document.lines == {("a",): 20_002}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
documents = st.dictionaries(texts, values, max_size=4)


def paths_of(value, path=()):
    """Every key and item below, as json itself would walk them."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths_of(inner, (*path, key))


@given(documents)
def test_any_json_object_is_read_with_a_line_for_everything(data):
    text = json.dumps(data, indent=1, ensure_ascii=False)
    document = parse_json5(text, file="f")
    assert document.data == data
    assert set(document.lines) == set(paths_of(data))


@given(damaged_text(documents.map(lambda data: json.dumps(data, indent=1))))
def test_damage_gives_a_value_or_a_fault_and_nothing_else(text):
    try:
        parse_json5(text, file="f")
    except ConfigError as error:
        assert error.problem  # noqa: PT017  # either outcome is right
