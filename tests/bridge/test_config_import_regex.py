"""Searched and anchored regular expressions as ours, against Python's own search as the oracle."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config_import_regex import (
    ANYTHING,
    anchored,
    both,
    half_anchored,
    neither,
    regex_problem,
    searched,
)


def matches(regex: str, name: str) -> bool:
    return re.fullmatch(regex, name) is not None


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("/tf", ".*/tf.*"),
        ("^/tf$", "/tf"),
        ("^/tf", "/tf.*"),
        ("/tf$", ".*/tf"),
        (".*/pose", ".*/pose.*"),
        ("/camera/.*", ".*/camera/.*"),
        ("/a|^/b$", ".*/a.*|/b"),
        ("^(/a|/b)$", "(/a|/b)"),
        ("", ANYTHING),
        ("^$", ""),
        (".*", ANYTHING),
        ("/a|", ANYTHING),
        ("/a|/a", ".*/a.*"),
        (r"a\$", r".*a\$.*"),
        (r"a\\$", r".*a\\"),
        (r"a\.*", r".*a\.*.*"),
        ("[|)]/a", ".*[|)]/a.*"),
        ("^^/a$$", "/a"),
    ],
)
def test_a_search_as_a_match_of_the_whole_name(text, whole):
    assert searched(text) == whole


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["/tf"], "/tf"),
        (["/tf", ".*/pose"], "/tf|.*/pose"),
        (["^/tf$"], "/tf"),
        (["/a|/b"], "/a.*|.*/b"),
        (["(/a|/b)"], "(/a|/b)"),
        ([""], ""),
        ([".*", "/a"], ANYTHING),
    ],
)
def test_allow_and_deny_are_wrapped_as_text(texts, whole):
    """Also where that surprises: ``a|b`` becomes ``^a|b$``, as zenoh-bridge-ros2dds has it."""
    assert anchored(texts) == whole


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("/a|/b", True),
        ("(/a|/b)", False),
        ("^/a$|^/b$", False),
        ("/tf", False),
        ("[|]", False),
        ("/a|", True),
    ],
)
def test_where_the_wrapping_surprises_is_known(text, half):
    assert half_anchored(text) is half


PIECES = [
    "/a",
    "/b",
    "_",
    ".*",
    ".",
    "[ab]",
    "[^a|]",
    "(/a|/b)",
    "(?:a|^/b$)",
    "|",
    "^",
    "$",
    r"\$",
    r"\\",
    "a?",
    "b+",
]
texts = (
    st.lists(st.sampled_from(PIECES), max_size=6)
    .map("".join)
    .filter(lambda text: regex_problem(text) is None)
)
names = st.lists(st.sampled_from(["/a", "/b", "a", "b", "_", "/", "$", "\\"]), max_size=6).map("".join)


@given(texts, names)
def test_a_search_keeps_its_meaning(text, name):
    assert matches(searched(text), name) == (re.search(text, name) is not None)


@given(st.lists(texts, min_size=1, max_size=3), names)
def test_allow_and_deny_keep_their_meaning(patterns, name):
    upstream = "|".join(f"^{pattern}$" for pattern in patterns)
    assert matches(anchored(patterns), name) == (re.search(upstream, name) is not None)


@given(texts, texts, names)
def test_two_matches_as_one(one, other, name):
    one, other = searched(one), searched(other)
    found = both(one, other)
    assert (found is not None and matches(found, name)) == (matches(one, name) and matches(other, name))


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        ("/tf", ".*/t.*", "/tf"),
        (".*/t.*", "/tf", "/tf"),
        ("/tf", "/scan", None),
        ("/tf", ".*/scan.*", None),
        (ANYTHING, "/a|/b", "/a|/b"),
        ("/a|/b", ANYTHING, "/a|/b"),
        (".*/a", ".*/a", ".*/a"),
        ("/a.|/b", "/.b", "(?=(?:/a.|/b)$)/.b"),
    ],
)
def test_two_matches_are_joined_as_shortly_as_they_can(one, other, joined):
    assert both(one, other) == joined


@given(texts, names)
def test_no_match_as_a_match(text, name):
    assert matches(neither(searched(text)), name) != matches(searched(text), name)


@pytest.mark.parametrize(
    "text",
    [
        "[[:alpha:]]",
        "[a[bc]]",
        "[^[:digit:]]",
        "[a-z&&[^b]]",
        "[a-z--b]",
        "[a~~b]",
        "a*+",
        "a{2}+",
        "(?i)/tf",
        "a(?i)b",
        r"\pL",
        r"\z",
        "(",
        "*",
        "(?<n>a)",
    ],
)
def test_what_only_rust_knows_is_told_and_not_guessed(text):
    problem, remedy = regex_problem(text)
    assert problem
    assert remedy


@pytest.mark.parametrize(
    "text", ["/tf", "(?i:/TF)", r"\[\[a", r"[a\]b]", "[]a]", "[^]a]", r"\(\?i\)", "a+", r"\d+", r"\w*?"]
)
def test_what_both_know_is_taken(text):
    assert regex_problem(text) is None
