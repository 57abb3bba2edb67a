"""A link of a set rate: two network namespaces, a pair of virtual interfaces, and the kernel's token bucket.

Needs root. The namespaces go with the processes that hold them, however the test ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pyroute2 import IPRoute, NetlinkError

from tests.netopt.kernel.conftest import why_no_namespace

ADDRESSES = ("10.77.0.1", "10.77.0.2")
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_DEVICE = "link"
_ROOT = 0x10000  # the handle 1:
_BURST_BYTES = 4096
_LATENCY = "50ms"
"""What the bucket holds back at most; then it drops, as the queue of a router does."""
_STOP_S = 5.0
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """One end of the link."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._shaped = False
        self._holder = subprocess.Popen(
            [*_leash(), "unshare", "-n", "sh", "-c", "echo ready; exec sleep infinity"],
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"ready\n"

    @property
    def pid(self) -> int:
        """Of the process that holds it."""
        return self._holder.pid

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """This thread is in it, and what it starts stays in it."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            with Path(f"/proc/{self.pid}/ns/net").open("rb") as there:
                _enter(there.fileno())
            yield
        finally:
            _enter(home)
            os.close(home)

    def shape(self, rate: str | None) -> None:
        """From now on so much leaves it, as tc writes it (``100mbit``); None: as much as there is."""
        with self.entered(), IPRoute() as route:
            (index,) = route.link_lookup(ifname=_DEVICE)
            if self._shaped:
                route.tc("del", index=index, root=True)
            if rate is not None:
                route.tc("add", "tbf", index, _ROOT, rate=rate, burst=_BURST_BYTES, latency=_LATENCY)
            self._shaped = rate is not None

    def up(self) -> None:
        """Loopback and its end of the link."""
        with self.entered(), IPRoute() as route:
            for name in ("lo", _DEVICE):
                (index,) = route.link_lookup(ifname=name)
                route.link("set", index=index, state="up")
            route.addr("add", index=index, address=self.address, prefixlen=24)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait(_STOP_S)
        if self._holder.stdout is not None:
            self._holder.stdout.close()


def why_no_shaped_link() -> str:
    """Why there can be none here; empty when there can."""
    if reason := why_no_namespace():
        return reason
    try:
        with shaped_link("1mbit"):
            return ""
    except (OSError, NetlinkError) as error:
        return f"no veth pair with tbf: {error}"


@contextlib.contextmanager
def shaped_link(rate: str | None = None) -> Iterator[tuple[Namespace, Namespace]]:
    """Both ends; each sends at this rate, see :meth:`Namespace.shape`."""
    with contextlib.ExitStack() as closing:
        ends = []
        for address in ADDRESSES:
            ends.append(Namespace(address))
            closing.callback(ends[-1].close)
        first, second = ends
        with first.entered(), IPRoute() as route:
            peer = {"ifname": _DEVICE, "net_ns_pid": second.pid}
            route.link("add", ifname=_DEVICE, kind="veth", peer=peer)
        for end in ends:
            end.up()
            end.shape(rate)
        yield first, second


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _leash() -> list[str]:
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
