"""A configuration in the making: values, and the lines of what they are made from."""

from __future__ import annotations

import pytest

from bridge.config_draft import Draft
from bridge.config_yaml import Document
from bridge.errors import ConfigError

SOURCE = Document(
    file="f", data={}, lines={("a",): 2, ("a", "b"): 3, ("a", "b", 0): 4, ("a", "b", 0, "c"): 5, ("d",): 6}
)


@pytest.fixture
def draft():
    return Draft(source=SOURCE)


def test_a_value_takes_its_lines_along(draft):
    draft.put(("x", "y"), [{"c": 1}], ("a", "b"))
    assert draft.data == {"x": {"y": [{"c": 1}]}}
    assert draft.lines == {("x",): 3, ("x", "y"): 3, ("x", "y", 0): 4, ("x", "y", 0, "c"): 5}


def test_sections_grow_and_keep_their_first_line(draft):
    draft.put(("x", "y"), 1, ("d",))
    draft.put(("x", "z"), 2, ("a",))
    assert draft.data == {"x": {"y": 1, "z": 2}}
    assert draft.lines["x",] == 6


def test_what_has_no_place_in_the_source_gets_none(draft):
    draft.put(("x",), 1, ("nowhere",))
    assert draft.lines == {}


def test_a_key_below_a_value_is_a_fault_of_ours(draft):
    draft.put(("x",), 1, ("d",))
    with pytest.raises(TypeError):
        draft.put(("x", "y"), 2, ("d",))


def test_rules_are_numbered_as_they_come(draft):
    draft.add_rule({"allow": True}, ("a", "b", 0))
    draft.add_rule({"allow": False}, ("d",))
    assert draft.data == {"rules": [{"allow": True}, {"allow": False}]}
    assert draft.lines == {("rules",): 4, ("rules", 0): 4, ("rules", 1): 6}


def test_notes_are_told_by_line(draft):
    draft.note(("d",), "second")
    draft.note(("a", "b", 7), "first")
    assert [str(note) for note in draft.document().notes] == ["f:3: a.b[7]: first", "f:6: d: second"]


def test_a_fault_names_the_nearest_line(draft):
    assert str(draft.error(("a", "b", 0, "x"), "wrong", remedy="right")) == "f:4: a.b[0].x: wrong; right"
    assert draft.error(("nowhere",), "wrong", remedy="right").line == 1


def test_a_section_is_an_object_or_nothing(draft):
    assert draft.section(("a",), None) == {}
    assert draft.section(("a",), {"b": 1}) == {"b": 1}
    with pytest.raises(ConfigError, match=r"f:2: a: expected an object, found \[\]; "):
        draft.section(("a",), [])


def test_unknown_keys_name_the_nearest(draft):
    draft.check_keys(("a",), {"mode": 1}, ("mode", "id"))
    with pytest.raises(ConfigError, match=r"f:2: a\.mod: unknown key 'mod'; did you mean 'mode'"):
        draft.check_keys(("a",), {"mod": 1}, ("mode", "id"))
    with pytest.raises(ConfigError, match="known keys here: mode, id"):
        draft.check_keys(("a",), {"xyz": 1}, ("mode", "id"))
