"""What a support bundle holds, what it lacks and why, and its form as an archive."""

from __future__ import annotations

import datetime as dt
import io
import json
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bridge.core.jsonform import Json, to_json
from bridge.core.scrub import Scrubber
from bridge.errors import BridgeError
from netopt.errors import NetoptError

SCHEMA = "zenlink/support/1"
MANIFEST = "manifest.json"
_FILE_MODE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What is not there."""

    files: tuple[str, ...]
    reason: str


class Bundle:
    """Collects the parts of a bundle; no part that fails keeps the others from it.

    Args:
        now: when it is made.
    """

    def __init__(self, *, now: dt.datetime) -> None:
        self._now = now
        self._parts: dict[str, Json] = {}
        self.missing: list[Missing] = []

    def give(self, part: str, found: Json) -> None:
        """Take a file of that name: a text as it is, anything else as JSON."""
        self._parts[part] = found

    def add(self, part: str, make: Callable[[], Json]) -> None:
        """Take what `make` gives; where it fails, say so in :attr:`missing`."""
        try:
            self.give(part, make())
        except (BridgeError, NetoptError, OSError) as error:
            self.lack(part, reason=str(error))
        except Exception as error:  # noqa: BLE001  # a fault is what a bundle is made for
            self.lack(part, reason=f"unexpected {type(error).__name__}: {error}")

    def lack(self, *parts: str, reason: str) -> None:
        """Say why files are not there."""
        self.missing.append(Missing(files=parts, reason=reason))

    def files(self, scrubber: Scrubber) -> dict[str, bytes]:
        """Name to content, the manifest first; no secret that `scrubber` knows is in any."""
        self.missing = [replace(one, reason=scrubber.text(one.reason)) for one in self.missing]
        made = {part: _bytes(scrubber.json(found)) for part, found in self._parts.items()}
        manifest: dict[str, Json] = {
            "schema": SCHEMA,
            "made": self._now.isoformat(timespec="seconds"),
            "files": {part: len(content) for part, content in made.items()},
            "missing": [to_json(one) for one in self.missing],
            "secrets": "passwords, tokens and private keys are replaced by ***; names and addresses are not",
        }
        return {MANIFEST: _bytes(manifest), **made}

    def pack(self, files: Iterable[tuple[str, bytes]], *, folder: str) -> bytes:
        """The files as a .tar.gz, all of them in one folder."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in files:
                entry = tarfile.TarInfo(f"{folder}/{name}")
                entry.size, entry.mode, entry.mtime = len(content), _FILE_MODE, int(self._now.timestamp())
                archive.addfile(entry, io.BytesIO(content))
        return packed.getvalue()


def _bytes(found: Json) -> bytes:
    """Text as it is, everything else as JSON."""
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    return text.encode("utf-8", "replace")
