"""docker/stack/archive.py: what comes back is what went in, and an archive that lies is refused whole."""

from __future__ import annotations

import datetime as dt
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docker.scripts import script

archive = script("archive")
NOW = dt.datetime(2026, 1, 20, 12, tzinfo=dt.timezone.utc)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "authority").mkdir(parents=True)
    (folder / "authority" / "ca.key").write_text("secret")
    (folder / "authority" / "ca.key").chmod(0o600)
    (folder / "meshes" / "deep").mkdir(parents=True)
    (folder / "meshes" / "deep" / "arm.usd").write_bytes(bytes(range(256)))
    (folder / "meshes" / "newest").symlink_to("deep/arm.usd")
    (folder / "empty").mkdir()
    return folder


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    (folder := tmp_path / "backups").mkdir()
    return folder


def content(folder: Path) -> dict[str, tuple[int, object]]:
    """Path to mode and bytes, or the target of a link."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None,
        )
        for path in sorted(folder.rglob("*"))
    }


def emptied(data: Path) -> Path:
    """The same volumes, new."""
    for volume in data.iterdir():
        archive._empty(volume)
    return data


def test_what_comes_back_is_what_went_in(data: Path, backups: Path) -> None:
    before = content(data)
    made = archive.backup(data, backups, now=NOW, keep_days=7)
    assert made.name == "zenlink-20260120T120000Z.tar.gz"
    assert made.stat().st_mode & 0o777 == 0o600, "it holds private keys"
    assert archive.checksum_file(made).read_text() == f"{archive.sha256(made)}  {made.name}\n"
    archive.restore(emptied(data), backups, name="", overwrite=False)
    assert content(data) == before


def test_restore_refuses_to_overwrite_unless_told(data: Path, backups: Path) -> None:
    archive.backup(data, backups, now=NOW, keep_days=7)
    (data / "authority" / "ca.key").write_text("newer")
    with pytest.raises(archive.Refused, match="authority, meshes already have content"):
        archive.restore(data, backups, name="", overwrite=False)
    assert (data / "authority" / "ca.key").read_text() == "newer"
    (data / "meshes" / "later").touch()
    archive.restore(data, backups, name="", overwrite=True)
    assert (data / "authority" / "ca.key").read_text() == "secret"
    assert not (data / "meshes" / "later").exists(), "the volume is as it was, not a mixture"


def test_old_archives_go_and_the_newest_stays_whatever_its_age(data: Path, backups: Path) -> None:
    for days in (30, 8, 6, 0):
        archive.backup(data, backups, now=NOW - dt.timedelta(days=days), keep_days=3650)
    (backups / "zenlink-mine.tar.gz").touch()
    archive._remove_old(backups, now=NOW, keep_days=7)
    days_left = [name[8:16] for name in (one.name for one in archive.archives(backups))]
    assert days_left == ["20260114", "20260120"]
    archive._remove_old(backups, now=NOW + dt.timedelta(days=365), keep_days=7)
    assert [one.name[8:16] for one in archive.archives(backups)] == ["20260120"]
    assert (backups / "zenlink-mine.tar.gz").exists()


def test_an_interrupted_backup_leaves_no_archive(data: Path, backups: Path) -> None:
    with pytest.raises(FileNotFoundError):
        archive.backup(data / "nowhere", backups, now=NOW, keep_days=7)
    assert list(backups.iterdir()) == []


def test_a_damaged_archive_is_refused(data: Path, backups: Path) -> None:
    made = archive.backup(data, backups, now=NOW, keep_days=7)
    with made.open("r+b") as stream:
        stream.seek(40)
        stream.write(b"\0")
    with pytest.raises(archive.Refused, match="is damaged"):
        archive.restore(emptied(data), backups, name="", overwrite=False)
    archive.checksum_file(made).unlink()
    with pytest.raises(archive.Refused, match="cannot be trusted"):
        archive.restore(data, backups, name=made.name, overwrite=False)


@pytest.mark.parametrize(
    ("name", "told"), [("", "there is no archive"), ("zenlink-x.tar.gz", "there is no zenlink-x")]
)
def test_a_missing_archive_is_told(data: Path, backups: Path, name: str, told: str) -> None:
    with pytest.raises(archive.Refused, match=told):
        archive.restore(data, backups, name=name, overwrite=False)


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Callable[[tarfile.TarFile], None]:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        tar.addfile(info, io.BytesIO())

    return add


@pytest.mark.parametrize(
    ("add", "told"),
    [
        (member("/etc/passwd"), "points out"),
        (member("authority/../../etc/passwd"), "points out"),
        (member("elsewhere/x"), "no volume of this stack"),
        (member("authority/x", tarfile.SYMTYPE, "/etc/passwd"), "links out"),
        (member("authority/x", tarfile.SYMTYPE, "../meshes/arm.usd"), "links out"),
        (member("authority/x", tarfile.LNKTYPE, "meshes/arm.usd"), "links out"),
        (member("authority/x", tarfile.CHRTYPE), "no file, folder or link"),
        (member("authority/x", tarfile.FIFOTYPE), "no file, folder or link"),
    ],
)
def test_an_archive_that_reaches_out_is_refused_whole(
    data: Path, backups: Path, add: Callable[[tarfile.TarFile], None], told: str
) -> None:
    made = backups / "zenlink-20260101T000000Z.tar.gz"
    with tarfile.open(made, "w:gz") as tar:
        member("authority/good")(tar)
        add(tar)
    archive.checksum_file(made).write_text(f"{archive.sha256(made)}  {made.name}\n")
    with pytest.raises(archive.Refused, match=told):
        archive.restore(emptied(data), backups, name="", overwrite=False)
    assert list((data / "authority").iterdir()) == [], "nothing of it, not even what was harmless"
