"""Looks after certificates and links while the agent runs: faults become findings, and lines of the log."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.core.endpoint import Endpoint, parse_endpoint
from bridge.core.linkinfo import CertificateInfo, ConnectionInfo, ConnectionsInfo, LinkInfo
from bridge.core.status import Finding, Severity
from bridge.errors import InvalidName
from bridge.security.linklog import LinkLog
from bridge.security.looks import Looks
from bridge.security.preflight import Cause, Verdict, addresses, look, tls_files
from bridge.security.tlsfiles import CertificateFiles

if TYPE_CHECKING:
    from bridge.security.served import Served

log = logging.getLogger(__name__)

TURN_S = 1.0
"""A look around at least that often; the end of a link wakes it at once."""
CERTIFICATES_S = 5.0
_JOIN_S = 8.0
_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}
_LOST = Verdict(
    cause=Cause.LOST,
    text="the other side ended the link, or fell silent",
    remedy="nothing yet: it is tried again at once and ever after, and looked into",
)


@dataclass(slots=True)
class _Connection:
    """What is known about the link to one configured endpoint."""

    dst: str = ""
    """Where its link leads; empty: it is down."""
    made: int = 0
    """Times it came up."""


class LinkWatch:
    """Owns the thread ``link-watch``, and that of its :class:`Looks`.

    Args:
        files: Certificates to examine; read before any listener opens.
        connect: Endpoints that there ought to be links to.
        tls: Zenoh's options ``transport/link/tls``.
        certificates_every_s: How often the files are read again.
    """

    def __init__(
        self,
        *,
        files: CertificateFiles,
        connect: Sequence[str],
        tls: Mapping[str, object],
        certificates_every_s: float = CERTIFICATES_S,
    ) -> None:
        self._files = files
        self._served = _served(files)
        self._certificates_every_s = certificates_every_s
        self._connections = {parse_endpoint(text): _Connection() for text in connect}
        self._links: Callable[[], tuple[LinkInfo, ...]] = tuple
        self._link_log = LinkLog()
        self._certificates: tuple[Finding, ...] = ()
        self._ends: tuple[CertificateInfo, ...] = ()
        self._certificates_at_s = 0.0
        self._told: dict[tuple[str, ...], Finding] = {}
        self._findings: tuple[Finding, ...] = ()
        self._counting = threading.Lock()
        self._opened = self._ended = 0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link-watch", daemon=True)
        self._looks = Looks(
            look=lambda endpoint: look(endpoint, tls_files(endpoint, tls)),
            met=lambda endpoint: any(_host(link.dst) in addresses(endpoint) for link in self._links()),
            told=self._wake.set,
        )

    def start(self) -> None:
        """Look at the certificates now, and from now on at everything. Thread: main."""
        self._turn(time.monotonic())
        self._thread.start()
        self._looks.start()

    def watch(self, links: Callable[[], tuple[LinkInfo, ...]]) -> None:
        """From here on there are links. Thread: any."""
        self._links = links
        self._wake.set()

    def changed(self, up: bool) -> None:  # noqa: FBT001 - an event's value
        """A link came or went; counted, and looked at now. Thread: any."""
        with self._counting:
            if up:
                self._opened += 1
            else:
                self._ended += 1
        self._wake.set()

    def renewed(self) -> None:
        """Listeners were opened anew, and serve what the files hold now. Thread: any."""
        self._served = _served(self._files)
        self._certificates_at_s = 0.0
        self._wake.set()

    def findings(self) -> tuple[Finding, ...]:
        """What is wrong now. Thread: any."""
        return self._findings

    def certificates(self) -> tuple[CertificateInfo, ...]:
        """When they end. Thread: any."""
        return self._ends

    def connections(self) -> ConnectionsInfo:
        """Links as they came and went. Thread: any."""
        return ConnectionsInfo(
            configured=tuple(
                ConnectionInfo(
                    endpoint=one.subject,
                    up=bool(dst := known.dst),
                    reconnects=max(0, known.made - 1),
                    dst=dst,
                )
                for one, known in self._connections.items()
            ),
            opened=self._opened,
            ended=self._ended,
        )

    def close(self) -> None:
        """End the threads; idempotent. A look that is under way is waited for."""
        self._stop.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
        self._looks.close()

    def _run(self) -> None:
        while True:
            self._wake.wait(TURN_S)
            self._wake.clear()
            if self._stop.is_set():
                return
            try:
                self._turn(time.monotonic())
            except Exception:
                log.exception("links could not be looked at; trying again")

    def _look_at_certificates(self, served: Served) -> None:
        from bridge.security.examine import ends, examine

        now = dt.datetime.now(dt.timezone.utc)
        self._ends = ends(self._files)
        self._certificates = (*examine(self._files, now=now), *served.findings(now=now))

    def _turn(self, now_s: float) -> None:
        if self._served is not None and now_s >= self._certificates_at_s:
            self._certificates_at_s = now_s + self._certificates_every_s
            self._look_at_certificates(self._served)
        links = self._links()
        self._link_log.look(links, now_s)
        verdicts: dict[Endpoint, Verdict] = {}
        for endpoint, known in self._connections.items():
            dst = linked(endpoint, links)
            known.made += bool(dst) and not known.dst
            known.dst = dst
            if dst:
                self._looks.up(endpoint)
                continue
            verdict = self._looks.down(endpoint, meanwhile=_LOST if known.made else None)
            if verdict is not None:
                verdicts[endpoint] = verdict
        self._tell(verdicts)

    def _tell(self, verdicts: Mapping[Endpoint, Verdict]) -> None:
        found: dict[tuple[str, ...], Finding] = {
            (finding.code, finding.subject): finding for finding in self._certificates
        }
        for endpoint, verdict in verdicts.items():
            finding = _link_down(endpoint, verdict)
            found[finding.code, finding.subject, verdict.cause.value] = finding
        for key, finding in found.items():
            if key not in self._told:
                log.log(_LEVELS[finding.severity], "%s", finding)
        still = {key[:2] for key in found}
        for key, finding in self._told.items():
            if key[:2] not in still:
                log.info("over: %s [%s]", finding.code, finding.subject)
        self._told, self._findings = found, tuple(found.values())


def linked(endpoint: Endpoint, links: Sequence[LinkInfo]) -> str:
    """Where the link to `endpoint` leads; empty without one. May block, to resolve a host name."""
    for link in links:
        try:
            other = parse_endpoint(link.dst)
        except InvalidName:
            continue
        same_port = other.port == endpoint.port and other.protocol == endpoint.protocol
        if same_port and (other.host == endpoint.host or other.host in addresses(endpoint)):
            return link.dst
    return ""


def _host(locator: str) -> str:
    try:
        return parse_endpoint(locator).host
    except InvalidName:
        return ""


def _link_down(endpoint: Endpoint, verdict: Verdict) -> Finding:
    return Finding(
        code="link_down",
        severity=Severity.ERROR,
        subject=endpoint.subject,
        text=f"{verdict.cause.value}: {verdict.text}",
        remedy=verdict.remedy,
    )


def _served(files: CertificateFiles) -> Served | None:
    """What the listeners serve. None without any file, so that nothing is loaded to read them."""
    if not files.named:
        return None
    from bridge.security.served import Served

    return Served(files)
