"""Whole files, and the folders of sysctl.d."""

from __future__ import annotations

import os

import pytest

from netopt.core.settings import Kind, Target
from netopt.errors import CannotTune
from netopt.kernel.files import Files, folder_obstacle, replace_file, sysctl_files


def test_nothing_is_left_beside_a_replaced_file(tmp_path):
    replace_file(tmp_path / "a.conf", "x\n", mode=0o644)
    assert [path.name for path in tmp_path.iterdir()] == ["a.conf"]
    assert (tmp_path / "a.conf").stat().st_mode & 0o777 == 0o644


def test_removing_takes_what_a_killed_write_left_too(tmp_path):
    (tmp_path / ".a.conf.zenlink-new").write_text("half")
    Files().write(Target(Kind.FILE, str(tmp_path / "a.conf")), None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_yet_is_judged_by_its_parent(tmp_path):
    assert folder_obstacle(tmp_path / "a" / "b") == ""
    (tmp_path / "file").write_text("")
    assert "is no folder" in folder_obstacle(tmp_path / "file" / "b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_root_needs_root():
    assert "needs root" in folder_obstacle(os.sep)


def test_a_folder_is_made_where_there_is_none(tmp_path):
    Files().write(Target(Kind.FILE, str(tmp_path / "none" / "a.conf")), "x")
    assert (tmp_path / "none" / "a.conf").read_text() == "x"


def test_a_file_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotTune, match="cannot write"):
        Files().write(Target(Kind.FILE, str(tmp_path / "file" / "a.conf")), "x")


def test_files_of_the_same_name_count_once_and_all_are_in_order_of_their_base_name(tmp_path):
    own, vendor = tmp_path / "etc", tmp_path / "usr"
    for folder in (own, vendor):
        folder.mkdir()
    (own / "50-a.conf").write_text("net.x = 1")
    (vendor / "50-a.conf").write_text("net.x = 2")
    (vendor / "10-b.conf").write_text("net.y = 1")
    (vendor / "README").write_text("")
    found = sysctl_files(str(own), (str(vendor), str(tmp_path / "absent")))
    assert [(file.path, file.text) for file in found] == [
        (str(vendor / "10-b.conf"), "net.y = 1"),
        (str(own / "50-a.conf"), "net.x = 1"),
    ]
