"""Rules: what is good enough, and what it should be otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core.settings import AtLeast, AtMost, Exactly, Kind, Prefer, Target, sysctl, words_of

NUMBERS = st.integers(0, 2**40)


@given(st.lists(st.tuples(NUMBERS, st.none() | NUMBERS), min_size=1, max_size=4))
def test_at_least_never_lowers_any_element_and_is_idempotent(pairs):
    words = tuple(str(number) for number, _ in pairs)
    rule = AtLeast(tuple(bound for _, bound in pairs))
    once = rule.apply(words)
    for before, after, bound in zip(words, once, rule.bounds, strict=True):
        assert int(after) == max(int(before), bound or 0)
    assert rule.apply(once) == once


@given(st.integers(-5, 2**33), st.integers(1, 2**32))
def test_at_most_never_raises_and_mends_what_makes_no_sense(number, bound):
    (after,) = AtMost(bound).apply((str(number),))
    assert int(after) == (number if 1 <= number <= bound else bound)


def test_a_vector_is_judged_element_by_element():
    rule = AtLeast((4096, 131072, 16777216))
    assert rule.apply(("4096", "87380", "134217728")) == ("4096", "131072", "134217728")


def test_a_vector_of_another_length_is_not_guessed_at():
    with pytest.raises(ValueError, match=r".*"):
        AtLeast((1, 2, 3)).apply(("1", "2"))


def test_another_good_word_stays():
    rule = Prefer("fq", frozenset({"fq", "fq_codel"}))
    assert rule.apply(("fq_codel",)) == ("fq_codel",)
    assert rule.apply(("pfifo_fast",)) == ("fq",)
    assert str(rule) == "fq (or fq_codel)"


def test_what_a_rule_asks_for_where_the_value_is_hidden():
    assert [rule.words for rule in (AtLeast((None, 7)), AtMost(3), Exactly("0"), Prefer("bbr"))] == [
        ("7",),
        ("3",),
        ("0",),
        ("bbr",),
    ]
    assert [str(rule) for rule in (AtLeast((None, 7)), AtMost(3), Exactly("0"), Prefer("bbr"))] == [
        "at least * 7",
        "at most 3",
        "0",
        "bbr",
    ]


def test_targets_name_themselves():
    assert str(sysctl("net.core.rmem_max")) == "net.core.rmem_max"
    assert str(Target(Kind.LINK, "multicast", "lo")) == "lo multicast"
    assert str(Target(Kind.RING, "rx", "eth0")) == "eth0 ring rx"


def test_the_kernel_separates_by_tabs():
    assert words_of("4096\t131072\t6291456\n") == ("4096", "131072", "6291456")
