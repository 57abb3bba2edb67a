"""Keys on disk: theirs alone, whole, and never over others."""

from __future__ import annotations

import os

import pytest

from bridge.errors import CannotRun
from bridge.security.files import MAX_FILE_BYTES, read_authority, read_pem, write_new
from tests.integration.support.certificates import Certificates


def test_files_and_folders_are_their_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        write_new({tmp_path / "a" / "b" / "k": b"secret"}, force=False)
    finally:
        os.umask(before)
    modes = [
        path.stat().st_mode & 0o777 for path in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a/b/k")
    ]
    assert modes == [0o700, 0o700, 0o600]
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["k"], "nothing is left beside it"


def test_nothing_is_written_where_one_of_them_exists(tmp_path):
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(CannotRun, match="--force"):
        write_new({tmp_path / "a": b"new", tmp_path / "b": b"new"}, force=False)
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "b").read_bytes() == b"old"


def test_force_replaces_and_closes_the_file_to_others(tmp_path):
    (tmp_path / "b").write_bytes(b"old")
    (tmp_path / "b").chmod(0o644)
    write_new({tmp_path / "b": b"new"}, force=True)
    assert (tmp_path / "b").read_bytes() == b"new"
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CannotRun, match=r"cannot be written: Not a directory; .* that has room"):
        write_new({tmp_path / "file" / "k": b""}, force=False)


def test_a_disk_is_not_read_whole(tmp_path):
    (tmp_path / "big").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    with pytest.raises(CannotRun, match="larger than"):
        read_pem(tmp_path / "big")


def test_an_authority_is_read_back(tmp_path):
    made = Certificates(tmp_path)
    read = read_authority(tmp_path / "ca.pem", tmp_path / "ca.key")
    assert read.certificate == made.authority.certificate


def test_files_that_do_not_belong_together_are_no_authority(tmp_path):
    Certificates(tmp_path)
    Certificates(tmp_path, "other")
    with pytest.raises(CannotRun, match="is not the elliptic curve key"):
        read_authority(tmp_path / "ca.pem", tmp_path / "other.key")
    with pytest.raises(CannotRun, match="are no authority"):
        read_authority(tmp_path / "ca.key", tmp_path / "ca.key")
    with pytest.raises(CannotRun, match="No such file"):
        read_authority(tmp_path / "none.pem", tmp_path / "ca.key")
