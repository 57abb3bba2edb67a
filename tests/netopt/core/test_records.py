"""The journal's entries and its text."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core.records import Entry, Journal, extended, from_text, to_text
from netopt.core.settings import Kind, Target, sysctl
from netopt.errors import CannotTune

RMEM = sysctl("net.core.rmem_max")
TCP = sysctl("net.ipv4.tcp_rmem")
FILE = Target(Kind.FILE, "/etc/sysctl.d/60-zenlink.conf")
TEXTS = st.none() | st.text()
ENTRIES = st.builds(
    Entry,
    target=st.builds(Target, st.sampled_from(Kind), st.text(), st.text()),
    old=TEXTS,
    ours=st.tuples(TEXTS),
)


def journal(*entries: Entry) -> Journal:
    return Journal(place="host", host="Linux 6.1", written="now", complete=True, entries=entries)


@given(st.lists(ENTRIES, max_size=5))
def test_what_is_written_is_what_is_read(entries):
    one = journal(*entries)
    assert from_text(to_text(one), where="x") == one


@given(st.integers(0, 10_000), st.integers(1, 200))
def test_a_damaged_journal_is_refused_never_misread(start, length):
    text = to_text(journal(Entry(target=RMEM, old="1\n", ours=("2\n",))))
    cut = text[:start] + text[start + length :]
    found = None
    with suppress(CannotTune):
        found = from_text(cut, where="/var/x")
    assert found in (None, from_text(text, where="/var/x"))  # a lost space does no harm


def test_a_later_format_is_refused_with_its_remedy():
    with pytest.raises(CannotTune, match="format 9"):
        from_text(to_text(journal()).replace('"format": 1', '"format": 9'), where="x")


def test_the_value_before_the_first_of_our_changes_stays():
    first = extended((), [(RMEM, "100\n", "200\n")])
    second = extended(first, [(RMEM, "200\n", "300\n")])
    assert second == (Entry(target=RMEM, old="100\n", ours=("200\n", "300\n")),)


def test_what_somebody_set_in_between_is_what_comes_back():
    first = extended((), [(RMEM, "100\n", "200\n")])
    assert extended(first, [(RMEM, "150\n", "200\n")]) == (Entry(target=RMEM, old="150\n", ours=("200\n",)),)


def test_the_values_remembered_are_bounded():
    entries = ()
    now = "0\n"
    for number in range(1, 100):
        entries = extended(entries, [(RMEM, now, f"{number}\n")])
        now = f"{number}\n"
    assert entries[0].old == "0\n"
    assert len(entries[0].ours) <= 16


def test_a_half_written_vector_is_ours():
    entry = Entry(target=TCP, old="4096\t131072\t6291456\n", ours=("8192 131072 16777216\n",))
    assert entry.is_ours("8192\t131072\t6291456\n")
    assert entry.is_ours("8192\t131072\t16777216\n")
    assert not entry.is_ours("8192\t131072\t999\n")
    assert not entry.is_ours("8192\t131072\n")


def test_a_file_is_ours_only_as_a_whole():
    entry = Entry(target=FILE, old=None, ours=("a\nb\n",))
    assert entry.is_ours("a\nb\n")
    assert not entry.is_ours("a b")
    assert not entry.is_ours(None)
    assert entry.holds_old(None)
