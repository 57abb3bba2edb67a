"""Bare TCP, the floor of all that Zenoh sends over TCP. Each frame has its length before it, 4 bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import deque

from netopt.core.kernelview import Ends
from netopt.core.probeframe import MAX_FRAME_BYTES, MIN_FRAME_BYTES
from netopt.errors import CannotMeasure
from netopt.ports import OnReply
from netopt.probe.addresses import ends, resolve, shown
from netopt.probe.echo import Answerer

CONNECT_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 8
"""That an echo serves at once; each may hold one frame of the largest size."""
_WAITING_BYTES = 2 * MAX_FRAME_BYTES
"""Of frames that the kernel has no room for; beyond, a frame is lost."""
_LENGTH = struct.Struct(">I")
_POLL_S = 0.2
_JOIN_S = 2.0


class TcpTransport:
    """See :class:`netopt.ports.Transport`.

    Args:
        target: ``HOST:PORT`` of the echo.
        connect_timeout_s: how long the other side may take to accept.
    """

    def __init__(self, target: str, *, connect_timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        self.name = f"tcp {target}"
        self._connect_timeout_s = connect_timeout_s
        self._target = target
        self._socket: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._some = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0

    def open(self, on_reply: OnReply) -> None:
        """See :class:`netopt.ports.Transport`."""
        _, address = resolve(self._target, socket.SOCK_STREAM)
        try:
            self._socket = socket.create_connection(address, timeout=self._connect_timeout_s)
        except OSError as error:
            raise CannotMeasure(
                f"tcp {self._target}: {error.strerror or error}",
                remedy="start `zenlink probe serve --tcp HOST:PORT` there, and check firewalls",
            ) from error
        self._socket.settimeout(_POLL_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for work, name in ((self._read, "probe-tcp-in"), (self._write, "probe-tcp-out")):
            thread = threading.Thread(target=work, args=(self._socket, on_reply), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def send(self, frame: bytes) -> None:
        """See :class:`netopt.ports.Transport`. Thread: any."""
        data = _LENGTH.pack(len(frame)) + frame
        with self._some:
            if self._socket is None or self._stop.is_set():
                return
            sent = 0
            if not self._waiting:
                with contextlib.suppress(OSError):
                    sent = self._socket.send(data, socket.MSG_DONTWAIT)
            if sent < len(data) and (sent or self._waiting_bytes + len(data) <= _WAITING_BYTES):
                self._waiting.append(data[sent:])
                self._waiting_bytes += len(data) - sent
                self._some.notify()

    def sockets(self) -> tuple[Ends, ...]:
        """See :class:`netopt.ports.Transport`."""
        return ends(self._socket, "tcp")

    def alive(self) -> bool:
        """Whether the connection stands, as far as it is known. Thread: any."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """See :class:`netopt.ports.Transport`."""
        with self._some:
            self._stop.set()
            self._some.notify()
        for thread in self._threads:
            thread.join(_JOIN_S)
        if self._socket is not None:
            self._socket.close()

    def _read(self, source: socket.socket, on_reply: OnReply) -> None:
        """Thread: probe-tcp-in."""
        while (frame := _receive(source, self._stop)) is not None:
            on_reply(frame)

    def _write(self, sink: socket.socket, _on_reply: OnReply) -> None:
        """What did not fit at once. Thread: probe-tcp-out."""
        while not self._stop.is_set():
            with self._some:
                if not self._waiting:
                    self._some.wait(_POLL_S)
                    continue
                data = self._waiting[0]
            if not _send(sink, data, self._stop):
                return
            with self._some:
                self._waiting.popleft()
                self._waiting_bytes -= len(data)


class TcpEcho:
    """Answers on a TCP port until it is closed.

    Args:
        listen: ``HOST:PORT``; port 0 takes a free one.
        answerer: makes the replies.

    Raises:
        CannotMeasure: the port cannot be had.
    """

    def __init__(self, listen: str, answerer: Answerer) -> None:
        self._answerer = answerer
        self._stop = threading.Event()
        family, address = resolve(listen, socket.SOCK_STREAM)
        try:
            self._listener = socket.create_server(address, family=family, backlog=MAX_CONNECTIONS)
        except OSError as error:
            raise CannotMeasure(
                f"cannot listen on tcp {listen}: {error.strerror}",
                remedy="choose another port (`ss -ltnp` shows who has it)",
            ) from error
        self._listener.settimeout(_POLL_S)
        self.address = shown(self._listener.getsockname())
        self._connections: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept, name="probe-tcp-echo", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        """Thread: probe-tcp-echo."""
        while not self._stop.is_set():
            self._connections = [one for one in self._connections if one.is_alive()]
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                self._stop.wait(_POLL_S)  # out of descriptors: others may end
                continue
            if len(self._connections) >= MAX_CONNECTIONS:
                connection.close()
                continue
            thread = threading.Thread(
                target=self._serve, args=(connection,), name="probe-tcp-echo-connection", daemon=True
            )
            thread.start()
            self._connections.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        """Thread: probe-tcp-echo-connection."""
        with connection:
            connection.settimeout(_POLL_S)
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (frame := _receive(connection, self._stop)) is not None:
                reply = self._answerer.answer(frame)
                if reply is not None and not _send(connection, _LENGTH.pack(len(reply)) + reply, self._stop):
                    return

    def close(self) -> None:
        """Stop answering; idempotent."""
        self._stop.set()
        for thread in (self._thread, *self._connections):
            thread.join(_JOIN_S)
        self._listener.close()


def _receive(source: socket.socket, stop: threading.Event) -> bytes | None:
    """The next frame; None when the connection or the time is over, or the length makes no sense."""
    head = _exactly(source, _LENGTH.size, stop)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if not MIN_FRAME_BYTES <= length <= MAX_FRAME_BYTES:
        return None
    body = _exactly(source, length, stop)
    return None if body is None else bytes(body)


def _exactly(source: socket.socket, count: int, stop: threading.Event) -> bytearray | None:
    data = bytearray()
    while len(data) < count:
        try:
            chunk = source.recv(min(count - len(data), 1 << 20))
        except TimeoutError:
            if stop.is_set():
                return None
            continue
        except OSError:
            return None
        if not chunk:
            return None
        data += chunk
    return data


def _send(sink: socket.socket, data: bytes, stop: threading.Event) -> bool:
    view = memoryview(data)
    while view:
        try:
            view = view[sink.send(view) :]
        except TimeoutError:
            if stop.is_set():
                return False
        except OSError:
            return False
    return True
