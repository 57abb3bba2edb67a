"""The journal on the disk."""

from __future__ import annotations

import pytest

from netopt.core.records import Entry, Journal
from netopt.core.settings import sysctl
from netopt.errors import CannotTune
from netopt.kernel.journal import FileJournal

ENTRY = Entry(target=sysctl("net.core.rmem_max"), old="1\n", ours=("2\n",))
JOURNAL = Journal(place="host", host="Linux 6.1", written="now", complete=True, entries=(ENTRY,))


def test_what_is_saved_is_loaded_until_it_is_retired(tmp_path):
    store = FileJournal(tmp_path / "state", "host")
    with store.locked():
        assert store.load() is None
        store.save(JOURNAL)
        assert store.load() == JOURNAL
        store.retire()
        assert store.load() is None
    assert store.path.with_suffix(".undone").is_file()


def test_each_place_has_its_own(tmp_path):
    host, container = FileJournal(tmp_path, "host"), FileJournal(tmp_path, "netns 40265 ab12")
    host.save(JOURNAL)
    assert container.load() is None


def test_a_second_tuner_is_kept_out(tmp_path):
    one, other = FileJournal(tmp_path, "host"), FileJournal(tmp_path, "host")
    with one.locked(), pytest.raises(CannotTune, match="another `zenlink tune` is at work"), other.locked():
        pytest.fail("both had the lock")
    with other.locked():
        pass


def test_a_damaged_journal_is_not_overwritten_by_guessing(tmp_path):
    store = FileJournal(tmp_path, "host")
    store.path.write_text("{")
    with pytest.raises(CannotTune, match="damaged"):
        store.load()


def test_where_it_cannot_be_written_is_said_beforehand(tmp_path):
    (tmp_path / "file").write_text("")
    assert "is no folder" in FileJournal(tmp_path / "file" / "state", "host").obstacle()
    assert FileJournal(tmp_path, "host").obstacle() == ""
