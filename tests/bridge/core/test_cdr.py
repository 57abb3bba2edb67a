"""CDR: which payloads may pass, and the small reader and writer of our own messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.cdr import CdrReader, CdrWriter, check_payload
from bridge.errors import WireError

LITTLE = ["0001", "0003", "0007", "0009", "000b"]
BIG = ["0000", "0002", "0006", "0008", "000a"]


@pytest.mark.parametrize("identifier", LITTLE)
@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data))])
def test_little_endian_payload_passes_in_any_buffer(identifier: str, buffer) -> None:
    check_payload(buffer(bytes.fromhex(identifier + "0000")))
    check_payload(buffer(bytes.fromhex(identifier + "0003 06000000 48656c6c6f00")))


@pytest.mark.parametrize("identifier", BIG)
@pytest.mark.parametrize("buffer", [bytes, bytearray])
def test_big_endian_payload_is_refused_as_such(identifier: str, buffer) -> None:
    with pytest.raises(WireError, match=f"expected a little endian payload, found {identifier}"):
        check_payload(buffer(bytes.fromhex(identifier + "0000 01")))


@pytest.mark.parametrize("identifier", ["0004", "0005", "000c", "0100", "0101", "ffff"])
def test_unknown_identifier_is_refused(identifier: str) -> None:
    with pytest.raises(WireError, match=f"a known representation identifier, found {identifier}"):
        check_payload(bytes.fromhex(identifier + "0000"))


@pytest.mark.parametrize("payload", [b"", b"\x00", b"\x00\x01", b"\x00\x01\x00", bytearray(b"\x00\x01\x00")])
def test_payload_shorter_than_its_header_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError, match=f"a 4-byte header, found {len(payload)} bytes"):
        check_payload(payload)


@given(st.binary(max_size=6))
def test_any_bytes_pass_or_give_a_wire_error(payload: bytes) -> None:
    sound = len(payload) >= 4 and payload[:2].hex() in LITTLE
    try:
        check_payload(payload)
    except WireError:
        assert not sound
    else:
        assert sound


@pytest.mark.parametrize("header", ["", "0001", "00010", "00030000", "00070000", "01000000"])
def test_reader_takes_plain_cdr_only(header: str) -> None:
    with pytest.raises(WireError, match="a plain CDR header"):
        CdrReader(bytes.fromhex(header.ljust(len(header) + len(header) % 2, "0")))


def test_alignment_counts_from_behind_the_header() -> None:
    reader = CdrReader(bytes.fromhex("00010000 aa 000000 02000000"))
    assert reader.octets(1) == b"\xaa"
    assert reader.u32() == 2
    assert (reader.offset, reader.remaining) == (12, 0)


def test_header_decides_the_byte_order() -> None:
    assert CdrReader(bytes.fromhex("00010000 01020304")).u32() == 0x04030201
    assert CdrReader(bytes.fromhex("00000000 01020304")).u32() == 0x01020304


def test_padding_may_hold_anything() -> None:
    reader = CdrReader(bytes.fromhex("00010000 0161ff5e 07000000"))
    reader.octets(1)
    reader.align(4)
    assert reader.u32() == 7


@pytest.mark.parametrize(
    ("body", "offset", "expected"),
    [
        ("", 4, "4 more bytes"),
        ("0500", 4, "4 more bytes"),
        ("05000000 61", 8, "5 more bytes"),
        ("ffffffff 61", 8, "4294967295 more bytes"),
        ("02000000 6161", 9, "NUL at the end"),
        ("03000000 61ff00", 9, "UTF-8"),
    ],
)
def test_fault_in_a_string_names_its_offset(body: str, offset: int, expected: str) -> None:
    with pytest.raises(WireError, match=expected) as caught:
        CdrReader(bytes.fromhex("00010000" + body)).string()
    assert caught.value.offset == offset


def test_string_without_even_its_nul_reads_as_empty() -> None:
    assert CdrReader(bytes.fromhex("00010000 00000000")).string() == ""


@pytest.mark.parametrize("count", [-1, 5])
def test_reader_never_leaves_its_bytes(count: int) -> None:
    with pytest.raises(WireError, match="more bytes"):
        CdrReader(bytes(8)).octets(count)


def test_writer_pads_with_zeros_and_ends_without_padding() -> None:
    out = CdrWriter()
    out.string("ab")
    out.u32(1)
    out.octets(b"\xff")
    out.align(4)
    out.octets(b"\xfe")
    assert out.payload == bytes.fromhex("00010000 03000000 61620000 01000000 ff000000 fe")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
fields = st.lists(st.integers(0, 2**32 - 1) | st.binary(max_size=9) | texts)


@given(fields)
def test_all_that_was_written_reads_back_equal(values: list[int | bytes | str]) -> None:
    out = CdrWriter()
    for value in values:
        {int: out.u32, bytes: out.octets, str: out.string}[type(value)](value)
    reader = CdrReader(out.payload)
    for value in values:
        if isinstance(value, int):
            assert reader.u32() == value
        elif isinstance(value, bytes):
            assert reader.octets(len(value)) == value
        else:
            assert reader.string() == value
    assert reader.remaining == 0
