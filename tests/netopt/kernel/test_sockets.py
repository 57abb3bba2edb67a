"""Real sockets of loopback. Two links at different delays: tests/integration/test_link_figures.py."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from netopt.core.kernelview import Ends
from netopt.kernel.sockets import kernel_figures


def ends(own: socket.socket, other: socket.socket, *, stream: bool = True) -> Ends:
    return Ends(
        stream=stream,
        local="127.0.0.1",
        local_port=own.getsockname()[1],
        remote="127.0.0.1",
        remote_port=other.getsockname()[1],
    )


@contextlib.contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of an IPv4 connection to a listener of both IP versions, as Zenoh's is."""
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        near = socket.create_connection(("127.0.0.1", server.getsockname()[1]))
        far, _ = server.accept()
    with near, far:
        yield near, far


def test_each_link_has_the_figures_of_its_own_socket():
    with connected() as (near, far), connected() as (other, _):
        near.sendall(bytes(5000))
        assert far.recv(5000, socket.MSG_WAITALL) == bytes(5000)
        near_view, far_view, other_view = kernel_figures([ends(near, far), ends(far, near), ends(other, _)])
    assert near_view.interface == "lo"
    assert near_view.tcp.bytes_sent == far_view.tcp.bytes_received == 5000
    assert near_view.tcp.rtt_ms > 0.0
    assert near_view.tcp.congestion_control
    assert (other_view.tcp.bytes_sent, other_view.tcp.bytes_received) == (0, 0)


def test_what_waits_in_the_socket_is_told():
    with connected() as (near, far):
        near.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                sent += near.send(bytes(65536))
        (view,) = kernel_figures([ends(near, far)])
    assert 0 < view.tcp.unsent_bytes < sent


def test_a_link_of_ipv6_has_its_figures_too():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        near = socket.create_connection(server.getsockname()[:2])
        far, _ = server.accept()
    with near, far:
        near.sendall(bytes(700))
        assert far.recv(700, socket.MSG_WAITALL) == bytes(700)
        here, there = (
            Ends(stream=True, local="::1", local_port=own, remote="::1", remote_port=other)
            for own, other in ((one.getsockname()[1], one.getpeername()[1]) for one in (near, far))
        )
        near_view, far_view = kernel_figures([here, there])
    assert near_view.interface == "lo"
    assert near_view.tcp.bytes_sent == far_view.tcp.bytes_received == 700


def test_an_address_without_a_way_there_has_no_interface():
    nowhere = Ends(stream=True, local="127.0.0.1", local_port=1, remote="255.255.255.255", remote_port=2)
    (view,) = kernel_figures([nowhere])
    assert view.tcp is None


def test_datagrams_that_found_no_room_are_counted():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as writer,
    ):
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        reader.bind(("127.0.0.1", 0))
        writer.connect(reader.getsockname())
        for _ in range(200):
            writer.send(bytes(1000))
        (view,) = kernel_figures([ends(reader, writer, stream=False)])
        received = 0
        reader.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while reader.recv(1000):
                received += 1
    assert view.udp_dropped == 200 - received > 0
    assert view.tcp is None


@pytest.mark.parametrize("stream", [True, False])
def test_a_link_that_ended_has_no_figures_of_others(stream):
    with connected() as (near, far):
        gone = ends(near, far, stream=stream)
    (view,) = kernel_figures([gone])
    assert view.tcp is None
    assert not view.udp_dropped
