"""Records of what was sent: each byte where it belongs, and anything else refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.counts import (
    MAX_ENTRIES,
    CountRecord,
    SourceCount,
    count_key,
    decode_counts,
    records,
)
from bridge.core.gid import Gid
from bridge.errors import WireError
from tests.strategies import gids, route_keys, zids

u64 = st.integers(0, 2**64 - 1)
source_counts = st.builds(SourceCount, writer=gids, epoch=u64, count=u64, last_ns=u64)
count_records = st.builds(
    CountRecord, blocking=st.booleans(), sources=st.lists(source_counts, max_size=5).map(tuple)
)

GOLDEN = (
    b"ZLC1"  # magic
    b"\x01"  # samples wait for a full link
    b"\0\0\0"
    b"\x01\x10\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\0\0\x12\x03"  # GUID of the writer
    b"\0\0\0\0\0\0\x01\x02"  # epoch 258
    b"\0\0\0\0\0\0\0\x05"  # 5 samples
    b"\x17\x97\x9c\xfe\x36\x2a\0\x07"  # the last one at 1.7e18 + 7 ns
)


def test_a_record_has_each_field_in_its_place():
    source = SourceCount(
        writer=Gid.from_hex("01100102030405060708090a00001203"),
        epoch=258,
        count=5,
        last_ns=1_700_000_000_000_000_007,
    )
    record = CountRecord(blocking=True, sources=(source,))
    assert record.encode() == GOLDEN
    assert decode_counts(GOLDEN) == record


@given(count_records)
def test_a_record_comes_back_equal(record):
    assert decode_counts(record.encode()) == record


@given(st.binary(max_size=120) | count_records.map(lambda one: one.encode()[:-1]))
def test_other_bytes_are_a_wire_error_or_a_record(payload):
    try:
        record = decode_counts(payload)
    except WireError:
        return
    assert len(record.encode()) == len(payload)


def test_many_sources_share_several_records_and_none_is_endless():
    many = [
        SourceCount(writer=Gid(number.to_bytes(16, "big")), epoch=1, count=number, last_ns=number)
        for number in range(MAX_ENTRIES + 1)
    ]
    payloads = records(many, blocking=False)
    assert [one for payload in payloads for one in decode_counts(payload).sources] == many
    assert records([], blocking=True) == []
    with pytest.raises(WireError, match="at most"):
        decode_counts(CountRecord(blocking=False, sources=tuple(many)).encode())


@given(zids, route_keys)
def test_each_agent_has_a_key_of_its_own_for_each_topic(zid, key):
    assert count_key(zid, key) == f"@/{zid}/@zenlink/1/count/{key.replace('/', '§')}"
