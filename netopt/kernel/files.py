"""Whole files: replaced at once, so a reader or a power cut finds the old or the new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path

from netopt.core.observed import Access, Reading, SysctlFile
from netopt.core.settings import Target
from netopt.core.sysctlfile import base_name
from netopt.errors import CannotTune

SYSCTL_FOLDERS = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
)
"""Where systemd-sysctl looks; of files with the same base name the first one counts (sysctl.d(5))."""


class Files:
    """Files as things to set. Thread: any."""

    def read(self, target: Target) -> Reading:
        """Its text, and whether it could be replaced or made."""
        path = Path(target.name)
        problem = folder_obstacle(path.parent)
        try:
            text = path.read_bytes().decode(errors="surrogateescape")
        except FileNotFoundError:
            return Reading(access=Access.ABSENT, problem=problem)
        except OSError as error:
            return Reading(access=Access.DENIED, problem=f"cannot be read: {error.strerror}")
        return Reading(text, Access.READ_ONLY if problem else Access.WRITABLE, problem)

    def write(self, target: Target, text: str | None) -> None:
        """Replace it, or remove it.

        Raises:
            CannotTune: Refused.
        """
        path = Path(target.name)
        try:
            if text is None:
                _temporary(path).unlink(missing_ok=True)
                path.unlink(missing_ok=True)
                sync_folder(path.parent)
            else:
                replace_file(path, text, mode=0o644)
        except OSError as error:
            raise CannotTune(
                f"cannot write {path}: {error.strerror}",
                remedy="see that its folder has room and may be written",
            ) from error


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.zenlink-new")


def replace_file(path: Path, text: str, *, mode: int) -> None:
    """Write a file beside it, bring it to the disk, and put it in its place.

    Raises:
        OSError: The disk refused.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = _temporary(path)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        content = memoryview(text.encode(errors="surrogateescape"))
        while content:
            content = content[os.write(descriptor, content) :]
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    new.replace(path)
    sync_folder(path.parent)


def forget_temporary(path: Path) -> None:
    """Remove what a killed `replace_file` left."""
    _temporary(path).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def folder_obstacle(folder: Path) -> str:
    """Why no file can be made in a folder; the nearest one that exists counts. Changes nothing."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return f"{existing} is no folder"
    if os.statvfs(existing).f_flag & os.ST_RDONLY:
        return f"{existing} is on a read-only file system"
    if not os.access(existing, os.W_OK | os.X_OK):
        return f"{existing} may not be written by this user: it needs root"
    return ""


def sysctl_files(own_folder: str, folders: tuple[str, ...] = SYSCTL_FOLDERS) -> tuple[SysctlFile, ...]:
    """The files that set sysctls at start, in the order in which they are applied.

    Args:
        own_folder: Where ours is; looked at first, like /etc/sysctl.d.
        folders: The others.
    """
    found: dict[str, SysctlFile] = {}
    for folder in (own_folder, *folders):
        try:
            paths = sorted(path for path in Path(folder).iterdir() if path.name.endswith(".conf"))
        except OSError:
            continue
        for path in paths:
            try:
                text = path.read_text(errors="replace")
            except OSError:
                continue
            found.setdefault(path.name, SysctlFile(path=str(path), text=text))
    return tuple(sorted(found.values(), key=lambda file: base_name(file.path)))
