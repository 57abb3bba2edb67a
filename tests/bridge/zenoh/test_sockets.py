"""What the kernel keeps of a link that Zenoh has written to."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import ZenohSession
from bridge.zenoh.sockets import Pace, apply, pace_of
from tests.integration.support.waiting import eventually

TCP_NOTSENT_LOWAT = 25
SO_MAX_PACING_RATE = 47
MBIT_S = 100.0
PACE = Pace(bytes_s=11_250_000, unsent_bytes=12_500)
"""Nine tenths of that rate, and what it carries in a millisecond."""
FREE = Pace(bytes_s=(1 << 32) - 1, unsent_bytes=0)
"""The kernel's own."""
pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of descriptors here")


def paces_of(*ports: int) -> list[Pace]:
    """Of the established connections of this process from or to one of these ports."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            with socket.socket(fileno=os.dup(int(entry.name))) as one:
                if {one.getsockname()[1], one.getpeername()[1]} & set(ports):
                    rate = one.getsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE) & FREE.bytes_s
                    unsent = one.getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT)
                    found.append(Pace(bytes_s=rate, unsent_bytes=unsent))
        except (OSError, IndexError):
            continue
    return found


def port_of(session: ZenohSession) -> int:
    return int(session.listening()[0].rpartition(":")[2])


def session_of(**options: Any) -> ZenohSession:
    return ZenohSession.open(ZenohNetwork(shared_memory=False, **options), stop=threading.Event())


def bindable(host: str) -> bool:
    try:
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "::"])
def test_both_ends_of_a_link_are_paced_also_when_it_was_renewed(host: str) -> None:
    if not bindable(host):
        pytest.skip(f"nobody can listen on {host} here")
    here = f"tcp/[{host}]:0" if ":" in host else f"tcp/{host}:0"
    listening = session_of(listen=(here,), link_mbit_s=MBIT_S)
    port = port_of(listening)
    network = ZenohNetwork(connect=(f"tcp/127.0.0.1:{port}",), shared_memory=False, link_mbit_s=MBIT_S)
    connecting = ZenohSession.open(network, stop=threading.Event())
    try:
        eventually(lambda: paces_of(port) == [PACE] * 2)
        connecting.renew(connecting.bound(network))
        eventually(connecting.links)
        eventually(lambda: paces_of(port) == [PACE] * 2)
    finally:
        connecting.close()
        listening.close()


def test_without_a_rate_the_kernel_keeps_its_own() -> None:
    listening = session_of(listen=("tcp/127.0.0.1:0",))
    port = port_of(listening)
    connecting = session_of(connect=(f"tcp/127.0.0.1:{port}",))
    try:
        eventually(connecting.links)
        eventually(listening.links)
        assert paces_of(port) == [FREE, FREE]
    finally:
        connecting.close()
        listening.close()


def test_a_socket_of_somebody_else_is_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as near, server.accept()[0]:
            own = near.getsockname()[1]
            assert not apply(PACE, f"tcp/127.0.0.1:{own + 1}", f"tcp/127.0.0.1:{port}")
            assert not apply(PACE, f"udp/127.0.0.1:{own}", f"udp/127.0.0.1:{port}")
            assert not apply(PACE, "unixsock-stream//tmp/x", "unixsock-stream//tmp/y")
            assert paces_of(port) == [FREE, FREE]
            assert apply(PACE, f"tls/127.0.0.1:{own}", f"tls/127.0.0.1:{port}")
            paces = paces_of(port)
            assert len(paces) == 2
            assert set(paces) == {FREE, PACE}


def test_a_pace_is_nine_tenths_of_the_rate_and_a_millisecond_unsent() -> None:
    assert pace_of(MBIT_S) == PACE
    assert pace_of(1.0) == Pace(bytes_s=112_500, unsent_bytes=4096)
    assert pace_of(10_000.0).bytes_s == 1_125_000_000
