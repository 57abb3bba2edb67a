"""A network with faults: two network namespaces and a relay of IP packets between them.

Unlike the TCP relay it does not end connections, so the kernels at both ends see the delay. Each namespace
has one TUN device; what a program there sends comes here, is held for as long as its link's delay, and goes
into the other device. Needs root and ``/dev/net/tun``.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import heapq
import itertools
import os
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from pyroute2 import IPRoute
from typing_extensions import Self

TUN = Path("/dev/net/tun")
_TUNSETIFF = 0x400454CA  # linux/if_tun.h
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_DEVICE = "zl0"
_PACKET_BYTES = 65536
_POLL_S = 0.2
_JOIN_S = 5.0
_QUEUE = 10_000
"""Packets held at once; beyond, they are lost, as on any router."""


class Namespace:
    """A network namespace with one TUN device; lives until it is closed and its programs have ended.

    Args:
        address: of the device.
        peers: addresses that are reached through it.
        more: further addresses of the device.
    """

    def __init__(self, address: str, *, peers: Sequence[str], more: Sequence[str] = ()) -> None:
        self._addresses = (address, *more)
        self._peers = peers
        self._work: list[tuple[Sequence[str], dict]] = []
        self.tun = -1
        self._failed: Exception | None = None
        self._children: list[subprocess.Popen[str]] = []
        self._some = threading.Condition()
        self._over = False
        # A namespace belongs to a thread, and a child is born into that of the thread that starts it.
        self._thread = threading.Thread(target=self._run, name="namespace", daemon=True)
        self._thread.start()
        with self._some:
            self._some.wait_for(lambda: self.tun >= 0 or self._failed)
        if self._failed is not None:
            raise self._failed

    def start(self, command: Sequence[str], **options) -> subprocess.Popen[str]:
        """A program in it; see :class:`subprocess.Popen`."""
        with self._some:
            known = len(self._children)
            self._work.append((command, options))
            self._some.notify_all()
            self._some.wait_for(lambda: len(self._children) > known or self._failed)
        if self._failed is not None:
            raise self._failed
        return self._children[-1]

    def close(self) -> None:
        with self._some:
            self._over = True
            self._some.notify_all()
        self._thread.join(_JOIN_S)
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.wait(_JOIN_S)
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
        os.close(self.tun)

    def _run(self) -> None:
        try:
            tun = self._made()
            with self._some:
                self.tun = tun
                self._some.notify_all()
            while (order := self._next()) is not None:
                child = subprocess.Popen(order[0], text=True, **order[1])
                with self._some:
                    self._children.append(child)
                    self._some.notify_all()
        except Exception as error:  # noqa: BLE001  # raised again by who asked
            with self._some:
                self._failed = error
                self._some.notify_all()

    def _next(self) -> tuple[Sequence[str], dict] | None:
        with self._some:
            self._some.wait_for(lambda: self._work or self._over)
            return self._work.pop(0) if self._work else None

    def _made(self) -> int:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        tun = os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", _DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
        with IPRoute() as route:
            (index,) = route.link_lookup(ifname=_DEVICE)
            for address in self._addresses:
                route.addr("add", index=index, address=address, prefixlen=32)
            route.link("set", index=index, state="up")
            for peer in self._peers:
                route.route("add", dst=f"{peer}/32", oif=index)
        return tun


class PacketRelay:
    """Passes packets between two namespaces.

    Args:
        ends: both.
        delays_s: one way, by the address of the second namespace that a packet comes from or goes to.
    """

    def __init__(self, ends: tuple[Namespace, Namespace], delays_s: Mapping[str, float]) -> None:
        self._ends = ends
        self._delays_s = {socket.inet_aton(address): delay_s for address, delay_s in delays_s.items()}
        self._held: list[tuple[float, int, int, bytes, float]] = []
        self._numbers = itertools.count()
        self._some = threading.Condition()
        self._stop = threading.Event()
        self.passed: list[tuple[str, bool, float]] = []
        """(address, towards it, seconds from reading to writing) of each packet."""
        self._threads = [
            threading.Thread(target=self._read, args=(0,), name="packets-there", daemon=True),
            threading.Thread(target=self._read, args=(1,), name="packets-back", daemon=True),
            threading.Thread(target=self._write, name="packets", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        with self._some:
            self._some.notify_all()
        for thread in self._threads:
            thread.join(_JOIN_S)

    def _read(self, end: int) -> None:
        source, sink = self._ends[end].tun, self._ends[1 - end].tun
        while not self._stop.is_set():
            if not select.select([source], [], [], _POLL_S)[0]:
                continue
            try:
                packet = os.read(source, _PACKET_BYTES)
            except OSError:
                continue
            begin_s = time.monotonic()
            place = packet[16:20] if end == 0 else packet[12:16]
            delay_s = self._delays_s.get(place)
            if packet[0] >> 4 != 4 or delay_s is None:
                continue  # neighbour discovery and the like
            with self._some:
                if len(self._held) < _QUEUE:
                    heapq.heappush(
                        self._held, (begin_s + delay_s, next(self._numbers), sink, packet, begin_s)
                    )
                    self._some.notify()

    def _write(self) -> None:
        while not self._stop.is_set():
            with self._some:
                while not self._stop.is_set() and (not self._held or self._held[0][0] > time.monotonic()):
                    self._some.wait(max(0.0, self._held[0][0] - time.monotonic()) if self._held else None)
                if self._stop.is_set():
                    return
                _, _, sink, packet, begin_s = heapq.heappop(self._held)
            towards = sink == self._ends[1].tun
            place = socket.inet_ntoa(packet[16:20] if towards else packet[12:16])
            self.passed.append((place, towards, time.monotonic() - begin_s))
            with contextlib.suppress(OSError):  # the device is down: its namespace ends
                os.write(sink, packet)
