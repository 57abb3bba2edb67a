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
from bridge.zenoh.sockets import limit
from tests.integration.support.waiting import eventually

TCP_NOTSENT_LOWAT = 25
UNSENT_BYTES = 16384
pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of descriptors here")


def limits_of(*ports: int) -> list[int]:
    """Of the established connections of this process from or to one of these ports."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            with socket.socket(fileno=os.dup(int(entry.name))) as one:
                if {one.getsockname()[1], one.getpeername()[1]} & set(ports):
                    found.append(one.getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT))
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
def test_both_ends_of_a_link_leave_little_unsent_also_when_it_was_renewed(host: str) -> None:
    if not bindable(host):
        pytest.skip(f"nobody can listen on {host} here")
    here = f"tcp/[{host}]:0" if ":" in host else f"tcp/{host}:0"
    listening = session_of(listen=(here,), notsent_lowat=UNSENT_BYTES)
    port = port_of(listening)
    network = ZenohNetwork(
        connect=(f"tcp/127.0.0.1:{port}",), shared_memory=False, notsent_lowat=UNSENT_BYTES
    )
    connecting = ZenohSession.open(network, stop=threading.Event())
    try:
        eventually(lambda: limits_of(port) == [UNSENT_BYTES] * 2)
        connecting.renew(connecting.bound(network))
        eventually(connecting.links)
        eventually(lambda: limits_of(port) == [UNSENT_BYTES] * 2)
    finally:
        connecting.close()
        listening.close()


def test_without_a_limit_the_kernel_keeps_its_own() -> None:
    listening = session_of(listen=("tcp/127.0.0.1:0",))
    port = port_of(listening)
    connecting = session_of(connect=(f"tcp/127.0.0.1:{port}",))
    try:
        eventually(connecting.links)
        eventually(listening.links)
        assert limits_of(port) == [0, 0]
    finally:
        connecting.close()
        listening.close()


def test_a_socket_of_somebody_else_is_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as near, server.accept()[0]:
            own = near.getsockname()[1]
            assert not limit(f"tcp/127.0.0.1:{own + 1}", f"tcp/127.0.0.1:{port}", UNSENT_BYTES)
            assert not limit(f"udp/127.0.0.1:{own}", f"udp/127.0.0.1:{port}", UNSENT_BYTES)
            assert not limit("unixsock-stream//tmp/x", "unixsock-stream//tmp/y", UNSENT_BYTES)
            assert limits_of(port) == [0, 0]
            assert limit(f"tls/127.0.0.1:{own}", f"tls/127.0.0.1:{port}", UNSENT_BYTES)
            assert sorted(limits_of(port)) == [0, UNSENT_BYTES]
