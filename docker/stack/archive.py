"""Backup and restore of the stack's volumes, as archives with a checksum.

    archive.py backup    /data/* into /backups/zenlink-UTC.tar.gz and its .sha256; those older than
                         BACKUP_KEEP_DAYS are removed, but never the newest
    archive.py restore   RESTORE_FILE, or the newest, back into /data: only after the checksum agrees, every
                         name in it is harmless, and the volumes are empty (or RESTORE_OVERWRITE=yes)

An archive has the authority's private key: mode 0600. Standard library alone, no network.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

DATA, BACKUPS = Path("/data"), Path("/backups")
PREFIX, SUFFIX = "zenlink-", ".tar.gz"
REFUSED, CANNOT = 1, 3
_CHUNK_BYTES = 1 << 20


class Refused(Exception):
    """What was asked for would do harm, or cannot be; the text says why, and what to do."""


def sha256(file: Path) -> str:
    """In hex."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def checksum_file(archive: Path) -> Path:
    """Beside the archive, in the form of `sha256sum -c`."""
    return archive.with_name(f"{archive.name}.sha256")


def archives(folder: Path) -> list[Path]:
    """Finished ones, oldest first: the name is the time."""
    return sorted(file for file in folder.glob(f"{PREFIX}*{SUFFIX}") if checksum_file(file).exists())


def backup(data: Path, folder: Path, *, now: dt.datetime, keep_days: int) -> Path:
    """Archive every volume below `data`; what carries its final name is complete and on the disk."""
    archive = folder / f"{PREFIX}{now:%Y%m%dT%H%M%SZ}{SUFFIX}"
    partial = folder / f".{archive.name}.partial"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
                for volume in sorted(data.iterdir()):
                    tar.add(volume, volume.name, filter=_plain)
            stream.flush()
            os.fsync(stream.fileno())
        _write_synced(checksum_file(archive), f"{sha256(partial)}  {archive.name}\n")
        partial.rename(archive)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(folder)
    _remove_old(folder, now=now, keep_days=keep_days)
    return archive


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Files, folders and links; a socket or device has no content to keep."""
    return member if member.isfile() or member.isdir() or member.issym() or member.islnk() else None


def _write_synced(file: Path, text: str) -> None:
    with file.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    file.chmod(0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_old(folder: Path, *, now: dt.datetime, keep_days: int) -> None:
    for archive in archives(folder)[:-1]:
        stamp = archive.name.removeprefix(PREFIX).removesuffix(SUFFIX)
        try:
            made = dt.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.timezone.utc)
        except ValueError:
            continue  # somebody's own; not ours to remove
        if now - made > dt.timedelta(days=keep_days):
            archive.unlink()
            checksum_file(archive).unlink(missing_ok=True)
            print(f"backup: removed {archive.name}, older than {keep_days} days")


def restore(data: Path, folder: Path, *, name: str, overwrite: bool) -> Path:
    """Put an archive back.

    Raises:
        Refused: Nothing has been changed then.
    """
    archive = _chosen(folder, name)
    _verify(archive)
    volumes = {path.name: path for path in data.iterdir() if path.is_dir()}
    with tarfile.open(archive) as tar:
        members = list(_harmless(tar, volumes))
        full = sorted(one for one, path in volumes.items() if any(path.iterdir()))
        if full and not overwrite:
            raise Refused(f"{', '.join(full)} already have content; RESTORE_OVERWRITE=yes replaces it")
        for path in volumes.values():
            _empty(path)
        # Owners are kept, which the filters of newer Pythons would not; all members were looked at above.
        tar.extraction_filter = lambda member, _path: member
        for member in members:
            tar.extract(member, data, set_attrs=True, numeric_owner=True)
    return archive


def _chosen(folder: Path, name: str) -> Path:
    if name:
        if not (folder / name).is_file():
            raise Refused(
                f"there is no {name}; there are: {', '.join(a.name for a in archives(folder)) or 'none'}"
            )
        return folder / name
    if not (found := archives(folder)):
        raise Refused(f"there is no archive in {folder}; make one with `make backup`")
    return found[-1]


def _verify(archive: Path) -> None:
    beside = checksum_file(archive)
    if not beside.is_file():
        raise Refused(f"{beside.name} is missing: the archive cannot be trusted")
    want = beside.read_text().split()[:1]
    if want != [sha256(archive)]:
        raise Refused(f"{archive.name} is damaged: its checksum is not that of {beside.name}")


def _harmless(tar: tarfile.TarFile, volumes: Mapping[str, Path]) -> Iterator[tarfile.TarInfo]:
    """Every member, once all have been looked at: names stay inside a volume, links too."""
    for member in tar.getmembers():
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise Refused(f"{member.name} points out of the archive")
        if path.parts[0] not in volumes:
            raise Refused(f"{path.parts[0]} is no volume of this stack")
        if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
            raise Refused(f"{member.name} is no file, folder or link")
        if member.issym() or member.islnk():
            base = path.parent if member.issym() else PurePosixPath()
            if _leaves(base, PurePosixPath(member.linkname), path.parts[0]):
                raise Refused(f"{member.name} links out of its volume, to {member.linkname}")
    yield from tar.getmembers()


def _leaves(base: PurePosixPath, target: PurePosixPath, volume: str) -> bool:
    where = PurePosixPath(os.path.normpath(base / target))
    return target.is_absolute() or not where.parts or where.parts[0] != volume


def _empty(folder: Path) -> None:
    for child in folder.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()


def main(arguments: list[str]) -> int:
    """See the module's text."""
    began_s = time.monotonic()
    try:
        match arguments:
            case ["backup"]:
                now = dt.datetime.now(dt.timezone.utc)
                keep = int(os.environ.get("BACKUP_KEEP_DAYS") or "7")
                archive = backup(DATA, BACKUPS, now=now, keep_days=keep)
                size = archive.stat().st_size / 1e6
                print(f"backup: {archive.name}, {size:.1f} MB, {time.monotonic() - began_s:.1f} s")
            case ["restore"]:
                overwrite = os.environ.get("RESTORE_OVERWRITE") == "yes"
                archive = restore(DATA, BACKUPS, name=os.environ.get("RESTORE_FILE", ""), overwrite=overwrite)
                print(f"restore: {archive.name} is back, {time.monotonic() - began_s:.1f} s")
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except Refused as refusal:
        print(f"{arguments[0]}: {refusal}", file=sys.stderr)
        return REFUSED
    except (OSError, tarfile.TarError) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return CANNOT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
