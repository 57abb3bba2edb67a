"""Certificates of a test: right ones, and each kind of wrong one, short-lived."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID

from bridge.security.authority import Role, issue, make_authority
from bridge.security.files import write_new
from tests.integration.support.agents import Agent

CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
DAYS = 30


def now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def shown_by(one: Agent) -> bytes:
    """The certificate that a new connection to its listener sees, DER."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = ("127.0.0.1", int(one.endpoint.rpartition(":")[2]))
    with socket.create_connection(address) as plain, context.wrap_socket(plain) as secured:
        return secured.getpeercert(binary_form=True) or b""


class Certificates:
    """One authority in a folder, and what it issues."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self.folder = folder
        self._name = name
        self.authority = make_authority(name, now=now(), days=DAYS)
        self.ca = folder / f"{name}.pem"
        write_new(
            {
                self.ca: self.authority.certificate_pem(),
                folder / f"{name}.key": self.authority.key_pem(),
            },
            force=False,
        )

    def issue(
        self,
        name: str,
        *,
        role: Role = Role.ROUTER,
        sans: Sequence[str] = ("127.0.0.1", "localhost"),
        days: float = DAYS,
        usages: Sequence[ObjectIdentifier] | None = None,
        file: str = "",
    ) -> tuple[Path, Path]:
        """Certificate and key of `name`; `days` below 0 makes one that has expired."""
        made = issue(self.authority, name=name, role=role, sans=sans, now=now(), days=days, usages=usages)
        stem = file or name
        certificate, key = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        write_new({certificate: made.certificate_pem(), key: made.key_pem()}, force=True)
        return certificate, key

    def tls(self, name: str, **options: Any) -> dict[str, Any]:
        """The section `zenoh.tls` for a new certificate of `name`, mutual."""
        certificate, key = self.issue(name, **options)
        return {"ca": str(self.ca), "certificate": str(certificate), "private_key": str(key), "mutual": True}
