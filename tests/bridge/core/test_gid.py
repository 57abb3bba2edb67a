"""GIDs: their parts, their text form, and that no other length gets in."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.gid import VENDOR_CYCLONE, VENDOR_FASTDDS, Gid
from bridge.errors import WireError
from tests.strategies import damaged_text, gids

CYCLONE_WRITER = Gid.from_hex("0110aabbccddeeff0011223300001003")


def test_parts_are_where_rtps_puts_them() -> None:
    assert CYCLONE_WRITER.prefix.hex() == "0110aabbccddeeff00112233"
    assert CYCLONE_WRITER.vendor == VENDOR_CYCLONE
    assert Gid.from_hex("010f4e21000000000000000a00001203").vendor == VENDOR_FASTDDS


@pytest.mark.parametrize(
    ("kind", "keyed"), [("02", True), ("07", True), ("03", False), ("04", False), ("c1", False)]
)
def test_entity_kind_tells_whether_the_topic_has_a_key(kind: str, keyed: bool) -> None:
    assert Gid.from_hex("0110aabbccddeeff00112233000010" + kind).keyed is keyed


@pytest.mark.parametrize("length", [0, 12, 15, 17, 24])
def test_only_sixteen_bytes_make_a_gid(length: int) -> None:
    with pytest.raises(WireError, match=f"16 bytes, found {length} bytes"):
        Gid(bytes(length))


@pytest.mark.parametrize(
    "text", ["", "01", "0110aabbccddeeff001122330000100", "0110aabbccddeeff00112233000010033"]
)
def test_only_32_digits_make_a_gid(text: str) -> None:
    with pytest.raises(WireError, match="32 hexadecimal digits"):
        Gid.from_hex(text)


def test_white_space_between_digits_is_refused() -> None:
    with pytest.raises(WireError, match="32 hexadecimal digits"):
        Gid.from_hex("01 10 aa bb cc dd ee ff 00 11 22")


@given(gids)
def test_text_form_reads_back_equal(gid: Gid) -> None:
    assert Gid.from_hex(str(gid)) == gid == Gid.from_hex(gid.hex.upper())
    assert len({gid, Gid(gid.value)}) == 1


@given(damaged_text(gids.map(str)) | st.text(max_size=40))
def test_any_text_gives_a_gid_or_a_wire_error(text: str) -> None:
    with contextlib.suppress(WireError):
        assert str(Gid.from_hex(text)) == text.lower()
