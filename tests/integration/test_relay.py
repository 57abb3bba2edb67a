"""The faulty link of the other tests is faulty in the way that it says."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.fakes.relay import Relay


@contextlib.contextmanager
def through_relay(**faults: float) -> Iterator[tuple[Relay, socket.socket, socket.socket]]:
    """A relay and the two ends of one connection through it."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Relay(server.getsockname()[1], **faults) as relay,
        socket.create_connection(("127.0.0.1", relay.port)) as near,
    ):
        server.settimeout(10.0)
        far, _ = server.accept()
        with far:
            for end in (near, far):
                end.settimeout(10.0)
            yield relay, near, far


def silent(end: socket.socket) -> bool:
    end.settimeout(0.2)
    try:
        end.recv(1)
    except TimeoutError:
        return True
    return False


def test_bytes_pass_both_ways_in_order() -> None:
    with through_relay(jitter_s=0.01) as (_, near, far):
        near.sendall(bytes(range(256)) * 100)
        received = b""
        while len(received) < 25600:
            received += far.recv(4096)
        assert received == bytes(range(256)) * 100
        far.sendall(b"back")
        assert near.recv(4) == b"back"


def test_a_delay_holds_each_byte_that_long() -> None:
    with through_relay(delay_s=0.2) as (_, near, far):
        begin_s = time.monotonic()
        near.sendall(b"x")
        assert far.recv(1) == b"x"
        assert time.monotonic() - begin_s >= 0.2


def test_a_stall_delivers_everything_when_it_ends() -> None:
    with through_relay() as (relay, near, far):
        relay.stall()
        near.sendall(b"held")
        assert silent(far)
        relay.resume()
        far.settimeout(10.0)
        assert far.recv(4) == b"held"


def test_a_cut_tells_nobody_and_breaks_old_connections_for_good() -> None:
    with through_relay() as (relay, near, far):
        relay.cut()
        near.sendall(b"lost")
        assert silent(far)
        relay.heal()
        assert silent(far)
        assert silent(near)
        assert relay.connections == 0


def test_a_connection_made_after_a_cut_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, Relay(server.getsockname()[1]) as relay:
        relay.cut()
        server.settimeout(0.2)
        with socket.create_connection(("127.0.0.1", relay.port)) as near:
            with pytest.raises(TimeoutError):
                server.accept()
            relay.heal()
            server.settimeout(10.0)
            far, _ = server.accept()
            with far:
                near.sendall(b"x")
                assert far.recv(1) == b"x"


def test_the_end_of_a_connection_reaches_the_other_side() -> None:
    with through_relay() as (_, near, far):
        near.close()
        assert far.recv(1) == b""
