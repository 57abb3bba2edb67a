"""The journal as a file: on the disk before the first change, replaced whole, kept by one tuner at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netopt.core import records
from netopt.core.records import Journal
from netopt.errors import CannotTune
from netopt.kernel.files import folder_obstacle, forget_temporary, replace_file, sync_folder

STATE_FOLDER = Path("/var/lib/zenlink")


class FileJournal:
    """The journal of one place. Thread: any, one at a time.

    Args:
        folder: Where it is kept.
        place: Which network namespace or tree; part of the file's name, so that containers that share a
            folder do not undo each other.
    """

    def __init__(self, folder: Path, place: str) -> None:
        self._folder = folder
        self._place = place
        safe = "".join(mark if mark.isalnum() else "-" for mark in place)
        self.path = folder / f"tune-{safe}.json"

    @property
    def place(self) -> str:
        """Which network namespace or tree it belongs to."""
        return self._place

    def obstacle(self) -> str:
        """Why no journal can be written; empty when it can."""
        problem = folder_obstacle(self._folder)
        return f"journal {self.path}: {problem}" if problem else ""

    def load(self) -> Journal | None:
        """What is kept."""
        try:
            text = self.path.read_text(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CannotTune(f"cannot read {self.path}: {error.strerror}", remedy="run it as root") from error
        return records.from_text(text, where=str(self.path))

    def save(self, journal: Journal) -> None:
        """Replace it whole; on return it is on the disk."""
        try:
            replace_file(self.path, records.to_text(journal), mode=0o644)
        except OSError as error:
            raise CannotTune(
                f"cannot write {self.path}: {error.strerror}",
                remedy="see that its folder has room and may be written",
            ) from error

    def retire(self) -> None:
        """Put it aside as ``….undone``; one is kept, to look at."""
        try:
            self.path.replace(self.path.with_suffix(".undone"))
            forget_temporary(self.path)
            sync_folder(self._folder)
        except OSError as error:
            raise CannotTune(
                f"cannot rename {self.path}: {error.strerror}", remedy="run it as root"
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other tuner of this place out; the kernel lets go of it when the process dies."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self._folder.parent)  # a new folder is on the disk before what is in it counts
            descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CannotTune(f"cannot lock {self.path}: {error.strerror}", remedy="run it as root") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise CannotTune(
                f"another `zenlink tune` is at work here ({self.path.with_suffix('.lock')})",
                remedy="wait until it has finished",
            ) from error
        finally:
            os.close(descriptor)
