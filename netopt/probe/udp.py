"""Bare UDP, the floor: what the network alone takes, with loss and reordering as they are."""

from __future__ import annotations

import contextlib
import socket
import threading

from netopt.core.kernelview import Ends
from netopt.errors import CannotMeasure, UsageError
from netopt.ports import OnReply
from netopt.probe.addresses import ends, resolve, shown
from netopt.probe.echo import Answerer

MAX_DATAGRAM_BYTES = 65_507
"""IPv4: 65535 less the headers."""
_POLL_S = 0.2
_JOIN_S = 2.0


class UdpTransport:
    """See :class:`netopt.ports.Transport`. Args: ``HOST:PORT`` of the echo."""

    def __init__(self, target: str) -> None:
        self.name = f"udp {target}"
        self._target = target
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def open(self, on_reply: OnReply) -> None:
        """See :class:`netopt.ports.Transport`."""
        family, address = resolve(self._target, socket.SOCK_DGRAM)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.settimeout(_POLL_S)
        try:
            self._socket.connect(address)
        except OSError as error:
            raise CannotMeasure(
                f"udp {self._target}: {error.strerror}", remedy="check the address and the routes"
            ) from error
        self._thread = threading.Thread(
            target=self._read, args=(self._socket, on_reply), name="probe-udp", daemon=True
        )
        self._thread.start()

    def send(self, frame: bytes) -> None:
        """See :class:`netopt.ports.Transport`."""
        if self._socket is None:
            return
        if len(frame) > MAX_DATAGRAM_BYTES:
            raise UsageError(
                f"{self.name}: {len(frame)} bytes do not fit a datagram",
                remedy=f"choose a payload of at most {MAX_DATAGRAM_BYTES} bytes, or TCP",
            )
        with contextlib.suppress(OSError):  # refused or no room: it is lost, as anything on UDP may be
            self._socket.send(frame, socket.MSG_DONTWAIT)

    def sockets(self) -> tuple[Ends, ...]:
        """See :class:`netopt.ports.Transport`."""
        return ends(self._socket, "udp")

    def close(self) -> None:
        """See :class:`netopt.ports.Transport`."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
        if self._socket is not None:
            self._socket.close()

    def _read(self, source: socket.socket, on_reply: OnReply) -> None:
        """Thread: probe-udp."""
        while not self._stop.is_set():
            try:
                on_reply(source.recv(MAX_DATAGRAM_BYTES))
            except TimeoutError:
                continue
            except OSError:
                self._stop.wait(0.01)  # an ICMP error of the last message; the next may pass


class UdpEcho:
    """Answers on a UDP port until it is closed. A reply is never larger than its request.

    Args:
        listen: ``HOST:PORT``; port 0 takes a free one.
        answerer: makes the replies.

    Raises:
        CannotMeasure: the port cannot be had.
    """

    def __init__(self, listen: str, answerer: Answerer) -> None:
        self._answerer = answerer
        self._stop = threading.Event()
        family, address = resolve(listen, socket.SOCK_DGRAM)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind(address)
        except OSError as error:
            self._socket.close()
            raise CannotMeasure(
                f"cannot listen on udp {listen}: {error.strerror}",
                remedy="choose another port (`ss -lunp` shows who has it)",
            ) from error
        self._socket.settimeout(_POLL_S)
        self.address = shown(self._socket.getsockname())
        self._thread = threading.Thread(target=self._serve, name="probe-udp-echo", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        """Thread: probe-udp-echo."""
        while not self._stop.is_set():
            try:
                frame, sender = self._socket.recvfrom(MAX_DATAGRAM_BYTES)
                reply = self._answerer.answer(frame)
                if reply is not None:
                    self._socket.sendto(reply, sender)
            except TimeoutError:
                continue
            except OSError:
                self._stop.wait(0.01)  # what the sender's host refused; the next one is answered

    def close(self) -> None:
        """Stop answering; idempotent."""
        self._stop.set()
        self._thread.join(_JOIN_S)
        self._socket.close()
