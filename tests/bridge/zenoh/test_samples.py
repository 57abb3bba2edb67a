"""A DDS sample's identity survives Zenoh's time stamp to the nanosecond."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import zenoh
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.ports import ZenohSample
from bridge.zenoh.samples import from_zenoh, timestamp

END_NS = 2**32 * 1_000_000_000
"""NTP time has 32 bits for the seconds."""


def received(payload: bytes, stamp: zenoh.Timestamp | None) -> ZenohSample:
    return from_zenoh(SimpleNamespace(payload=zenoh.ZBytes(payload), timestamp=stamp))


@given(st.integers(0, END_NS - 1), st.binary(min_size=1, max_size=16).filter(lambda one: one[-1] != 0))
@example(1_700_000_000_999_999_999, b"\x01" * 16)
@example(1_700_000_000_000_000_001, b"\xff" * 16)
@example(0, b"\x01")
def test_time_and_writer_come_back_exactly(source_ns: int, source_id: bytes) -> None:
    stamp = timestamp(source_ns, zenoh.TimestampId(source_id))
    assert received(b"x", stamp) == ZenohSample(b"x", source_ns, source_id)


def test_a_sample_without_a_time_has_no_identity() -> None:
    assert received(b"x", None) == ZenohSample(b"x", None, b"")


@pytest.mark.parametrize("payload", [b"", b"\x00\x01\x00\x00", bytes(1 << 20)])
def test_the_payload_becomes_plain_bytes(payload: bytes) -> None:
    found = received(payload, None).payload
    assert type(found) is bytes
    assert found == payload
