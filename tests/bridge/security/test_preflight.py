"""Each reason for which a link does not come up is told apart, against real listeners of Zenoh and others."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zenoh

from bridge.core.endpoint import parse_endpoint
from bridge.security.preflight import Cause, TlsFiles, Verdict, addresses, look, tls_files
from tests.integration.support.certificates import CLIENT, SERVER, Certificates


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("other"), "other")


@contextlib.contextmanager
def listener(made: Certificates, *, protocol: str = "tls", **options) -> Iterator[str]:
    """A router of Zenoh with mutual TLS; gives its endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    certificate, key = made.issue("listener", file=f"listener-{port}", **options)
    tls = {
        "root_ca_certificate": str(made.ca),
        "listen_certificate": str(certificate),
        "listen_private_key": str(key),
        "enable_mtls": True,
    }
    configuration = {
        "mode": "router",
        "listen": {"endpoints": [f"{protocol}/127.0.0.1:{port}"]},
        "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {"link": {"tls": tls}},
    }
    session = zenoh.open(zenoh.Config.from_json5(json.dumps(configuration)))
    try:
        yield f"{protocol}/127.0.0.1:{port}"
    finally:
        session.close()


def shown(made: Certificates, pair: tuple[Path, Path] | None) -> TlsFiles:
    certificate, key = pair or (None, None)
    return TlsFiles(
        ca=str(made.ca), certificate=certificate and str(certificate), private_key=key and str(key)
    )


def verdict(endpoint: str, files: TlsFiles) -> Verdict:
    found = look(parse_endpoint(endpoint), files, connect_s=1.0)
    assert found.text
    assert found.remedy
    assert "\n" not in found.text + found.remedy
    return found


def test_what_the_listener_says_about_us(made, other):
    with listener(made) as endpoint:
        good = shown(made, made.issue("good"))
        assert verdict(endpoint, good).cause is Cause.NO_ZENOH, "TLS itself works"
        assert verdict(endpoint, shown(made, None)).cause is Cause.CERTIFICATE_MISSING
        refused = {
            "did not sign": other.issue("rogue"),
            "expired": made.issue("expired", days=-1),
            "clientAuth": made.issue("usage", usages=[SERVER]),
        }
        for words, pair in refused.items():
            found = verdict(endpoint, shown(made, pair))
            assert found.cause is Cause.CERTIFICATE_REFUSED
            assert words in found.text
        assert verdict(endpoint, shown(other, made.issue("good"))).cause is Cause.WRONG_CA


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"sans": ["other.example"]}, Cause.NAME_MISMATCH),
        ({"sans": ["10.0.0.1"]}, Cause.NAME_MISMATCH),
        ({"days": -1}, Cause.EXPIRED),
        ({"usages": [CLIENT]}, Cause.WRONG_USAGE),
    ],
)
def test_what_is_wrong_with_the_certificate_of_the_listener(made, options, cause):
    good = shown(made, made.issue("good"))
    with listener(made, **options) as endpoint:
        assert verdict(endpoint, good).cause is cause


def test_a_name_is_not_checked_where_zenoh_does_not(made):
    files = tls_files(parse_endpoint("tls/h:1#verify_name_on_connect=false"), {})
    assert not files.verify_name
    with listener(made, sans=["other.example"]) as endpoint:
        certificate, key = made.issue("good")
        options = {
            "root_ca_certificate": str(made.ca),
            "connect_certificate": str(certificate),
            "connect_private_key": str(key),
            "enable_mtls": True,
            "verify_name_on_connect": False,
        }
        assert verdict(endpoint, tls_files(parse_endpoint(endpoint), options)).cause is Cause.NO_ZENOH


def test_the_options_of_an_endpoint_come_first():
    endpoint = parse_endpoint(
        "tls/h:1#root_ca_certificate_file=/b;enable_mtls=true;connect_certificate_file=/c"
    )
    files = tls_files(endpoint, {"root_ca_certificate": "/a", "connect_private_key": "/k"})
    assert files == TlsFiles(ca="/b", certificate="/c", private_key="/k")
    assert tls_files(parse_endpoint("tls/h:1"), {"root_ca_certificate_base64": "x"}).inline


def test_a_zenoh_without_tls(made):
    with listener(made, protocol="tcp") as endpoint:
        found = verdict(endpoint.replace("tcp/", "tls/"), shown(made, None))
        assert found.cause is Cause.SILENT
        assert "tcp/" in found.remedy
        assert verdict(endpoint, TlsFiles()).cause is Cause.NO_ZENOH


def test_a_listener_that_stands_still_is_not_called_one_without_tls(made):
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as server:  # the kernel accepts for it, as for a stopped process
        found = verdict(f"tls/127.0.0.1:{server.getsockname()[1]}", shown(made, None))
    assert found.cause is Cause.SILENT
    assert "stopped or overloaded" in found.remedy


def test_something_else_than_zenoh_behind_the_port(made):
    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        found = verdict(f"tls/127.0.0.1:{server.getsockname()[1]}", shown(made, None))
        thread.join()
    assert found.cause is Cause.NOT_TLS


def test_nobody_listens(made, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for endpoint in (f"tls/127.0.0.1:{port}", f"tcp/127.0.0.1:{port}", f"unixsock-stream/{tmp_path}/s"):
        assert verdict(endpoint, shown(made, None)).cause is Cause.PORT_CLOSED


def test_a_host_without_address(made):
    assert verdict("tls/no-such-host.invalid:1", shown(made, None)).cause is Cause.UNKNOWN_HOST
    assert addresses(parse_endpoint("tls/no-such-host.invalid:1")) == frozenset()


def test_our_own_files(made, tmp_path):
    with listener(made) as endpoint:
        assert verdict(endpoint, TlsFiles(ca=str(tmp_path / "none.pem"))).cause is Cause.OWN_FILES
        _, key = made.issue("a")
        certificate, _ = made.issue("b")
        assert verdict(endpoint, shown(made, (certificate, key))).cause is Cause.OWN_FILES


@pytest.mark.parametrize("protocol", ["udp", "quic"])
def test_datagrams_are_not_looked_into(protocol):
    assert verdict(f"{protocol}/127.0.0.1:1", TlsFiles()).cause is Cause.NOT_LOOKED_INTO


def test_nothing_behind_the_address_is_told():
    endpoint = parse_endpoint("tcp/127.0.0.1:1#password=s3cret")
    assert "s3cret" not in str(look(endpoint, TlsFiles()))


def test_addresses_are_those_that_links_show():
    assert addresses(parse_endpoint("tcp/127.0.0.1:1")) == {"127.0.0.1"}
    assert addresses(parse_endpoint("tcp/[0::1]:1")) == {"::1"}
    assert "127.0.0.1" in addresses(parse_endpoint("tcp/localhost:1"))
    assert addresses(parse_endpoint("unixsock-stream//run/s")) == {"/run/s"}
