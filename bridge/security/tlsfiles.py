"""Which certificate files a side has, and what for; loads nothing of what reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """The files of one side and what they are used for."""

    ca: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None
    listens: bool = False
    """The certificate is shown to those who connect."""
    connects: bool = False
    """The certificate is shown to those we connect to (mutual TLS)."""
    verifies: bool = False
    """Those who connect must show a certificate of `ca`."""
    names: tuple[str, ...] = ()
    """Hosts and addresses by which others connect, as far as known; wildcard addresses are none."""

    @property
    def named(self) -> bool:
        """Whether there is any file at all; where there is none, an agent need not load what reads them."""
        return any((self.ca, self.certificate, self.private_key))
