"""Core QoS ↔ cyclonedds QoS, and the policies our own endpoints always have.

Left edge; imports nothing of Zenoh.
"""

from __future__ import annotations

from cyclonedds.core import Policy
from cyclonedds.core import Qos as CycloneQos

from bridge.core.qos import (
    INFINITE_NS,
    DestinationOrder,
    Durability,
    History,
    HistoryKind,
    LivelinessKind,
    Ownership,
    Qos,
    Reliability,
)

READER_MAX_SAMPLES = 8192
"""Bound of a reader's cache between two takes; beyond it DDS holds back or counts a rejection."""
KEYED_READER_INSTANCES = 100_000
"""Bound of instances of a keyed reader; each costs about 200 B in Cyclone."""
_UNLIMITED = -1
_LIVELINESS = {
    LivelinessKind.AUTOMATIC: Policy.Liveliness.Automatic,
    # Each sample we pass on asserts them, as each one of the original writer did.
    LivelinessKind.MANUAL_BY_PARTICIPANT: Policy.Liveliness.ManualByParticipant,
    LivelinessKind.MANUAL_BY_TOPIC: Policy.Liveliness.ManualByTopic,
}


def from_cyclone(qos: CycloneQos, *, history_announced: bool) -> Qos:
    """What discovery told about a foreign endpoint.

    Args:
        qos: the policies as Cyclone lists them: all, defaults included.
        history_announced: False for vendors that keep history to themselves (Fast DDS); Cyclone then
            shows the default, which means nothing.
    """
    values: dict[str, object] = {}
    for policy in qos.policies:
        _read(policy, values)
    if not history_announced:
        values.pop("history", None)
    return Qos(**values)  # type: ignore[arg-type]


def _read(policy: object, values: dict[str, object]) -> None:  # noqa: C901, PLR0912 - a table, one case a policy
    match policy:
        case Policy.Reliability.BestEffort:
            values["reliability"] = Reliability.BEST_EFFORT
        case Policy.Reliability.Reliable():
            values["reliability"] = Reliability.RELIABLE
        case Policy.Durability.Volatile:
            values["durability"] = Durability.VOLATILE
        case Policy.Durability.TransientLocal:
            values["durability"] = Durability.TRANSIENT_LOCAL
        case Policy.Durability.Transient:
            values["durability"] = Durability.TRANSIENT
        case Policy.Durability.Persistent:
            values["durability"] = Durability.PERSISTENT
        case Policy.History.KeepAll:
            values["history"] = History(kind=HistoryKind.KEEP_ALL, depth=-1)
        case Policy.History.KeepLast():
            values["history"] = History(kind=HistoryKind.KEEP_LAST, depth=policy.depth)
        case Policy.Deadline():
            values["deadline_ns"] = policy.deadline
        case Policy.LatencyBudget():
            values["latency_budget_ns"] = policy.budget
        case Policy.Liveliness.Automatic():
            values.update(liveliness=LivelinessKind.AUTOMATIC, lease_ns=policy.lease_duration)
        case Policy.Liveliness.ManualByParticipant():
            values.update(liveliness=LivelinessKind.MANUAL_BY_PARTICIPANT, lease_ns=policy.lease_duration)
        case Policy.Liveliness.ManualByTopic():
            values.update(liveliness=LivelinessKind.MANUAL_BY_TOPIC, lease_ns=policy.lease_duration)
        case Policy.Ownership.Exclusive:
            values["ownership"] = Ownership.EXCLUSIVE
        case Policy.DestinationOrder.BySourceTimestamp:
            values["destination_order"] = DestinationOrder.BY_SOURCE
        case Policy.Partition():
            values["partitions"] = tuple(policy.partitions)
        case Policy.Userdata():
            values["user_data"] = bytes(policy.data)
        case _:
            pass


def reader_qos(qos: Qos, *, keyed: bool) -> CycloneQos:
    """QoS of our reader: the merged request, with room for bursts.

    KEEP_ALL with a bound instead of the merged depth: history is not part of matching, and what a
    KEEP_LAST reader overwrites is lost without a trace, while a full KEEP_ALL reader makes the writer
    wait (reliable) or counts a rejection (best effort).
    """
    limits = Policy.ResourceLimits(
        max_samples=READER_MAX_SAMPLES,
        max_instances=KEYED_READER_INSTANCES if keyed else 1,
        max_samples_per_instance=READER_MAX_SAMPLES,
    )
    return CycloneQos(*_common(qos), Policy.History.KeepAll, limits, _reliability(qos, blocking_ns=0))


def writer_qos(qos: Qos) -> CycloneQos:
    """QoS of our writer: the merged offer, never blocking.

    KEEP_ALL so that a burst from the link is not overwritten before it is acknowledged; what late
    joiners get is bounded by ``durability_service``, from which Cyclone takes the history of a
    TRANSIENT_LOCAL writer.  ``max_blocking_time`` is 0 because a blocked write holds the interpreter.
    """
    policies = [*_common(qos), Policy.History.KeepAll, _reliability(qos, blocking_ns=0)]
    if qos.transient_local:
        history = qos.history or History(kind=HistoryKind.KEEP_LAST, depth=1)
        kept = (
            Policy.History.KeepAll
            if history.kind is HistoryKind.KEEP_ALL
            else Policy.History.KeepLast(history.depth)
        )
        policies.append(
            Policy.DurabilityService(
                cleanup_delay=0,
                history=kept,
                max_samples=_UNLIMITED,
                max_instances=_UNLIMITED,
                max_samples_per_instance=_UNLIMITED,
            )
        )
    return CycloneQos(*policies)


def _reliability(qos: Qos, *, blocking_ns: int) -> object:
    if qos.reliability is Reliability.RELIABLE:
        return Policy.Reliability.Reliable(blocking_ns)
    return Policy.Reliability.BestEffort


def _common(qos: Qos) -> list[object]:
    policies: list[object] = [
        Policy.IgnoreLocal.Participant,
        Policy.Durability.TransientLocal if qos.transient_local else Policy.Durability.Volatile,
    ]
    if qos.deadline_ns != INFINITE_NS:
        policies.append(Policy.Deadline(qos.deadline_ns))
    if qos.latency_budget_ns:
        policies.append(Policy.LatencyBudget(qos.latency_budget_ns))
    if qos.liveliness is not LivelinessKind.AUTOMATIC or qos.lease_ns != INFINITE_NS:
        policies.append(_LIVELINESS[qos.liveliness](qos.lease_ns))
    if qos.ownership is Ownership.EXCLUSIVE:
        policies.append(Policy.Ownership.Exclusive)
    if qos.destination_order is DestinationOrder.BY_SOURCE:
        policies.append(Policy.DestinationOrder.BySourceTimestamp)
    if qos.partitions:
        policies.append(Policy.Partition(qos.partitions))
    if qos.user_data:
        policies.append(Policy.Userdata(qos.user_data))
    return policies
