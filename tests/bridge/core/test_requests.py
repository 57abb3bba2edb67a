"""The request header: cut out, carried beside, put back; and nothing malformed gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.gid import Gid
from bridge.core.requests import (
    attachment,
    check_message,
    client_user_data,
    join,
    pair_id,
    parse_attachment,
    server_user_data,
    split,
)
from bridge.errors import WireError

# Wire specification 3.3: guid bytes 01..08, seq 5, little endian, a=3 b=4.
DDS_REQUEST = bytes.fromhex("00010000 0102030405060708 0500000000000000 0300000000000000 0400000000000000")
QUERY_PAYLOAD = bytes.fromhex("00010000 0300000000000000 0400000000000000")
ATTACHMENT = bytes.fromhex("727168 0102030405060708 0500000000000000 01")
HEADER = bytes.fromhex("0102030405060708 0500000000000000")
headers = st.binary(min_size=16, max_size=16)
messages = st.binary(min_size=1, max_size=64).map(lambda body: b"\x00\x01\x00\x00" + body)


def test_the_example_of_the_wire_specification() -> None:
    assert split(DDS_REQUEST) == (QUERY_PAYLOAD, HEADER)
    assert attachment(HEADER) == ATTACHMENT
    assert parse_attachment(ATTACHMENT) == HEADER
    assert join(QUERY_PAYLOAD, HEADER) == DDS_REQUEST


@given(messages, headers)
def test_what_is_joined_splits_again(message: bytes, header: bytes) -> None:
    assert split(join(message, header)) == (message, header)
    assert parse_attachment(attachment(header)) == header


@given(st.binary(max_size=40))
def test_any_bytes_split_or_are_refused(data: bytes) -> None:
    try:
        message, header = split(data)
    except WireError:
        return
    assert join(message, header) == data


@pytest.mark.parametrize(
    "payload",
    [
        None,
        b"",
        b"\x00\x01\x00",
        b"\x00\x01\x00\x00",  # no message: not even one without fields is that short
        b"\x00\x00\x00\x00\x01",  # big endian
        b"\x00\x03\x00\x00\x01",  # a parameter list
        b"\x00\x02\x00\x00\x01",
        b"\xff\xff\x00\x00\x01",
    ],
)
def test_what_is_no_message_is_refused(payload: bytes | None) -> None:
    with pytest.raises(WireError):
        check_message(payload)


@pytest.mark.parametrize(
    "data", [None, b"", b"rqh", ATTACHMENT[:-1], ATTACHMENT + b"\0", b"x" + ATTACHMENT[1:]]
)
def test_an_attachment_of_another_form_counts_as_none(data: bytes | None) -> None:
    assert parse_attachment(data) is None


def test_a_header_of_another_length_is_no_header() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        attachment(HEADER[1:])


PARTICIPANT = Gid.from_hex("0110aabbccddeeff00112233000001c1")


def test_user_data_is_that_of_the_wire_specification() -> None:
    assert client_user_data(PARTICIPANT, 0) == b"clientid= 1.10.aa.bb.cc.dd.ee.ff.0.11.22.33.0.0.0.0;"
    assert server_user_data(PARTICIPANT, 0x1FF) == b"serviceid= 1.10.aa.bb.cc.dd.ee.ff.0.11.22.33.0.0.1.ff;"


@pytest.mark.parametrize(
    ("user_data", "found"),
    [
        (client_user_data(PARTICIPANT, 0), b"1.10.aa.bb.cc.dd.ee.ff.0.11.22.33.0.0.0.0"),
        (
            b"typehash=RIHS01_ab;" + server_user_data(PARTICIPANT, 5),
            b"1.10.aa.bb.cc.dd.ee.ff.0.11.22.33.0.0.0.5",
        ),
        (b"serviceid= 1. 2.3.4.5.6.7.8.9.a.b.c.d.e.f.10;", b"1.2.3.4.5.6.7.8.9.a.b.c.d.e.f.10"),
        (b"", b""),
        (b"clientid=;", b""),
        (b"clientid= 1.2.3;", b""),
        (b"\xff" * 100, b""),
    ],
)
def test_the_id_of_a_pair_is_found_whoever_wrote_it(user_data: bytes, found: bytes) -> None:
    assert pair_id(user_data) == found
