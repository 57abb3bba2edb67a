"""Opening a session: alone, linked, waiting for a router, or one line with the remedy why not."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from bridge.errors import CannotRun, ConfigError
from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import ZenohSession
from tests.contracts.pairs import zenoh_session
from tests.fakes.relay import Relay
from tests.integration.support.waiting import eventually


def opened(**settings: object) -> ZenohSession:
    network = ZenohNetwork(**({"shared_memory": False} | settings))
    return ZenohSession.open(network, stop=threading.Event())


def refused(error: type[Exception] = CannotRun, **settings: object) -> str:
    """The one line a person gets."""
    with pytest.raises(error) as caught:
        opened(**settings).close()
    text = str(caught.value)
    assert "\n" not in text
    assert ".rs:" not in text, "no places in somebody's source code"
    assert caught.value.remedy in text
    return text


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


def test_a_client_that_waits_can_be_stopped() -> None:
    stop = threading.Event()
    stop.set()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    network = ZenohNetwork(mode="client", connect=(f"tcp/127.0.0.1:{port}",), shared_memory=False)
    with pytest.raises(CannotRun, match="start the router"):
        ZenohSession.open(network, stop=stop)


def test_a_taken_port_is_named_with_how_to_find_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"tcp/127.0.0.1:{server.getsockname()[1]}"
        text = refused(listen=(endpoint,))
    assert endpoint in text
    assert "ss -ltnp" in text


def test_an_address_of_another_host_is_named_with_where_to_look() -> None:
    text = refused(listen=("tcp/192.0.2.1:7447",))
    assert "tcp/192.0.2.1:7447" in text
    assert "ip address" in text


def test_a_missing_certificate_is_no_silent_start(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    text = refused(
        listen=("tls/127.0.0.1:0",), certificate=missing, private_key=missing, ca=missing, connect=()
    )
    assert "zenoh.tls" in text


def test_an_unknown_option_is_a_fault_of_the_configuration_and_shows_no_secret() -> None:
    extra = (("transport/auth/usrpwd/password", "s3cret"), ("no_such_option", 1))
    text = refused(ConfigError, extra=extra)
    assert "zenoh.extra" in text
    assert "s3cret" not in text


def test_a_secret_in_the_wrong_place_is_not_quoted() -> None:
    assert "s3cret" not in refused(ConfigError, extra=(("transport/auth/usrpwd", 's3cret" again s3cret'),))
    assert "s3cret" not in refused(listen=("tls/127.0.0.1:0#listen_private_key_base64=s3cret",))


def test_an_option_of_the_wrong_kind_is_a_fault_of_the_configuration() -> None:
    assert "zenoh.extra" in refused(ConfigError, extra=(("timestamping/enabled", "perhaps"),))


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
