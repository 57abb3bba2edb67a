"""What is wrong with a set of certificate files, as findings: before the other side refuses them.

Zenoh reports every certificate fault as the same time-out, starts listeners with expired certificates and
tells nobody (deploy facts C.3). Reads files; opens no connection.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import stat
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bridge.core.linkinfo import CertificateInfo
from bridge.core.status import Finding, Severity
from bridge.errors import CannotRun
from bridge.security.authority import Role
from bridge.security.files import read_pem
from bridge.security.tlsfiles import CertificateFiles

SOON_DAYS = 14
"""Before the end of a certificate, from when on it is told."""
REFUSED_AT_START = frozenset({"certificate_unreadable", "key_open", "key_mismatch"})
"""Codes with which no link could come up, or which give the key away; everything else may mend itself."""
_ANY_KEY_USAGE = x509.ObjectIdentifier("2.5.29.37.0")
_ISSUE = "issue a new one (`zenlink certs issue --force`); a running agent takes it over"


def examine(files: CertificateFiles, *, now: dt.datetime) -> tuple[Finding, ...]:
    """Everything wrong with `files`, worst first as the checks go.

    Args:
        files: What to look at.
        now: The current time, with its zone.
    """
    return tuple(_findings(files, now))


def _findings(files: CertificateFiles, now: dt.datetime) -> Iterator[Finding]:
    authorities: list[x509.Certificate] = []
    if files.ca is not None:
        loaded = certificates(files.ca)
        if isinstance(loaded, Finding):
            yield loaded
        else:
            authorities = loaded
            for authority in authorities:
                yield from _authority_findings(files.ca, authority, now)
    key: PublicKeyTypes | None = None
    if files.private_key is not None:
        found, key = _key(files.private_key)
        yield from found
    if files.certificate is None:
        return
    chain = certificates(files.certificate)
    if isinstance(chain, Finding):
        yield chain
        return
    own = chain[0]
    if key is not None and own.public_key() != key:
        yield _error(
            "key_mismatch",
            files.certificate,
            f"{files.private_key} is not the key of {files.certificate}",
            "name the key that was made with the certificate, or issue both anew",
        )
    yield from _time_findings(files.certificate, own, now)
    if authorities and not _signed(chain, authorities):
        yield Finding(
            code="certificate_wrong_ca",
            severity=Severity.WARNING,
            subject=str(files.certificate),
            text=f"issued by {own.issuer.rfc4514_string()}, which is not in {files.ca}",
            remedy="issue it with that authority, or name the authority that issued it",
        )
    yield from _usage_findings(files, own)
    yield from _name_findings(files, own)


def ends(files: CertificateFiles) -> tuple[CertificateInfo, ...]:
    """When the certificates end that can be read."""
    found = []
    for use, path in (("certificate", files.certificate), ("ca", files.ca)):
        known = [] if path is None else certificates(path)
        if isinstance(known, list) and known:
            end = min(one.not_valid_after_utc for one in known)
            found.append(CertificateInfo(use=use, file=str(path), not_after_s=end.timestamp()))
    return tuple(found)


def not_after(path: Path) -> dt.datetime | None:
    """When the first certificate of a file ends; ``None`` where it cannot be read."""
    found = certificates(path)
    return None if isinstance(found, Finding) else found[0].not_valid_after_utc


def role_of(path: Path) -> Role | None:
    """The role in the subject of the first certificate of a file; ``None`` without one of ours."""
    found = certificates(path)
    if isinstance(found, Finding):
        return None
    units = found[0].subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return next((role for role in Role for unit in units if unit.value == role.value), None)


def _error(code: str, path: Path | None, text: str, remedy: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, subject=str(path), text=text, remedy=remedy)


def certificates(path: Path) -> list[x509.Certificate] | Finding:
    """Those of a file, or why it has none."""
    remedy = "name a PEM file with the certificate (-----BEGIN CERTIFICATE-----)"
    try:
        return x509.load_pem_x509_certificates(read_pem(path))
    except CannotRun as error:
        return _error("certificate_unreadable", path, error.problem, error.remedy)
    except ValueError:
        return _error("certificate_unreadable", path, f"{path} holds no certificate", remedy)


def _key(path: Path) -> tuple[list[Finding], PublicKeyTypes | None]:
    found = []
    try:
        content = read_pem(path)
        if path.stat().st_mode & stat.S_IRWXO:
            text = f"{path} is open to every user"
            found.append(_error("key_open", path, text, f"run `chmod 600 {path}`"))
        return found, serialization.load_pem_private_key(content, None).public_key()
    except CannotRun as error:
        return [*found, _error("certificate_unreadable", path, error.problem, error.remedy)], None
    except OSError as error:
        text = f"{path}: {error.strerror}"
        return [*found, _error("certificate_unreadable", path, text, "check the path")], None
    except (ValueError, TypeError):
        text = f"{path} holds no private key that Zenoh reads"
        remedy = "name an unencrypted PEM key (-----BEGIN PRIVATE KEY-----)"
        return [*found, _error("certificate_unreadable", path, text, remedy)], None


def _authority_findings(path: Path, authority: x509.Certificate, now: dt.datetime) -> Iterator[Finding]:
    yield from _time_findings(path, authority, now)
    try:
        signs = authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        signs = False
    if not signs:
        text = f"{authority.subject.rfc4514_string()} is no certificate authority"
        remedy = "name the certificate of the authority, not one that it issued"
        yield _error("certificate_no_authority", path, text, remedy)


def _time_findings(path: Path, one: x509.Certificate, now: dt.datetime) -> Iterator[Finding]:
    begin, end = one.not_valid_before_utc, one.not_valid_after_utc
    if now < begin:
        text = f"not valid before {moment(begin)}"
        yield _error(
            "certificate_not_yet_valid", path, text, "set the clock of this host, or of the issuer's"
        )
    elif now >= end:
        yield _error("certificate_expired", path, f"expired at {moment(end)}", _ISSUE)
    elif end - now < dt.timedelta(days=SOON_DAYS):
        yield Finding(
            code="certificate_expires_soon",
            severity=Severity.WARNING,
            subject=str(path),
            text=f"expires at {moment(end)}, in {_span(end - now)}",
            remedy=_ISSUE,
        )


def moment(time: dt.datetime) -> str:
    """As people read it."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")


def _span(left: dt.timedelta) -> str:
    hours = int(left.total_seconds() // 3600)
    if hours >= 48:
        return f"{left.days} days"
    return f"{hours} hours" if hours else f"{int(left.total_seconds() // 60)} minutes"


def _signed(chain: list[x509.Certificate], authorities: list[x509.Certificate]) -> bool:
    """Whether the first leads to an authority, over others of its own file at most."""
    one = chain[0]
    for _ in range(len(chain) + 1):
        if any(_issued(one, authority) for authority in authorities):
            return True
        above = next((other for other in chain[1:] if other is not one and _issued(one, other)), None)
        if above is None:
            return False
        one = above
    return False


def _issued(one: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _usage_findings(files: CertificateFiles, own: x509.Certificate) -> Iterator[Finding]:
    try:
        usages = set(own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except (x509.ExtensionNotFound, ValueError):
        return  # without the extension every use is allowed
    wanted = (
        (files.listens, ExtendedKeyUsageOID.SERVER_AUTH, "to listen (serverAuth)"),
        (files.connects, ExtendedKeyUsageOID.CLIENT_AUTH, "to connect with mutual TLS (clientAuth)"),
    )
    for needed, usage, what in wanted:
        if needed and usage not in usages and _ANY_KEY_USAGE not in usages:
            text = f"its extended key usage does not allow {what}"
            remedy = "issue it with a role that has both: robot, station or router"
            yield _error("certificate_wrong_usage", files.certificate, text, remedy)


def _name_findings(files: CertificateFiles, own: x509.Certificate) -> Iterator[Finding]:
    if not files.listens:
        return
    try:
        found = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        text = "has no subject alternative name, so nobody can check whom they connect to"
        yield _error("certificate_no_name", files.certificate, text, "issue it with --san HOST for each name")
        return
    hosts = [name.lower() for name in found.get_values_for_type(x509.DNSName)]
    addresses = [str(one) for one in found.get_values_for_type(x509.IPAddress)]
    for name in files.names:
        if not _named(name, hosts, addresses):
            yield Finding(
                code="certificate_name_mismatch",
                severity=Severity.WARNING,
                subject=str(files.certificate),
                text=f"is not valid for {name}, only for {', '.join([*hosts, *addresses]) or 'nothing'}",
                remedy=f"issue it with --san {name}, or have others connect by a name that it has",
            )


def _named(name: str, hosts: list[str], addresses: list[str]) -> bool:
    try:
        return str(ipaddress.ip_address(name)) in addresses
    except ValueError:
        wanted = name.lower().rstrip(".")
        return any(
            wanted == host or (host.startswith("*.") and wanted.partition(".")[2] == host[2:])
            for host in hosts
        )
