"""Why an endpoint cannot be connected to: the same names and files as Zenoh's, tried with Python's TLS.

Zenoh reports every failure as the same time-out (deploy facts C.3). In contrast to Zenoh this trusts the
given authority alone. A look opens one connection, waits for an answer for a moment and closes it; nothing is
sent but a TLS handshake.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bridge.core.endpoint import Endpoint

CONNECT_S = 2.0
"""To connect and to finish the handshake, each; a link that needs longer is no link for robots."""
_VERDICT_S = 0.5
"""With TLS 1.3 the other side refuses our certificate only after our handshake is done."""
_ENDPOINT_OPTIONS = {
    "root_ca_certificate_file": "root_ca_certificate",
    "connect_certificate_file": "connect_certificate",
    "connect_private_key_file": "connect_private_key",
    "enable_mtls": "enable_mtls",
    "verify_name_on_connect": "verify_name_on_connect",
}
"""Behind the `#` of an endpoint, and as Zenoh's configuration has them."""


class Cause(Enum):
    """What stands between us and a link; the value is what people read."""

    UNKNOWN_HOST = "unknown host"
    UNREACHABLE = "unreachable"
    PORT_CLOSED = "port closed"
    NOT_TLS = "not TLS"
    SILENT = "silent"
    """It accepts and says nothing: one that stands still, or waits for something else than TLS."""
    WRONG_CA = "wrong CA"
    NAME_MISMATCH = "name mismatch"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    WRONG_USAGE = "wrong key usage"
    CERTIFICATE_MISSING = "client certificate missing"
    CERTIFICATE_REFUSED = "client certificate refused"
    OWN_FILES = "own certificate files"
    TLS_FAILED = "TLS failed"
    NO_ZENOH = "no Zenoh link"
    """The connection as such works."""
    LOST = "link lost"
    """It was there a moment ago."""
    NOT_LOOKED_INTO = "cause unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look found."""

    cause: Cause
    text: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """What we trust and show when connecting; paths of PEM files."""

    ca: str | None = None
    certificate: str | None = None
    private_key: str | None = None
    verify_name: bool = True
    inline: bool = False
    """Some certificate stands in the configuration itself, where we do not look."""


def tls_files(endpoint: Endpoint, options: Mapping[str, object]) -> TlsFiles:
    """What a connection to `endpoint` uses.

    Args:
        endpoint: Its own options, behind the ``#``, come first.
        options: Zenoh's ``transport/link/tls``.
    """
    own = dict(part.partition("=")[::2] for part in endpoint.text.partition("#")[2].split(";") if part)
    merged = dict(options) | {ours: own[name] for name, ours in _ENDPOINT_OPTIONS.items() if name in own}
    mutual = _true(merged.get("enable_mtls", False))
    return TlsFiles(
        ca=_text(merged.get("root_ca_certificate")),
        certificate=_text(merged.get("connect_certificate")) if mutual else None,
        private_key=_text(merged.get("connect_private_key")) if mutual else None,
        verify_name=_true(merged.get("verify_name_on_connect", True)),
        inline=any(key.endswith(("_base64", "_raw")) for key in (*merged, *own)),
    )


def look(endpoint: Endpoint, files: TlsFiles, *, connect_s: float = CONNECT_S) -> Verdict:
    """Why there is no link to `endpoint`. Blocks: twice `connect_s` at most, and for name resolution."""
    if endpoint.protocol in ("udp", "quic"):
        return Verdict(
            cause=Cause.NOT_LOOKED_INTO,
            text=f"nothing can be told about {endpoint.protocol} from here",
            remedy="try tls at the same address; see the log of the other side",
        )
    try:
        with _connection(endpoint, connect_s) as connection:
            if endpoint.protocol != "tls" or files.inline:
                return _no_zenoh("the port answers")
            return _handshake(connection, endpoint, files)
    except socket.gaierror as error:
        text = f"{endpoint.host} has no address: {error.strerror}"
        return Verdict(cause=Cause.UNKNOWN_HOST, text=text, remedy="correct the name, or the name service")
    except (ConnectionRefusedError, FileNotFoundError):
        text = f"nobody listens at {_address(endpoint)}"
        return Verdict(
            cause=Cause.PORT_CLOSED, text=text, remedy="start the other side, or correct the endpoint"
        )
    except OSError as error:
        text = f"{_address(endpoint)} does not answer: {error.strerror or 'timed out'}"
        return Verdict(
            cause=Cause.UNREACHABLE, text=text, remedy="check the network between, and its firewalls"
        )


def addresses(endpoint: Endpoint) -> frozenset[str]:
    """IP addresses of the host, as links show them, or a socket's path; empty where unknown. May block."""
    if endpoint.port is None:
        return frozenset({endpoint.host})
    try:
        return frozenset({str(ipaddress.ip_address(endpoint.host))})
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except OSError:
        return frozenset()
    return frozenset(str(one[4][0]) for one in found)


def _connection(endpoint: Endpoint, connect_s: float) -> socket.socket:
    if endpoint.port is not None:
        return socket.create_connection((endpoint.host, endpoint.port), connect_s)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(connect_s)
        connection.connect(endpoint.host)
    except BaseException:
        connection.close()
        raise
    return connection


def _handshake(connection: socket.socket, endpoint: Endpoint, files: TlsFiles) -> Verdict:
    try:
        context = _context(files)
    except (OSError, ValueError) as error:
        text = f"our own files cannot be used: {getattr(error, 'strerror', None) or error}"
        return Verdict(
            cause=Cause.OWN_FILES, text=text, remedy="check zenoh.tls with `zenlink certs check -c FILE`"
        )
    try:
        with context.wrap_socket(connection, server_hostname=endpoint.host) as tls:
            tls.settimeout(_VERDICT_S)
            try:
                tls.recv(1)
            except TimeoutError:
                return _no_zenoh("TLS works")  # it waits for us to speak Zenoh
            return _no_zenoh("TLS works, but the other side hangs up")
    except ssl.SSLCertVerificationError as error:
        return _their_certificate(error, endpoint)
    except ssl.SSLError as error:
        return _alert(error, endpoint, files)
    except (TimeoutError, ConnectionError):
        text = f"{_address(endpoint)} accepts a connection, then says nothing in TLS"
        remedy = (
            "see there whether it is stopped or overloaded; else it listens with another protocol (tcp/?)"
        )
        return Verdict(cause=Cause.SILENT, text=text, remedy=remedy)


def _context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = files.verify_name
    if files.ca:
        context.load_verify_locations(files.ca)
    else:
        context.load_default_certs()
    if files.certificate and files.private_key:
        # Without the last argument OpenSSL would ask a terminal for the pass phrase of an encrypted key.
        context.load_cert_chain(files.certificate, files.private_key, password="")
    return context


def _their_certificate(error: ssl.SSLCertVerificationError, endpoint: Endpoint) -> Verdict:
    """Codes are OpenSSL's X509_V_ERR_*, of x509_vfy.h."""
    where = _address(endpoint)
    match error.verify_code:
        case 62 | 64:
            text = f"the certificate of {where} is not valid for {endpoint.host}"
            remedy = f"connect by a name that it has, or issue it with --san {endpoint.host}"
            return Verdict(cause=Cause.NAME_MISMATCH, text=text, remedy=remedy)
        case 10:
            text = f"the certificate of {where}, or its CA, has expired, or the clock of this host is wrong"
            remedy = "issue it anew there: an agent takes it over, a router of others needs a restart"
            return Verdict(cause=Cause.EXPIRED, text=text, remedy=remedy)
        case 9:
            text = f"the certificate of {where} is not yet valid"
            return Verdict(cause=Cause.NOT_YET_VALID, text=text, remedy="set the clock of this host")
        case 26:
            text = f"the certificate of {where} may not be used to listen (serverAuth)"
            remedy = "issue it with a role that may: robot, station or router"
            return Verdict(cause=Cause.WRONG_USAGE, text=text, remedy=remedy)
        case 2 | 18 | 19 | 20 | 21:
            text = f"the certificate of {where} is not signed by our CA"
            return Verdict(
                cause=Cause.WRONG_CA, text=text, remedy="name the CA that signed it as zenoh.tls.ca"
            )
        case _:
            text = f"the certificate of {where}: {error.verify_message}"
            return Verdict(
                cause=Cause.TLS_FAILED, text=text, remedy="issue it anew with `zenlink certs issue`"
            )


def _alert(error: ssl.SSLError, endpoint: Endpoint, files: TlsFiles) -> Verdict:
    """What the other side said about us, or that it does not speak TLS."""
    reason, where = error.reason or "", _address(endpoint)
    if "CERTIFICATE_REQUIRED" in reason or (
        files.certificate is None and ("HANDSHAKE_FAILURE" in reason or "BAD_CERTIFICATE" in reason)
    ):
        text = f"{where} wants to see our certificate"
        remedy = "set zenoh.tls.certificate, private_key and mutual: true"
        return Verdict(cause=Cause.CERTIFICATE_MISSING, text=text, remedy=remedy)
    refused = (
        ("UNKNOWN_CA", "its CA did not sign it", "issue ours with the CA that it trusts"),
        ("CERTIFICATE_EXPIRED", "expired, or its clock is ahead", "issue ours anew"),
        (
            "UNSUPPORTED_CERTIFICATE",
            "may not be used to connect (clientAuth)",
            "issue ours with another --role",
        ),
        ("BAD_CERTIFICATE", "bad certificate", "check it with `zenlink certs check`"),
        ("CERTIFICATE_UNKNOWN", "not acceptable", "check it with `zenlink certs check`"),
        ("ACCESS_DENIED", "access denied", "see the log of the other side"),
    )
    for word, why, remedy in refused:
        if f"ALERT_{word}" in reason:
            text = f"{where} refuses our certificate: {why}"
            return Verdict(cause=Cause.CERTIFICATE_REFUSED, text=text, remedy=remedy)
    if reason in (
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "RECORD_LAYER_FAILURE",
        "UNEXPECTED_EOF_WHILE_READING",
    ):
        text = f"{where} does not answer in TLS"
        remedy = "connect with the protocol that it listens with, or have it listen with tls/"
        return Verdict(cause=Cause.NOT_TLS, text=text, remedy=remedy)
    text = f"{where}: {reason or 'no reason given'}"
    return Verdict(cause=Cause.TLS_FAILED, text=text, remedy="see the log of the other side")


def _no_zenoh(what: str) -> Verdict:
    return Verdict(
        cause=Cause.NO_ZENOH,
        text=f"{what}, yet Zenoh opens no link",
        remedy="check user and password, the log of the other side, that it is a Zenoh, and not stopped; "
        "changed certificates of a listener need a restart there",
    )


def _address(endpoint: Endpoint) -> str:
    """Without what stands behind `?` and `#`, which may be secret."""
    return endpoint.host if endpoint.port is None else f"{endpoint.host}:{endpoint.port}"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _true(value: object) -> bool:
    return value is True or value == "true"
