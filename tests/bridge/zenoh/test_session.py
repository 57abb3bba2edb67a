"""A session: alone, linked or waiting for a router, and what it tells of its links."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import ZenohSession
from tests.contracts.pairs import zenoh_session
from tests.fakes.relay import Relay
from tests.integration.support.waiting import eventually


def opened(**settings: object) -> ZenohSession:
    network = ZenohNetwork(**({"shared_memory": False} | settings))
    return ZenohSession.open(network, stop=threading.Event())


@pytest.mark.parametrize("mode", ["router", "peer"])
def test_an_edge_agent_starts_before_its_router(mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    session = opened(mode=mode, connect=(f"tcp/127.0.0.1:{port}",))
    assert session.links() == ()
    router = opened(listen=(f"tcp/127.0.0.1:{port}",))
    eventually(session.links)
    session.close()
    router.close()


def test_a_client_waits_for_its_router() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    found: list[ZenohSession] = []
    endpoint = f"tcp/127.0.0.1:{port}"
    thread = threading.Thread(target=lambda: found.append(opened(mode="client", connect=(endpoint,))))
    thread.start()
    router = opened(listen=(endpoint,))
    thread.join(60)
    assert [link.zid for link in found[0].links()] == [router.zid]
    found[0].close()
    router.close()


def test_a_configured_id_is_ours() -> None:
    session = opened(zid="abc123")
    assert session.zid == "abc123"
    session.close()


def test_a_session_without_listener_listens_nowhere() -> None:
    session = opened(mode="peer", listen=())
    assert session.listening() == ()
    session.close()


def test_several_listeners_are_told_with_their_real_ports(ours: ZenohSession) -> None:
    session = opened(listen=("tcp/127.0.0.1:0", "tcp/127.0.0.1:0"))
    ports = [endpoint.rsplit(":", 1)[1] for endpoint in session.listening()]
    assert len(set(ports)) == 2
    assert "0" not in ports
    session.close()


def test_links_end_with_the_other_side(ours: ZenohSession) -> None:
    other = zenoh_session(connect=ours.listening())
    eventually(lambda: len(ours.links()) == 1)
    other.close()
    other.close()
    eventually(lambda: ours.links() == ())


def test_a_session_may_be_closed_before_it_was_started_and_after() -> None:
    session = opened()
    session.start(lambda event: None)
    session.close()
    session.close()
    opened().close()


def test_links_are_told_as_they_come_and_go(ours: ZenohSession) -> None:
    """Those that are there already, too."""
    first = zenoh_session(connect=ours.listening())
    eventually(ours.links)
    told: list[bool] = []
    ours.on_link(told.append)
    eventually(lambda: told == [True])
    first.close()
    eventually(lambda: told == [True, False])


def test_silence_ends_a_link_within_two_seconds() -> None:
    """Nobody says goodbye: the relay only stops passing anything on, in both directions."""
    lapses: list[float] = []
    for _repeat in range(3):
        left = opened(listen=("tcp/127.0.0.1:0",))
        with Relay(int(left.listening()[0].rpartition(":")[2])) as relay:
            right = opened(connect=(relay.endpoint,))
            eventually(lambda left=left, right=right: left.links() and right.links())
            relay.cut()
            cut_s = time.monotonic()
            eventually(lambda left=left, right=right: not left.links() and not right.links())
            lapses.append(time.monotonic() - cut_s)
            relay.heal()
            eventually(lambda left=left, right=right: left.links() and right.links())
            right.close()
        left.close()
    assert max(lapses) < 2.0, lapses
