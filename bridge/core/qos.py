"""What quality of service was announced, who matches whom, and which one endpoint suits them all?

The value every side translates to: discovery and tokens make it, the planner merges it, routes open
endpoints with it. Merging is independent of the order in which endpoints were found.
Must never import an adapter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from fnmatch import fnmatchcase

from bridge.errors import WireError

# DDS_DURATION_INFINITE: the largest count of nanoseconds. Source: Cyclone DDS, dds_infinity.
INFINITE_NS = 2**63 - 1

_NS_PER_S = 1e9
_MAX_DEPTH = 2**31 - 1  # the depth is a signed 32-bit number on the wire
_TYPE_HASH = re.compile(rb"(?:^|;)\s*typehash=(RIHS01_[0-9a-f]{64})(?:;|$)")


class Reliability(IntEnum):
    """Numbers of the token. Source: wire specification section 1.2."""

    BEST_EFFORT = 0
    RELIABLE = 1


class Durability(IntEnum):
    """Numbers of the token, weakest first. Source: wire specification section 1.2."""

    VOLATILE = 0
    TRANSIENT_LOCAL = 1
    TRANSIENT = 2
    PERSISTENT = 3


class HistoryKind(IntEnum):
    """Numbers of the token. Source: wire specification section 1.2."""

    KEEP_LAST = 0
    KEEP_ALL = 1


class LivelinessKind(IntEnum):
    """Weakest first. Source: DDS 1.4, 2.2.3.11."""

    AUTOMATIC = 0
    MANUAL_BY_PARTICIPANT = 1
    MANUAL_BY_TOPIC = 2


class Ownership(IntEnum):
    """Source: DDS 1.4, 2.2.3.9."""

    SHARED = 0
    EXCLUSIVE = 1


class DestinationOrder(IntEnum):
    """By whose time stamp samples are ordered, weakest first. Source: DDS 1.4, 2.2.3.17."""

    BY_RECEPTION = 0
    BY_SOURCE = 1


@dataclass(frozen=True, slots=True)
class History:
    """How many samples are kept; ``depth`` counts samples and means nothing for KEEP_ALL.

    Raises:
        WireError: the depth is below 1 for KEEP_LAST, or no signed 32-bit number.
    """

    kind: HistoryKind = HistoryKind.KEEP_LAST
    depth: int = 1

    def __post_init__(self) -> None:
        lowest = 1 if self.kind is HistoryKind.KEEP_LAST else -_MAX_DEPTH - 1
        if not lowest <= self.depth <= _MAX_DEPTH:
            raise WireError(
                "qos", offset=0, expected=f"a depth of {lowest} to {_MAX_DEPTH}", found=str(self.depth)
            )

    @property
    def keep_all(self) -> bool:
        """Whether every sample is kept, whatever ``depth`` says."""
        return self.kind is HistoryKind.KEEP_ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Qos:
    """The policies of one reader or writer as far as they decide matching, or travel in a token.

    ``None`` means not announced. Durations are in nanoseconds. No partition means the default one.

    Source: DDS 1.4, 2.2.3 for the policies and their defaults.
    """

    reliability: Reliability | None = None
    durability: Durability = Durability.VOLATILE
    history: History | None = None
    deadline_ns: int = INFINITE_NS
    latency_budget_ns: int = 0
    liveliness: LivelinessKind = LivelinessKind.AUTOMATIC
    lease_ns: int = INFINITE_NS
    ownership: Ownership = Ownership.SHARED
    destination_order: DestinationOrder = DestinationOrder.BY_RECEPTION
    partitions: tuple[str, ...] = ()
    user_data: bytes = b""

    def reliable(self, *, as_writer: bool = True) -> bool:
        """Whether delivery is reliable; unannounced means yes for a writer and no for a reader."""
        return as_writer if self.reliability is None else self.reliability is Reliability.RELIABLE

    def matching_part(self) -> Qos:
        """The policies that decide matching: without history and user data."""
        return replace(self, history=None, user_data=b"")

    @property
    def transient_local(self) -> bool:
        """Whether late joiners are to get earlier samples."""
        return self.durability >= Durability.TRANSIENT_LOCAL


def type_hash(user_data: bytes) -> str | None:
    """The ``RIHS01_…`` type hash (7 + 64 characters) in USER_DATA, or None; other content is passed over.

    Source: rmw_dds_common, ``parse_type_hash_from_user_data``; REP 2016.
    """
    match = _TYPE_HASH.search(user_data)
    return match.group(1).decode("ascii") if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One policy that keeps a writer and a reader apart, in words for people."""

    policy: str
    offered: str
    requested: str

    def __str__(self) -> str:
        return f"{self.policy}: offered {self.offered}, requested {self.requested}"


def mismatches(offered: Qos, requested: Qos) -> tuple[Mismatch, ...]:
    """Every policy that keeps a writer (``offered``) and a reader (``requested``) apart; empty if they match.

    Source: DDS 1.4, 2.2.3, the policies that are request versus offered, and 2.2.3.13 for partitions.
    """
    reliable = Reliability(offered.reliable(as_writer=True)), Reliability(requested.reliable(as_writer=False))
    found = [
        *_weaker("reliability", *reliable),
        *_weaker("durability", offered.durability, requested.durability),
        *_longer("deadline", offered.deadline_ns, requested.deadline_ns),
        *_longer("latency budget", offered.latency_budget_ns, requested.latency_budget_ns),
        *_weaker("liveliness", offered.liveliness, requested.liveliness),
        *_longer("liveliness lease", offered.lease_ns, requested.lease_ns),
        *_weaker("destination order", offered.destination_order, requested.destination_order),
    ]
    if offered.ownership is not requested.ownership:
        found.append(
            Mismatch(policy="ownership", offered=offered.ownership.name, requested=requested.ownership.name)
        )
    if not _share_partition(offered.partitions, requested.partitions):
        names = _partition_text(offered.partitions), _partition_text(requested.partitions)
        found.append(Mismatch(policy="partition", offered=names[0], requested=names[1]))
    return tuple(found)


def reader_for(writers: Iterable[Qos]) -> Qos:
    """The request that every one of the writers satisfies, with the deepest history among them.

    Ownership cannot be merged: it is EXCLUSIVE only if all writers say so, else SHARED, and
    :func:`mismatches` then names the writers left out. Without writers: the weakest request there is.

    Source: DDS 1.4, 2.2.3; wire specification section 6.4.
    """
    offers = tuple(writers)
    return Qos(
        reliability=Reliability(bool(offers) and all(q.reliable(as_writer=True) for q in offers)),
        durability=min((q.durability for q in offers), default=Durability.VOLATILE),
        history=_deepest(offers),
        deadline_ns=max((q.deadline_ns for q in offers), default=INFINITE_NS),
        latency_budget_ns=max((q.latency_budget_ns for q in offers), default=0),
        liveliness=min((q.liveliness for q in offers), default=LivelinessKind.AUTOMATIC),
        lease_ns=max((q.lease_ns for q in offers), default=INFINITE_NS),
        ownership=_common_ownership(offers),
        destination_order=min((q.destination_order for q in offers), default=DestinationOrder.BY_RECEPTION),
        partitions=_all_partitions(offers),
        user_data=_user_data(offers),
    )


def writer_for(readers: Iterable[Qos], announced: Iterable[Qos]) -> Qos:
    """The offer that satisfies every local reader: always RELIABLE, otherwise their strongest wish.

    ``announced`` is what remote tokens say about the original writers; it can only raise durability and
    depth, and its user data (the type hash) goes before the readers' own. Not mergeable: ownership (EXCLUSIVE
    only if all readers say so, else SHARED). A manual liveliness is offered as soon as one reader asks for
    it, but holds only as long as somebody asserts it; AUTOMATIC readers match all the same.

    Source: DDS 1.4, 2.2.3; wire specification section 6.4.
    """
    requests, origins = tuple(readers), tuple(announced)
    return Qos(
        reliability=Reliability.RELIABLE,
        durability=max((q.durability for q in requests + origins), default=Durability.VOLATILE),
        history=_deepest(requests + origins),
        deadline_ns=min((q.deadline_ns for q in requests), default=INFINITE_NS),
        latency_budget_ns=min((q.latency_budget_ns for q in requests), default=0),
        liveliness=max((q.liveliness for q in requests), default=LivelinessKind.AUTOMATIC),
        lease_ns=min((q.lease_ns for q in requests), default=INFINITE_NS),
        ownership=_common_ownership(requests),
        destination_order=max((q.destination_order for q in requests), default=DestinationOrder.BY_RECEPTION),
        partitions=_all_partitions(requests),
        user_data=_user_data(origins) or _user_data(requests),
    )


def _weaker(policy: str, offered: IntEnum, requested: IntEnum) -> tuple[Mismatch, ...]:
    if offered >= requested:
        return ()
    return (Mismatch(policy=policy, offered=offered.name, requested=requested.name),)


def _longer(policy: str, offered_ns: int, requested_ns: int) -> tuple[Mismatch, ...]:
    if offered_ns <= requested_ns:
        return ()
    return (Mismatch(policy=policy, offered=_seconds(offered_ns), requested=_seconds(requested_ns)),)


def _seconds(duration_ns: int) -> str:
    return "infinite" if duration_ns >= INFINITE_NS else f"{duration_ns / _NS_PER_S:.9g} s"


def _deepest(endpoints: Sequence[Qos]) -> History | None:
    """KEEP_ALL if anybody has it, else the largest depth; None if nobody announced a history."""
    known = [q.history for q in endpoints if q.history is not None]
    if not known:
        return None
    if any(history.keep_all for history in known):
        return History(HistoryKind.KEEP_ALL, -1)
    return History(HistoryKind.KEEP_LAST, max(history.depth for history in known))


def _common_ownership(endpoints: Sequence[Qos]) -> Ownership:
    exclusive = bool(endpoints) and all(q.ownership is Ownership.EXCLUSIVE for q in endpoints)
    return Ownership(exclusive)


def _user_data(endpoints: Sequence[Qos]) -> bytes:
    """One of the user data: which one must not depend on the order, so the smallest."""
    return min((q.user_data for q in endpoints if q.user_data), default=b"")


def _all_partitions(endpoints: Sequence[Qos]) -> tuple[str, ...]:
    """Partitions that meet those of every endpoint.

    Two patterns never match each other, so a pattern is answered with a name that it matches.
    """
    names = {_name_within(name) for q in endpoints for name in q.partitions or ("",)}
    return () if names <= {""} else tuple(sorted(names))


def _name_within(partition: str) -> str:
    return partition.replace("*", "").replace("?", "_")


def _share_partition(offered: Sequence[str], requested: Sequence[str]) -> bool:
    return any(_partition_match(a, b) for a in offered or ("",) for b in requested or ("",))


def _partition_match(one: str, other: str) -> bool:
    if _is_pattern(one):
        return not _is_pattern(other) and fnmatchcase(other, one.replace("[", "[[]"))
    return fnmatchcase(one, other.replace("[", "[[]")) if _is_pattern(other) else one == other


def _is_pattern(partition: str) -> bool:
    """Only ``*`` and ``?`` make a pattern: Cyclone DDS, whose matching counts here, takes ``[`` literally."""
    return "*" in partition or "?" in partition


def _partition_text(partitions: Sequence[str]) -> str:
    return ", ".join(repr(name[:40]) for name in partitions) if partitions else "the default partition"
