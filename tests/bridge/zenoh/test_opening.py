"""Sessions that cannot be opened: what a person is told, and to do."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
import zenoh

from bridge.errors import CannotRun, ConfigError
from bridge.zenoh.opening import open_session
from bridge.zenoh.options import ZenohNetwork


def opened(**settings: object) -> zenoh.Session:
    network = ZenohNetwork(**({"shared_memory": False} | settings))
    return open_session(network, stop=threading.Event())


def refused(error: type[Exception] = CannotRun, **settings: object) -> str:
    """The one line a person gets."""
    with pytest.raises(error) as caught:
        opened(**settings).close()
    text = str(caught.value)
    assert "\n" not in text
    assert ".rs:" not in text, "no places in somebody's source code"
    assert caught.value.remedy in text
    return text


def test_a_client_that_waits_can_be_stopped() -> None:
    stop = threading.Event()
    stop.set()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    network = ZenohNetwork(mode="client", connect=(f"tcp/127.0.0.1:{port}",), shared_memory=False)
    with pytest.raises(CannotRun, match="start the router"):
        open_session(network, stop=stop)


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
