"""Sysctls as files below a folder: /proc/sys, or a copy of it."""

from __future__ import annotations

import os
from pathlib import Path

from netopt.core.observed import Access, Reading
from netopt.core.settings import Target
from netopt.errors import CannotTune

PROC_SYS = Path("/proc/sys")
_MAX_BYTES = 65536
"""More than any sysctl of the network shows."""


class SysctlTree:
    """Reads and writes sysctls.

    /proc/sys/net is that of the calling thread's network namespace. Thread: any.
    """

    def __init__(self, root: Path = PROC_SYS) -> None:
        self.root = root

    def _path(self, target: Target) -> Path:
        return self.root / target.name.replace(".", "/")

    def read(self, target: Target) -> Reading:
        """The text, and whether it could be written."""
        path = self._path(target)
        try:
            text = read_text(path)
        except FileNotFoundError:
            return Reading(access=Access.ABSENT, problem="no such setting")
        except OSError as error:
            return Reading(access=Access.DENIED, problem=f"cannot be read: {error.strerror}")
        problem = self._obstacle(path)
        return Reading(text, Access.READ_ONLY if problem else Access.WRITABLE, problem)

    def _obstacle(self, path: Path) -> str:
        """Why it cannot be written. Opening for writing changes nothing and asks the kernel itself."""
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
        except PermissionError:
            who = "not even by root" if os.geteuid() == 0 else "by this user: it needs root"
            return f"{path} may not be written, {who}"
        except OSError as error:
            return f"{path} cannot be written: {(error.strerror or str(error)).lower()}"
        return ""

    def write(self, target: Target, text: str | None) -> None:
        """Write all words at once: a single number would set the first of a vector and leave the rest.

        Raises:
            CannotTune: Refused.
        """
        path = self._path(target)
        content = (text or "").encode(errors="surrogateescape")
        try:
            # By os.write: a buffered file reports the kernel's refusal only when it is closed.
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                size = os.fstat(descriptor).st_size  # of a copy; the kernel's own have none
                os.write(descriptor, content.ljust(size))  # the same words, should we be killed here
                if size > len(content):
                    os.ftruncate(descriptor, len(content))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise CannotTune(
                f"the kernel refused {target} = {' '.join((text or '').split())!r}: {error.strerror}",
                remedy="see whether this kernel has it; leave the setting out",
            ) from error


def read_text(path: Path) -> str:
    """A small file of /proc or /sys, exactly.

    Raises:
        OSError: It is absent or refused.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _MAX_BYTES).decode(errors="surrogateescape")
    finally:
        os.close(descriptor)
