from __future__ import annotations

import pytest

from netopt.core.kernelview import KernelFigures, TcpFigures, ends_of, figures_text, plain_address


def test_the_ends_of_a_link_are_those_of_its_socket():
    ends = ends_of("tls/10.0.0.7:40612", "tls/10.0.0.5:7447")
    assert (ends.stream, ends.local, ends.local_port) == (True, "10.0.0.7", 40612)
    assert (ends.remote, ends.remote_port) == ("10.0.0.5", 7447)


def test_ipv4_is_never_written_as_ipv6():
    ends = ends_of("tcp/[::ffff:127.0.0.1]:7447", "tcp/127.0.0.1:40612")
    assert (ends.local, ends.remote) == ("127.0.0.1", "127.0.0.1")
    assert plain_address("0:0:0::1") == "::1"
    assert plain_address("fe80::1%eth0") == "fe80::1"


def test_options_behind_the_address_are_left_out():
    assert ends_of("udp/10.0.0.7:1?rel=0", "udp/10.0.0.5:2#iface=eth0").remote_port == 2


@pytest.mark.parametrize("protocol", ["udp", "quic"])
def test_datagram_links_have_another_kind_of_socket(protocol):
    assert not ends_of(f"{protocol}/10.0.0.7:1", f"{protocol}/10.0.0.5:2").stream


@pytest.mark.parametrize(
    ("src", "dst"),
    [
        ("unixsock-stream//run/z.sock", "unixsock-stream//run/z.sock"),
        ("tcp/robot:1", "tcp/robot:2"),
        ("", ""),
        ("tcp/10.0.0.7", "tcp/10.0.0.5:2"),
        ("serial/10.0.0.7:1", "serial/10.0.0.5:2"),
    ],
)
def test_other_kinds_have_no_figures(src, dst):
    assert ends_of(src, dst) is None


def test_both_ends_read_as_places():
    assert str(ends_of("tcp/10.0.0.7:1", "tcp/[fe80::1]:2")) == "10.0.0.7:1 to [fe80::1]:2"


def test_a_line_holds_every_figure_of_a_tcp_socket():
    tcp = TcpFigures(
        rtt_ms=40.1,
        rtt_variance_ms=0.5,
        min_rtt_ms=39.9,
        retransmits=3,
        congestion_window=10,
        unacked_bytes=1448,
        unsent_bytes=700,
        delivery_bit_s=8_000_000,
        congestion_control="cubic",
        bytes_sent=1,
        bytes_received=2,
        segments_sent=3,
        segments_received=4,
    )
    line = figures_text(KernelFigures(interface="eth0", rx_dropped=5, tx_dropped=6, tcp=tcp))
    for part in (
        "round trip 40.100 ms, least 39.900 ms, variance 0.500 ms",
        "3 segments sent again",
        "window 10 segments (cubic)",
        "1448 B unacknowledged, 700 B unsent",
        "delivery rate 8 Mbit/s",
        "eth0 dropped 5 in, 6 out",
    ):
        assert part in line


def test_a_socket_without_figures_is_told_so():
    assert figures_text(KernelFigures(interface="", rx_dropped=0, tx_dropped=0)) == "it has ended"
    udp = KernelFigures(interface="", rx_dropped=0, tx_dropped=0, udp_dropped=7)
    assert figures_text(udp) == "7 datagrams found no room in the socket"
