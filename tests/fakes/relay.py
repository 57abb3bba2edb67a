"""A TCP link with faults: a relay between two programs that delays, stalls and cuts what passes.

Stands for netem, which not every kernel has. It ends each connection, so the kernel's own figures
(TCP_INFO) see only the near half.
"""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from typing_extensions import Self

_CHUNK_BYTES = 65536
_IN_FLIGHT_BYTES = 1 << 20
"""Of one direction; what a sender has to wait for beyond, as on a link with that much in its buffers."""
_POLL_S = 0.05
_JOIN_S = 5.0
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; Python does not name it
_TIMESPEC = struct.Struct("qq")


@dataclass(frozen=True, slots=True)
class Passed:
    """A chunk that went through, and when: what a measurement through the relay can be held against."""

    to_target: bool
    chunk: bytes
    arrived_ns: int
    """Monotonic, when its last byte reached the relay, as the kernel stamped it."""
    written_ns: int
    """Monotonic, right before it was written to the other."""


class Relay:
    """Listens on a free port of loopback and passes every connection on to ``target``.

    Args:
        target: port on loopback of the program behind.
        delay_s: one way; may be changed at any time.
        jitter_s: a random part of it is added to each chunk's delay; the order of bytes stays.
        on_passed: told of each chunk. Thread: the relay's.
    """

    def __init__(
        self,
        target: int,
        *,
        delay_s: float = 0.0,
        jitter_s: float = 0.0,
        on_passed: Callable[[Passed], None] | None = None,
    ) -> None:
        self.delay_s = delay_s
        self.jitter_s = jitter_s
        self._on_passed = on_passed
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_POLL_S)
        self.port: int = self._listener.getsockname()[1]
        self._open = threading.Event()
        """Clear while nothing may pass."""
        self._open.set()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        """A cut sees each connection, also one that is being made."""
        self._connections: list[_Connection] = []
        self._acceptor = threading.Thread(target=self._accept, name="relay-accept", daemon=True)
        self._acceptor.start()

    @property
    def endpoint(self) -> str:
        """As Zenoh writes it."""
        return f"tcp/127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """That both ends still hold and no cut has broken."""
        return sum(connection.alive for connection in self._connections)

    def stall(self) -> None:
        """Hold everything back, new connections too; nobody is told. TCP itself survives."""
        self._open.clear()

    def resume(self) -> None:
        """Let everything that was held back pass, in order."""
        self._open.set()

    def cut(self) -> None:
        """Pull the cable: what was under way is lost, without FIN or RST; a new connection gets no answer."""
        self._open.clear()
        with self._lock:
            for connection in self._connections:
                connection.kill()

    def heal(self) -> None:
        """New connections pass; those that were cut stay silent until their ends give up."""
        self._open.set()

    def close(self) -> None:
        """End every connection and thread; idempotent."""
        self._stop.set()
        self._open.set()
        self._acceptor.join(_JOIN_S)
        for connection in self._connections:
            connection.close()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            if not self._open.wait(_POLL_S):
                continue
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            while not self._open.wait(_POLL_S) and not self._stop.is_set():
                pass  # cut meanwhile: this connection gets no answer yet either
            with self._lock:
                self._pass_on(near)

    def _pass_on(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._target), timeout=_JOIN_S)
        except OSError:
            near.close()  # as the host behind would: nobody listens
            return
        self._connections = [one for one in self._connections if not one.ended]
        self._connections.append(_Connection(self, near, far))

    def _due_s(self) -> float:
        return time.monotonic() + self.delay_s + random.random() * self.jitter_s


class _Connection:
    """Two sockets and the four threads between them."""

    def __init__(self, relay: Relay, near: socket.socket, far: socket.socket) -> None:
        self._relay = relay
        self._dead = threading.Event()
        """Cut: the bytes go nowhere any more."""
        self._closed = threading.Event()
        self._ends = (near, far)
        for end in self._ends:
            end.settimeout(_POLL_S)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._threads = []
        for source, sink in ((near, far), (far, near)):
            pipe = _Pipe(to_target=sink is far)
            for work in (self._read, self._write):
                thread = threading.Thread(target=work, args=(source, sink, pipe), name="relay", daemon=True)
                self._threads.append(thread)
        for thread in self._threads:
            thread.start()

    @property
    def ended(self) -> bool:
        """Every thread is done, so that it can be forgotten."""
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def alive(self) -> bool:
        """It carries bytes."""
        return all(thread.is_alive() for thread in self._threads) and not self._dead.is_set()

    def kill(self) -> None:
        self._dead.set()

    def close(self) -> None:
        self._closed.set()
        for thread in self._threads:
            thread.join(_JOIN_S)
        for end in self._ends:
            end.close()

    def _read(self, source: socket.socket, _sink: socket.socket, pipe: _Pipe) -> None:
        while not self._closed.is_set():
            if self._dead.is_set() or pipe.full:
                # Not read any more, so that the sender's buffer fills up as it would.
                self._closed.wait(0.002)
                continue
            try:
                chunk, arrived_ns = _receive(source)
            except TimeoutError:
                continue
            except OSError:
                chunk, arrived_ns = b"", 0
            pipe.put(self._relay._due_s(), chunk, arrived_ns)
            if not chunk:
                return

    def _write(self, _source: socket.socket, sink: socket.socket, pipe: _Pipe) -> None:
        while not self._closed.is_set():
            head = pipe.peek(_POLL_S)
            if head is None or self._dead.is_set():
                if self._dead.is_set():
                    self._closed.wait(_POLL_S)
                continue
            due_s, chunk, arrived_ns = head
            if self._closed.wait(max(0.0, due_s - time.monotonic())):
                return
            if not self._relay._open.wait(_POLL_S) or self._dead.is_set():
                continue
            pipe.pop()
            if not chunk:
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
            if self._relay._on_passed is not None:
                self._relay._on_passed(Passed(pipe.to_target, chunk, arrived_ns, time.monotonic_ns()))
            if not self._send(sink, chunk):
                return

    def _send(self, sink: socket.socket, chunk: bytes) -> bool:
        view = memoryview(chunk)
        while view and not self._closed.is_set():
            try:
                view = view[sink.send(view) :]
            except TimeoutError:
                continue
            except OSError:
                return False
        return True


def _receive(source: socket.socket) -> tuple[bytes, int]:
    """Some bytes, and when the kernel had the last of them, which may be long before this thread runs."""
    chunk, extra, _, _ = source.recvmsg(_CHUNK_BYTES, socket.CMSG_SPACE(_TIMESPEC.size))
    now_ns, wall_ns = time.monotonic_ns(), time.time_ns()
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return chunk, now_ns - (wall_ns - seconds * 10**9 - nanoseconds)
    return chunk, now_ns


class _Pipe:
    """Chunks under way in one direction, each with the time when it arrives; an empty one is the end."""

    def __init__(self, *, to_target: bool) -> None:
        self.to_target = to_target
        self._chunks: deque[tuple[float, bytes, int]] = deque()
        self._bytes = 0
        self._some = threading.Condition()

    @property
    def full(self) -> bool:
        return self._bytes >= _IN_FLIGHT_BYTES

    def put(self, due_s: float, chunk: bytes, arrived_ns: int) -> None:
        with self._some:
            if self._chunks:
                due_s = max(due_s, self._chunks[-1][0])
            self._chunks.append((due_s, chunk, arrived_ns))
            self._bytes += len(chunk)
            self._some.notify()

    def peek(self, timeout_s: float) -> tuple[float, bytes, int] | None:
        with self._some:
            if not self._chunks:
                self._some.wait(timeout_s)
            return self._chunks[0] if self._chunks else None

    def pop(self) -> None:
        with self._some:
            self._bytes -= len(self._chunks.popleft()[1])
