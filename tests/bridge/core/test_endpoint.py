"""Zenoh endpoints: grammar, and who could be at the other end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.endpoint import PROTOCOLS, Endpoint, parse_endpoint
from bridge.errors import InvalidName


@pytest.mark.parametrize(
    ("text", "protocol", "host", "port"),
    [
        ("tcp/127.0.0.1:7447", "tcp", "127.0.0.1", 7447),
        ("tls/router.example:7447", "tls", "router.example", 7447),
        ("tcp/[::1]:7447", "tcp", "::1", 7447),
        ("quic/[fe80::1%eth0]:7447", "quic", "fe80::1%eth0", 7447),
        ("tcp/0.0.0.0:0", "tcp", "0.0.0.0", 0),
        ("quic/host:1?rel=0", "quic", "host", 1),
        ("tls/host:1?prio=1#root_ca_certificate_file=/a/b.pem;enable_mtls=true", "tls", "host", 1),
        ("unixsock-stream//run/zenlink/z.sock", "unixsock-stream", "/run/zenlink/z.sock", None),
    ],
)
def test_the_parts_of_an_endpoint(text, protocol, host, port):
    assert parse_endpoint(text) == Endpoint(text=text, protocol=protocol, host=host, port=port)
    assert str(parse_endpoint(text)) == text.partition("?")[0].partition("#")[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no endpoint"),
        ("router.example:7447", "is no endpoint"),
        ("tcp/host name:7447", "is no endpoint"),
        ("tcp/host:7447\n", "is no endpoint"),
        ("/127.0.0.1:7447", "protocol '' is none of"),
        ("TCP/127.0.0.1:7447", "protocol 'TCP' is none of"),
        ("wss/host:443", "cannot open wss"),
        ("tcp/127.0.0.1", "the port is missing"),
        ("tcp/127.0.0.1:", "the port is missing"),
        ("tcp/127.0.0.1:+1", "the port is missing"),
        ("tcp/127.0.0.1:\N{SUPERSCRIPT TWO}", "the port is missing"),
        ("tcp/127.0.0.1:65536", "above 65535"),
        ("tcp/::1:7447", "stands in brackets"),
        ("tcp/[::x]:7447", "is no IPv6 address"),
        ("tcp/:7447", "is no host name"),
        ("tcp/*:7447", "is no host name"),
        ("unixsock-stream/", "path of the socket is missing"),
    ],
)
def test_a_broken_endpoint_says_what_is_broken(text, problem):
    with pytest.raises(InvalidName, match=problem):
        parse_endpoint(text)


@pytest.mark.parametrize(
    "text", ["host:1#password=s3cret", "tls/host#x_base64=s3cret", "wss/h:1#s3cret", "a#s3cret/b"]
)
def test_a_broken_endpoint_is_quoted_without_what_can_hold_a_secret(text):
    with pytest.raises(InvalidName) as caught:
        parse_endpoint(text)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("tcp/localhost:1", True),
        ("tcp/127.9.9.9:1", True),
        ("tcp/[::1]:1", True),
        ("unixsock-stream//tmp/z", True),
        ("tcp/0.0.0.0:1", False),
        ("tcp/[::]:1", False),
        ("tcp/192.168.1.5:1", False),
        ("tcp/localhost.example:1", False),
        ("tcp/127.0.0.1.example:1", False),
        ("udp/224.0.0.1:1", False),
    ],
)
def test_only_what_cannot_leave_the_host_is_local(text, local):
    assert parse_endpoint(text).local is local


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("tcp/localhost:1", True),
        ("unixsock-stream//tmp/z", True),
        ("tls/10.1.2.3:1", True),
        ("tls/192.168.1.5:1", True),
        ("tls/[fe80::1]:1", True),
        ("tls/93.184.216.34:1", False),
        ("tls/router.example:1", False),
    ],
)
def test_private_addresses_are_near(text, near):
    assert parse_endpoint(text).near is near


def test_what_is_shown_of_an_endpoint_holds_no_secret():
    assert parse_endpoint("tls/a:1?prio=1#password=s3cret").subject == "tls/a:1"


@pytest.mark.parametrize("protocol", [p for p in PROTOCOLS if p != "unixsock-stream"])
def test_tls_and_quic_alone_are_encrypted(protocol):
    assert parse_endpoint(f"{protocol}/h:1").encrypted is (protocol in {"tls", "quic"})


@given(st.text(max_size=40) | st.builds("tcp/{}".format, st.text(max_size=30)))
def test_any_text_is_an_endpoint_or_invalid(text):
    try:
        told = str(parse_endpoint(text))
    except InvalidName as error:
        told = str(error)
    assert "\n" not in told
