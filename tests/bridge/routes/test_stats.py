"""Counters of a route as a value, each loss under its own name."""

from __future__ import annotations

import pytest

from bridge.core.routespec import DropCause
from bridge.core.status import RouteCounters
from bridge.routes.stats import RouteStats, malformed_cause


def test_counters_name_only_the_causes_that_happened() -> None:
    stats = RouteStats()
    stats.messages += 3
    stats.payload_bytes += 30
    stats.drop(DropCause.STALE)
    stats.drop(DropCause.CLOSED, 2)
    stats.drop(DropCause.STALE)
    assert stats.counters(queue_messages=1, queue_bytes=10) == RouteCounters(
        messages=3,
        payload_bytes=30,
        drops=(("closed", 2), ("stale", 2)),
        queue_messages=1,
        queue_bytes=10,
    )


def test_a_drop_of_none_is_no_drop() -> None:
    stats = RouteStats()
    stats.drop(DropCause.CLOSED, 0)
    assert stats.counters(queue_messages=0, queue_bytes=0).drops == ()


def test_what_dds_lost_is_added() -> None:
    assert RouteStats().counters(queue_messages=0, queue_bytes=0, dds_lost=4).drops == (("dds_lost", 4),)


@pytest.mark.parametrize(
    ("payload", "cause"),
    [
        (b"", DropCause.MALFORMED),
        (b"\x00\x01\x00", DropCause.MALFORMED),
        (b"\x00\x00\x00", DropCause.MALFORMED),
        (b"\x00\x00\x00\x00", DropCause.BIG_ENDIAN),
        (b"\x00\x02\x00\x00x", DropCause.BIG_ENDIAN),
        (b"\x00\x0a\x00\x00", DropCause.BIG_ENDIAN),
        (b"\x00\x0c\x00\x00", DropCause.MALFORMED),
        (b"\x00\x04\x00\x00", DropCause.MALFORMED),  # XML: even, and no byte order
        (b"\x7f\x00\x00\x00", DropCause.MALFORMED),
    ],
)
def test_a_refused_payload_is_big_endian_or_malformed(payload: bytes, cause: DropCause) -> None:
    assert malformed_cause(payload) is cause
