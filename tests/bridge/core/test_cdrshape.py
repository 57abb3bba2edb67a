"""A payload is measured by its type before anybody makes room for what it claims to hold."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.cdrshape import Array, List, PayloadCheck, Primitive, Shape, Struct, Text
from bridge.errors import WireError

U8, U32, F64 = Primitive(1), Primitive(4), Primitive(8)
LE = b"\x00\x01\x00\x00"
BE = b"\x00\x00\x00\x00"

SHAPES: st.SearchStrategy[Shape] = st.recursive(
    st.sampled_from([U8, Primitive(2), U32, F64, Text(), Text(4), Struct(())]),
    lambda inner: st.one_of(
        st.builds(Array, inner, st.integers(1, 5)),
        st.builds(List, inner),
        st.builds(lambda members: Struct(tuple(members)), st.lists(inner, min_size=1, max_size=4)),
    ),
    max_leaves=8,
)


class Oracle:
    """Writes some message of a shape, one element after the other, the slow and obvious way."""

    def __init__(self, counts: list[int]) -> None:
        self.counts = counts
        self.body = bytearray()

    def align(self, boundary: int) -> None:
        while len(self.body) % boundary:
            self.body.append(0)

    def count(self) -> int:
        count = self.counts.pop() if self.counts else 0
        self.align(4)
        self.body += count.to_bytes(4, "little")
        return count

    def write(self, shape: Shape) -> None:
        match shape:
            case Primitive(size_bytes=size):
                self.align(size)
                self.body += bytes(size)
            case Text(unit_bytes=unit):
                self.body += bytes(unit * self.count())
            case Array(element=element, count=count):
                for _ in range(count):
                    self.write(element)
            case List(element=element):
                for _ in range(self.count()):
                    self.write(element)
            case Struct(members=()):
                self.body += b"\x00"
            case Struct(members=members):
                for member in members:
                    self.write(member)


def message(shape: Shape, counts: list[int]) -> bytes:
    oracle = Oracle(list(counts))
    oracle.write(shape)
    return LE + bytes(oracle.body)


def accepts(shape: Shape, payload: bytes) -> bool:
    try:
        PayloadCheck(shape).check(payload)
    except WireError:
        return False
    return True


@given(SHAPES, st.lists(st.integers(0, 9)))
def test_every_message_of_the_type_is_accepted_and_measured(shape: Shape, counts: list[int]) -> None:
    payload = message(shape, counts)
    assert accepts(shape, payload)
    assert PayloadCheck(shape).trimmed(payload + b"\xff" * 11) == payload + bytes(-len(payload) % 4)


@given(SHAPES, st.lists(st.integers(0, 9)), st.integers(1, 40))
def test_a_truncated_message_is_refused(shape: Shape, counts: list[int], cut: int) -> None:
    payload = message(Struct((shape, U8)), counts)
    assert not accepts(Struct((shape, U8)), payload[: max(0, len(payload) - cut)])


@given(SHAPES, st.binary(max_size=64))
def test_no_bytes_raise_anything_but_a_wire_error(shape: Shape, payload: bytes) -> None:
    accepts(shape, payload)
    accepts(shape, LE + payload)


@pytest.mark.parametrize("extra", [0, 1, 2, 3])
def test_padding_up_to_four_bytes_is_accepted(extra: int) -> None:
    assert accepts(U8, LE + b"\x01" + bytes(extra))


def test_more_than_padding_is_refused() -> None:
    with pytest.raises(WireError, match="at offset 5 expected the end of the message, found 4 more bytes"):
        PayloadCheck(U8).check(LE + b"\x01" + bytes(4))


def test_a_message_without_members_may_lack_its_byte() -> None:
    assert accepts(Struct(()), LE)
    assert accepts(Struct(()), LE + b"\x00")


def test_big_endian_counts_are_understood() -> None:
    assert accepts(Text(), BE + b"\x00\x00\x00\x02a\x00")
    assert not accepts(Text(), BE + b"\x02\x00\x00\x00a\x00")


@pytest.mark.parametrize("header", [b"", b"\x00\x01\x00", b"\x00\x07\x00\x00", b"\x01\x01\x00\x00"])
def test_other_encodings_are_refused(header: bytes) -> None:
    with pytest.raises(WireError, match="plain CDR header"):
        PayloadCheck(Struct(())).check(header)


@pytest.mark.parametrize("element", [U8, F64, Struct((U8, F64)), Struct((Text(), F64)), Struct(())])
def test_four_thousand_million_elements_are_refused_at_once(element: Shape) -> None:
    began = time.monotonic()
    assert not accepts(List(element), LE + b"\xff\xff\xff\xff" + bytes(64))
    assert time.monotonic() - began < 10, "as many steps as elements were claimed"


def test_many_fixed_elements_take_no_time() -> None:
    count = 2_000_000
    element = Struct((U8, F64, U32))  # behind the count they begin at 4, 20, 36 …
    payload = LE + count.to_bytes(4, "little") + bytes(16 * count)
    assert accepts(List(element), payload)
    assert not accepts(List(element), payload[:-4])
