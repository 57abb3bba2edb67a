"""Answers of the real kernel, and attributes as it writes them."""

from __future__ import annotations

import socket
import struct

import pytest

from netopt.kernel.netlink import ROUTE, Netlink, attribute, attributes, text

GET_LINK, IFNAME = 18, 3
LINK_REQUEST = struct.Struct("=BxHiII")


def links(index: int = 0) -> bytes:
    return LINK_REQUEST.pack(0, 0, index, 0, 0)


def test_one_thing_and_every_thing_are_answered_by_the_kernel():
    with Netlink(ROUTE) as route:
        found = [attributes(one, LINK_REQUEST.size) for one in route.every(GET_LINK, links())]
        loopback = route.one(GET_LINK, links(socket.if_nametoindex("lo")))
    assert {text(one[IFNAME]) for one in found} == {name for _, name in socket.if_nameindex()}
    assert loopback is not None
    assert text(attributes(loopback, LINK_REQUEST.size)[IFNAME]) == "lo"


def test_what_the_kernel_refuses_is_an_error_with_its_number():
    with Netlink(ROUTE) as route, pytest.raises(OSError, match="No such device"):
        route.one(GET_LINK, links(2**31 - 1))


def test_attributes_are_found_behind_a_fixed_part_and_without_their_flags():
    body = b"head" + attribute(1, b"abc") + attribute(2 | 0x8000, b"12345678")
    assert attributes(body, 4) == {1: b"abc", 2: b"12345678"}


@pytest.mark.parametrize("broken", [b"", b"\1", b"\0\0\1\0", b"\3\0\1\0rest"])
def test_what_is_no_attribute_ends_the_reading(broken):
    assert attributes(broken, 0) == {}
