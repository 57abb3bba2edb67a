"""Sends large messages over loopback, as DDS does in datagrams and Zenoh does in a stream, and times them."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass

from netopt.core.largemessages import HEADER, Assembly, LargeMessages, Outcome, part_sizes
from netopt.errors import CannotTune, FrameError

_SO_RCVBUFFORCE = 33  # asm-generic/socket.h; Python does not name it
_LOOPBACK = "127.0.0.1"
_LEAD_S = 0.1
_LAST_WAIT_S = 2.0
"""What has not arrived that long after the last was sent is lost."""
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The receiving socket's buffer."""

    asked_bytes: int = 0
    """What it asks for, as Cyclone DDS does; the kernel gives twice as much, up to its limit. 0: it asks for
    nothing and has the system's default, as Fast DDS."""
    forced: bool = False
    """Whatever the limit is: shows what a higher one would give. Needs root."""


def send_datagrams(messages: LargeMessages, reader: Reader, *, kind: str) -> Outcome:
    """Send them as UDP datagrams of 65 kB, one after the other as fast as the kernel takes them.

    Raises:
        CannotTune: A socket is refused.

    Thread: any; blocks until all is sent.
    """
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):
            if reader.asked_bytes:
                option = _SO_RCVBUFFORCE if reader.forced else socket.SO_RCVBUF
                receiver.setsockopt(socket.SOL_SOCKET, option, reader.asked_bytes)
            receiver.bind((_LOOPBACK, 0))
            receiver.settimeout(_POLL_S)
            sender.connect(receiver.getsockname())
            return _run(messages, receiver, sender, kind=kind)
    except OSError as error:
        raise CannotTune(f"cannot measure over loopback: {error}", remedy="run it as root") from error


def send_stream(messages: LargeMessages, *, kind: str) -> Outcome:
    """Send them through one TCP connection with the kernel's own buffers.

    Raises:
        CannotTune: A socket is refused.

    Thread: any; blocks until all is sent.
    """
    try:
        with socket.create_server((_LOOPBACK, 0)) as server:
            sender = socket.create_connection(server.getsockname())
            receiver, _ = server.accept()
        with sender, receiver:
            sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            receiver.settimeout(_POLL_S)
            return _run(messages, receiver, sender, kind=kind)
    except OSError as error:
        raise CannotTune(f"cannot measure over loopback: {error}", remedy="see `ip link show lo`") from error


def _run(messages: LargeMessages, receiver: socket.socket, sender: socket.socket, *, kind: str) -> Outcome:
    begin_s = time.monotonic() + _LEAD_S
    intended = [begin_s + number / messages.rate_hz for number in range(messages.count)]
    assembly = Assembly(intended)
    stop = threading.Event()
    read = _read_datagrams if receiver.type == socket.SOCK_DGRAM else _read_stream
    sizes = part_sizes(messages.message_bytes)
    reading = threading.Thread(
        target=read,
        args=(receiver, assembly, messages, stop),
        name="tune-reader",
        daemon=True,
    )
    reading.start()
    try:
        for number, when_s in enumerate(intended):
            stop.wait(max(0.0, when_s - time.monotonic()))
            for index, size in enumerate(sizes):
                part = HEADER.pack(number, index, len(sizes)) + bytes(size - HEADER.size)
                sender.sendall(part)
        reading.join(_LAST_WAIT_S)
    finally:
        stop.set()
        reading.join(_LAST_WAIT_S)
    return Outcome(
        kind=kind,
        sent=messages.count,
        latencies_s=tuple(assembly.latencies_s.values()),
        buffer_bytes=receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
    )


def _read_datagrams(
    receiver: socket.socket, assembly: Assembly, messages: LargeMessages, stop: threading.Event
) -> None:
    """Thread: tune-reader."""
    sizes = part_sizes(messages.message_bytes)
    buffer = memoryview(bytearray(max(sizes)))
    while not (stop.is_set() or assembly.complete):
        try:
            length = receiver.recv_into(buffer)
            if assembly.part(buffer[:length], time.monotonic()):
                stop.wait(messages.reader_pause_s)
        except TimeoutError:
            continue
        except FrameError:
            continue  # loopback is open to everybody; what is not ours is missing at the end, and counts
        except OSError:
            return


def _read_stream(
    receiver: socket.socket, assembly: Assembly, messages: LargeMessages, stop: threading.Event
) -> None:
    """Thread: tune-reader."""
    sizes = part_sizes(messages.message_bytes)
    buffer = memoryview(bytearray(max(sizes)))
    while not assembly.complete:
        for size in sizes:
            filled = 0
            while filled < size:
                if stop.is_set():
                    return
                try:
                    filled += receiver.recv_into(buffer[filled:size])
                except TimeoutError:
                    continue
                except OSError:
                    return
            if assembly.part(buffer[:size], time.monotonic()):
                stop.wait(messages.reader_pause_s)
