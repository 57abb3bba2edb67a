"""Zenoh samples ↔ :class:`bridge.ports.ZenohSample`: payload, source time and source id.

A time stamp of ours is (DDS source time, GUID of the DDS writer); that of a foreign bridge is (its
clock, its zid). Either identifies a sample, which is what de-duplication stands on.
"""

from __future__ import annotations

import zenoh

from bridge.ports import ZenohSample

_NS_PER_S = 1_000_000_000


def from_zenoh(sample: zenoh.Sample) -> ZenohSample:
    """Payload and identity of a received sample; the only copy of the payload on this side."""
    stamp = sample.timestamp
    payload = sample.payload.to_bytes()  # a third of the time of bytes(…)
    if stamp is None:
        return ZenohSample(payload, None, b"")
    return ZenohSample(payload, stamp.get_time_as_ntp64().as_nanos(), bytes(stamp.get_id()))


def timestamp(source_ns: int, source_id: zenoh.TimestampId) -> zenoh.Timestamp:
    """The time stamp that carries a DDS sample's identity. Exact to the nanosecond."""
    seconds, nanos = divmod(source_ns, _NS_PER_S)
    made: zenoh.Timestamp = zenoh.Timestamp(zenoh.NTP64(seconds, nanos), source_id)
    return made
