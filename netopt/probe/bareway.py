"""The way of a watch to a target of the bare network: opened beside the watch, and again when it breaks."""

from __future__ import annotations

import logging
import threading

from netopt.core.schedule import NS_PER_S
from netopt.errors import NetoptError
from netopt.ports import MonotonicClock, OnReply
from netopt.probe.tcp import TcpTransport
from netopt.probe.udp import UdpTransport

log = logging.getLogger(__name__)

SCHEMES = ("tcp://", "udp://")
REOPEN_NS = 10 * NS_PER_S
_CONNECT_S = 2.0
_JOIN_S = 3.0


def is_bare(name: str) -> bool:
    """Whether a target is ``tcp://HOST:PORT`` or ``udp://HOST:PORT``."""
    return name.startswith(SCHEMES)


class BareWay:
    """Frames to one echo without Zenoh; begins to open when it is first asked whether it is ready.

    Args:
        name: of the target, see :func:`is_bare`.
        on_reply: takes what comes back.
        clock: for the time between two attempts.
        reopen_ns: that time; a TCP connection without a reply for so long is given up, too, since a cut
            cable tells nobody.

    Thread: that of the watch, but for ``send`` and what it says.
    """

    def __init__(
        self, name: str, on_reply: OnReply, *, clock: MonotonicClock, reopen_ns: int = REOPEN_NS
    ) -> None:
        self._name = name
        self._reopen_ns = reopen_ns
        self._on_reply = on_reply
        self._clock = clock
        self._lock = threading.Lock()
        self._open: TcpTransport | UdpTransport | None = None
        self._thread: threading.Thread | None = None
        self._retry_ns: int | None = None
        self._heard_ns = 0
        """The newest reply, or when it was opened."""
        self._closed = False
        self._told = False

    def ready(self) -> bool:
        """Whether frames can go now; where they cannot, another attempt is made now and then."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            if self._open is not None and self._stands(self._open, now_ns):
                return True
            waits = self._retry_ns is not None and now_ns < self._retry_ns
            busy = self._thread is not None and self._thread.is_alive()
            if not (waits or busy or self._closed):
                self._retry_ns = now_ns + self._reopen_ns
                # Names are looked up and connections made there: other targets must not wait for it.
                self._thread = threading.Thread(target=self._try, name="probe-watch-open", daemon=True)
                self._thread.start()
        return False

    def _stands(self, transport: TcpTransport | UdpTransport, now_ns: int) -> bool:
        if isinstance(transport, UdpTransport):
            return True
        return transport.alive() and now_ns - self._heard_ns < self._reopen_ns

    def send(self, frame: bytes) -> None:
        """Send one frame; without a connection it is lost. Thread: any."""
        transport = self._open
        if transport is not None:
            transport.send(frame)

    def close(self) -> None:
        """End; idempotent."""
        with self._lock:
            self._closed = True
            thread = self._thread
            transport, self._open = self._open, None
        if transport is not None:
            transport.close()
        if thread is not None:
            thread.join(_JOIN_S)

    def _try(self) -> None:
        """Thread: probe-watch-open."""
        scheme, _, address = self._name.partition("://")
        transport = (
            TcpTransport(address, connect_timeout_s=_CONNECT_S) if scheme == "tcp" else UdpTransport(address)
        )
        try:
            transport.open(self._heard)
        except NetoptError as error:
            transport.close()
            # Once: it is tried again and again, and the state of the target says so meanwhile.
            log.log(logging.DEBUG if self._told else logging.WARNING, "not measured yet: %s", error)
            self._told = True
            return
        with self._lock:
            self._heard_ns = self._clock.monotonic_ns()
            before, self._open = self._open, None if self._closed else transport
            unwanted = transport if self._closed else None
        self._told = False
        for over in (before, unwanted):
            if over is not None:
                over.close()

    def _heard(self, frame: bytes) -> None:
        """Thread: the transport's."""
        self._heard_ns = self._clock.monotonic_ns()
        self._on_reply(frame)
