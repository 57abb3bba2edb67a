"""A message to ourselves through the whole of Cyclone DDS, for the doctor."""

from __future__ import annotations

import time

from cyclonedds.domain import DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.topic import Topic

from bridge.core.qos import Qos, Reliability
from bridge.dds.endpoints import CycloneReader, CycloneWriter
from bridge.dds.join import join
from bridge.dds.rawtopic import create_topic
from bridge.dds.xmlconfig import DdsNetwork

_TOPIC = "zenlink_doctor"
"""No ROS name: nobody else reads it, no bridge carries it."""
_PAYLOAD = b"\x00\x01\x00\x00zenlink\x00"
_POLL_S = 0.001
_MS_PER_S = 1000


def echo_ms(*, domain_id: int, network: DdsNetwork, zid: str, timeout_s: float) -> float | None:
    """How long a sample took from one participant of ours to another; None: it did not arrive in time.

    Args:
        domain_id: DDS domain.
        network: as the agent would join it.
        zid: agents recognise the participants by it, and leave them alone.
        timeout_s: to find each other, and again to get the sample.

    Raises:
        CannotRun: the domain cannot be joined.

    Thread: any; blocks.
    """
    user_data = f"enclave=/;zenlink={zid};"
    _domain, (sender, receiver) = join(domain_id, network, user_data=user_data, participants=2)
    writer = CycloneWriter(sender, _topic(sender), qos=Qos(reliability=Reliability.RELIABLE))
    reader = CycloneReader(receiver, _topic(receiver), keyed=False, qos=Qos(reliability=Reliability.RELIABLE))
    try:
        return _trip(writer, reader, timeout_s)
    finally:
        reader.close()
        writer.close()


def _topic(participant: DomainParticipant) -> Topic[IdlStruct]:
    return create_topic(participant, dds_topic=_TOPIC, dds_type="zenlink::dds_::Doctor_", keyed=False)


def _trip(writer: CycloneWriter, reader: CycloneReader, timeout_s: float) -> float | None:
    deadline_s = time.monotonic() + timeout_s
    while not writer.matched():
        if time.monotonic() > deadline_s:
            return None
        time.sleep(_POLL_S)
    began_s = time.monotonic()
    writer.write(_PAYLOAD, time.time_ns())
    while time.monotonic() < began_s + timeout_s:
        if reader.take(1):
            return (time.monotonic() - began_s) * _MS_PER_S
        time.sleep(_POLL_S)
    return None
