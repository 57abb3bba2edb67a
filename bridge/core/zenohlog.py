"""One line of Zenoh's own log as values, and what it says about a refused TLS handshake.

Zenoh tells neither sessions nor peers why a handshake failed; its log is the only place (deploy facts C.3).
The wording is rustls's, as in eclipse-zenoh 1.10.2. Must never import an adapter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

_LINE = re.compile(
    r"\S+Z +(?P<level>TRACE|DEBUG|INFO|WARN|ERROR) .*?(?P<target>[a-z_]\w*(?:::\w+)*): (?P<message>.*)"
)
"""``2026-01-02T03:04:05.678901Z  WARN acc-0 ThreadId(05) zenoh_link_tls::unicast: text``."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = (" Hint: increase the system open file limit.",)
"""Appended to every failed handshake, whatever its cause."""
_SECRET = re.compile(
    r"((?:password|secret|\w*_base64|\w*_raw)\W{1,3}(?:Some\(\W{0,2})?)[^\s;,\"')}]+", re.IGNORECASE
)
_SOURCE = re.compile(r" at /\S+\.rs:\d+\.?")
MAX_MESSAGE_CHARS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One event of Zenoh's log, without what is secret or of no use."""

    level: str
    """``TRACE`` to ``ERROR``."""
    target: str
    """Module of Zenoh, e.g. ``zenoh_link_tls::unicast``."""
    message: str


class Refusal(Enum):
    """Why a handshake on a listener of ours came to nothing."""

    NO_CERTIFICATE = "no_certificate"
    WRONG_CA = "wrong_ca"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WRONG_USAGE = "wrong_usage"
    NOT_TLS = "not_tls"
    UNFINISHED = "unfinished"
    """The other side went away in the middle: a port scan, a health check."""
    PEER_REFUSED_CA = "peer_refused_ca"
    """The other side did not accept *our* certificate: signed by an authority that it does not know."""
    PEER_REFUSED_NAME = "peer_refused_name"
    """… not valid for the name that it connects to (rustls reports that as BadCertificate)."""
    PEER_REFUSED_EXPIRED = "peer_refused_expired"
    PEER_REFUSED_USAGE = "peer_refused_usage"
    OTHER = "other"


_CAUSES = (
    ("peer sent no certificates", Refusal.NO_CERTIFICATE),
    ("certificate expired", Refusal.EXPIRED),
    ("not valid yet", Refusal.NOT_YET_VALID),
    ("extended key usage", Refusal.WRONG_USAGE),
    ("invalid peer certificate: UnknownIssuer", Refusal.WRONG_CA),
    ("invalid peer certificate: BadSignature", Refusal.WRONG_CA),
    ("fatal alert: UnknownCA", Refusal.PEER_REFUSED_CA),
    (
        "fatal alert: DecryptError",
        Refusal.PEER_REFUSED_CA,
    ),  # its authority has the name of ours, and another key
    ("fatal alert: BadCertificate", Refusal.PEER_REFUSED_NAME),
    ("fatal alert: CertificateExpired", Refusal.PEER_REFUSED_EXPIRED),
    ("fatal alert: UnsupportedCertificate", Refusal.PEER_REFUSED_USAGE),
    ("corrupt message", Refusal.NOT_TLS),
    ("handshake eof", Refusal.UNFINISHED),
    ("Connection reset", Refusal.UNFINISHED),
    ("invalid peer certificate", Refusal.OTHER),
    ("fatal alert", Refusal.OTHER),
)
"""What the message contains, the particular before the general."""


def parse_log_line(text: str) -> LogLine | None:
    """The event in a line; ``None`` for the rest of a longer one, and for what Zenoh did not write."""
    found = _LINE.fullmatch(_COLOUR.sub("", text).strip())
    if found is None:
        return None
    message = _SOURCE.sub("", found["message"])
    for noise in _NOISE:
        message = message.replace(noise, "")
    message = without_secrets(message)[:MAX_MESSAGE_CHARS]
    return LogLine(level=found["level"], target=found["target"], message=message)


def without_secrets(text: str) -> str:
    """`text` with ``***`` for the values of options that hold passwords or keys."""
    return _SECRET.sub(r"\1***", text)


def refusal(line: LogLine) -> Refusal | None:
    """The cause for which a listener refused a handshake; ``None`` where the line is about something else."""
    if line.level != "WARN" or not line.target.startswith(("zenoh_link_tls", "zenoh_link_quic")):
        return None
    return next((cause for words, cause in _CAUSES if words in line.message), None)
