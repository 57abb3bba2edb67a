"""A development authority: keys and certificates that Zenoh accepts, made by one call each.

Pure but for the random keys: nothing here touches a file (``files`` does). What Zenoh wants of a certificate
was tried (deploy facts C.3): a subject alternative name, and the usage of the side that shows it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bridge.errors import UsageError

CA_DAYS = 3650
LEAF_DAYS = 90
"""Zenoh knows no revocation (deploy facts C.3): a short life is what takes a lost key out of use."""
_BACKDATED = dt.timedelta(minutes=5)
"""So that a host whose clock is slow by that much accepts what was just made."""
_MAX_COMMON_NAME = 64  # RFC 5280, ub-common-name
_ORGANIZATION = "zenlink"


class Role(Enum):
    """What the owner of a certificate is in the fleet."""

    ROBOT = "robot"
    STATION = "station"
    ROUTER = "router"
    OBSERVER = "observer"

    @property
    def usages(self) -> tuple[x509.ObjectIdentifier, ...]:
        """An observer only connects; everybody else also listens, or may tomorrow."""
        client, server = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
        return (client,) if self is Role.OBSERVER else (server, client)

    @property
    def listens(self) -> bool:
        """Whether others connect to it as a rule, by a name that must stand in its certificate."""
        return self in (Role.STATION, Role.ROUTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def certificate_pem(self) -> bytes:
        """What everybody may read."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """What nobody else may read; PKCS#8, not encrypted, since Zenoh asks for no pass phrase."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def make_authority(name: str, *, now: dt.datetime, days: float = CA_DAYS) -> Identity:
    """A new authority that signs certificates, but no further authority.

    Args:
        name: Its common name, for people.
        now: The current time, with its zone.
        days: Until it expires.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name, None)
    certificate = (
        _builder(subject, subject, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Identity(certificate=certificate, key=key)


def issue(
    authority: Identity,
    *,
    name: str,
    role: Role,
    sans: Sequence[str],
    now: dt.datetime,
    days: float = LEAF_DAYS,
    usages: Sequence[x509.ObjectIdentifier] | None = None,
) -> Identity:
    """A new certificate, signed by `authority`.

    Args:
        authority: Who signs.
        name: Common name: what access control knows the owner by.
        role: Goes to the organizational unit, and says what the key may be used for.
        sans: Host names and addresses that others connect to; the name itself where there are none, since
            Zenoh refuses a certificate without.
        now: The current time, with its zone.
        days: Until it expires; never longer than the authority lives.
        usages: In place of those of the role.

    Raises:
        UsageError: The name is no common name, or a subject alternative name is neither host nor address.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    left = (authority.certificate.not_valid_after_utc - now) / dt.timedelta(days=1)
    subject, issuer = _subject(name, role), authority.certificate.subject
    builder = _builder(subject, issuer, key.public_key(), now, min(days, left))
    names = [_general_name(san) for san in (sans or (name,))]
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(role.usages if usages is None else usages), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )
    return Identity(certificate=certificate, key=key)


def _subject(name: str, role: Role | None) -> x509.Name:
    if not name or len(name) > _MAX_COMMON_NAME or not name.isprintable():
        raise UsageError(f"{name!r} is no common name: 1 to {_MAX_COMMON_NAME} printable characters")
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION)]
    if role is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, role.value))
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    days: float,
) -> x509.CertificateBuilder:
    end = now + dt.timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, end) - _BACKDATED)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(san: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(san))
    except ValueError:
        pass
    labels = san.removeprefix("*.").rstrip(".").split(".")
    if not all(
        label and label.isascii() and label.replace("-", "").replace("_", "").isalnum() for label in labels
    ):
        raise UsageError(f"{san!r} is neither a host name nor an address")
    return x509.DNSName(san)
