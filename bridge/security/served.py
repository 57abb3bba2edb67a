"""Whether listeners still serve what their files hold: Zenoh reads those once, when it opens.

Remembers the files as they were then, and compares with those of now (deploy facts C.3). Opens no connection.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from bridge.core.status import Finding, Severity
from bridge.security.examine import certificates, moment
from bridge.security.tlsfiles import CertificateFiles

_TAKEN_OVER = "nothing yet: the agent takes it over within seconds; if not, its log says why"


class Served:
    """What the listeners of one agent serve. Thread: any, one at a time.

    Args:
        files: What they were given; read now, so right before they open.
    """

    def __init__(self, files: CertificateFiles) -> None:
        self._shown = files.certificate if files.listens else None
        self._asked = files.ca if files.verifies else None
        self._shown_at_start = _read(self._shown)
        self._asked_at_start = _read(self._asked)

    def findings(self, *, now: dt.datetime) -> tuple[Finding, ...]:
        """What a file holds by now and no listener serves.

        Args:
            now: The current time, with its zone.
        """
        return tuple(self._findings(now))

    def _findings(self, now: dt.datetime) -> Iterator[Finding]:
        if _differ(self._shown_at_start, _read(self._shown)):
            end = self._shown_at_start[0].not_valid_after_utc
            ends = "expired" if now >= end else "expires"
            yield _not_served(
                self._shown,
                f"was replaced, but who connects still sees the one before, which {ends} at {moment(end)}",
                severity=Severity.ERROR if now >= end else Severity.WARNING,
            )
        if _differ(self._asked_at_start, _read(self._asked)):
            yield _not_served(
                self._asked,
                "was replaced, but who connects still needs a certificate of the authority before",
                severity=Severity.WARNING,
            )


def _read(path: Path | None) -> list[x509.Certificate]:
    """The certificates of a file; none where it cannot be read, which is a finding of its own."""
    found = [] if path is None else certificates(path)
    return [] if isinstance(found, Finding) else found


def _differ(before: list[x509.Certificate], after: list[x509.Certificate]) -> bool:
    return bool(before and after) and before != after


def _not_served(path: Path | None, text: str, *, severity: Severity) -> Finding:
    return Finding(
        code="certificate_not_served", severity=severity, subject=str(path), text=text, remedy=_TAKEN_OVER
    )
