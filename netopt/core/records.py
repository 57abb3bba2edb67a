"""What was there before: the entries of the journal, how they grow, and their text form.

The file is replaced whole, never appended to, so it is either the old one or the new one. Pure; the
writing is ``kernel/journal``'s.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from netopt.core.settings import Kind, Target, words_of
from netopt.errors import CannotTune

FORMAT = 1
_MAX_OURS = 16
"""Values of ours remembered for one setting; the oldest goes, so that the file stays small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One setting that was changed, or was about to be."""

    target: Target
    old: str | None
    """Exactly what was there before; ``None``: there was no such file."""
    ours: tuple[str | None, ...]
    """Every value that we wrote since, the last one last; ``None``: we removed the file."""

    def holds_old(self, text: str | None) -> bool:
        """Whether what is there now is what was there before."""
        return text == self.old

    def is_ours(self, text: str | None) -> bool:
        """Whether what is there now is of our making.

        A number of a vector may be from before and the next one ours: a refused write may have changed
        the first (tried, Linux 6.18).
        """
        if self.target.kind is Kind.FILE or text is None:
            return text in self.ours
        known = [words_of(one) for one in (self.old, *self.ours) if one is not None]
        words = words_of(text)
        return all(
            any(len(one) == len(words) and one[index] == word for one in known)
            for index, word in enumerate(words)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """All that an undo needs."""

    place: str
    """Which network namespace or tree the values belong to."""
    host: str
    """Kernel and start of the host, for people."""
    written: str
    """When, UTC, ISO 8601."""
    complete: bool
    """The last apply came to its end."""
    entries: tuple[Entry, ...]
    """In the order in which they were written."""


def extended(
    entries: Iterable[Entry], changes: Iterable[tuple[Target, str | None, str | None]]
) -> tuple[Entry, ...]:
    """The entries after some more changes.

    What stays the oldest value that somebody else set: if another hand changed a setting since our last
    write, theirs is what an undo has to bring back.

    Args:
        entries: Those so far.
        changes: (target, what is there now, what we are about to write).
    """
    by_target = {entry.target: entry for entry in entries}
    for target, now, new in changes:
        known = by_target.get(target)
        if known is not None and (known.is_ours(now) or known.holds_old(now)):
            others = tuple(one for one in known.ours if one != new)
            by_target[target] = replace(known, ours=(*others, new)[-_MAX_OURS:])
        else:
            by_target.pop(target, None)
            by_target[target] = Entry(target=target, old=now, ours=(new,))
    return tuple(by_target.values())


def to_text(journal: Journal) -> str:
    """The file: one JSON object, with a check sum over its body."""
    body = {
        "place": journal.place,
        "host": journal.host,
        "written": journal.written,
        "complete": journal.complete,
        "entries": [
            {
                "kind": entry.target.kind.value,
                "name": entry.target.name,
                "interface": entry.target.interface,
                "old": entry.old,
                "ours": list(entry.ours),
            }
            for entry in journal.entries
        ],
    }
    return json.dumps({"format": FORMAT, "crc32": _crc(body), "body": body}, indent=1) + "\n"


def from_text(text: str, *, where: str) -> Journal:
    """The journal of a file.

    Raises:
        CannotTune: It is damaged, or of a later version.
    """
    try:
        document = json.loads(text)
        version, crc, body = document["format"], document["crc32"], document["body"]
        if version != FORMAT:
            raise CannotTune(
                f"{where} has format {version}, this version reads {FORMAT}",
                remedy="use the version of zenlink that wrote it",
            )
        if crc != _crc(body):
            raise ValueError("check sum")
        return Journal(
            place=body["place"],
            host=body["host"],
            written=body["written"],
            complete=body["complete"],
            entries=tuple(
                Entry(
                    target=Target(Kind(one["kind"]), one["name"], one["interface"]),
                    old=one["old"],
                    ours=tuple(one["ours"]),
                )
                for one in body["entries"]
            ),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CannotTune(
            f"{where} is damaged ({error}), so what was there before is not known",
            remedy="restore it from a backup, or set the values by hand and remove the file",
        ) from error


def _crc(body: object) -> int:
    return zlib.crc32(json.dumps(body, sort_keys=True).encode())
