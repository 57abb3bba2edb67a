"""Who takes part in the DDS domain, by what each participant says of itself: nodes, agents of ours, others.

Part of the graph; one owner (the engine thread).
"""

from __future__ import annotations

import re
from collections import Counter

from bridge.core.gid import VENDOR_CYCLONE, Gid
from bridge.core.jsonform import Counts
from bridge.core.requests import ServiceForm
from bridge.core.serviceview import form_of

_ENCLAVE = b"enclave="
"""In the USER_DATA of every participant of a ROS context: the RMWs put it there."""
_AGENT_MARK = b"zenlink="
"""In a participant's USER_DATA: it is an agent of ours, with that Zenoh id."""
_AGENT_ENCLAVE = b"enclave=/zenlink/"
"""In the USER_DATA of an agent's rclpy context, which only serves services; followed by ``z`` (no enclave
begins with a digit) and its Zenoh id."""
_COMPANION_MARK = b"zenlink_of="
"""In the USER_DATA of a participant that an agent runs as a node like any other, so that its topics cross."""
_AGENT_ZID = re.compile(rb"zenlink=([1-9a-f][0-9a-f]{0,31});")


def is_agent(zid: str, user_data: bytes) -> bool:
    """Whether a participant is the agent of that Zenoh id."""
    return _AGENT_MARK + zid.encode() + b";" in user_data


def is_companion_of(zid: str, user_data: bytes) -> bool:
    """Whether a participant is a node that the agent of that Zenoh id runs itself."""
    return _COMPANION_MARK + zid.encode() + b";" in user_data


class Participants:
    """All participants but our own. Thread: engine, but where it says otherwise."""

    def __init__(self) -> None:
        self.user_data: dict[Gid, bytes] = {}
        """What each says of itself."""
        self.agent_prefixes: frozenset[bytes] = frozenset()
        """GID prefixes of agents of ours on the domain; replaced whole, so other threads may read it."""
        self.rclpy_prefixes: frozenset[bytes] = frozenset()
        """Those among them that are an agent's rclpy context, not its participant for topics."""
        self.companions: frozenset[bytes] = frozenset()
        """GID prefixes of nodes that agents run; they say nothing about what the domain's nodes are."""
        self._forms: dict[bytes, ServiceForm] = {}
        """How each node speaks services."""
        self._majority: Counter[ServiceForm] = Counter()

    def add(self, gid: Gid, user_data: bytes) -> bool:
        """One was discovered, or says something else now; True when it is an agent's."""
        self.user_data[gid] = user_data
        self._vote(gid.prefix, None)
        rclpy = _AGENT_ENCLAVE in user_data
        if rclpy:
            self.rclpy_prefixes |= {gid.prefix}
        if _COMPANION_MARK in user_data:
            self.companions |= {gid.prefix}
            return False
        if not rclpy and _AGENT_MARK not in user_data:
            self._vote(gid.prefix, form_of(gid.vendor))
            return False
        self.agent_prefixes |= {gid.prefix}
        return True

    def drop(self, gid: Gid) -> None:
        """One is gone."""
        self.user_data.pop(gid, None)
        self.agent_prefixes -= {gid.prefix}
        self.rclpy_prefixes -= {gid.prefix}
        self.companions -= {gid.prefix}
        self._vote(gid.prefix, None)

    def _vote(self, prefix: bytes, form: ServiceForm | None) -> None:
        known = self._forms.pop(prefix, None)
        if known is not None:
            self._majority[known] -= 1
        if form is not None:
            self._forms[prefix] = form
            self._majority[form] += 1

    @property
    def default_form(self) -> ServiceForm:
        """How most participants speak services; a tie goes to Cyclone, which needs no rclpy."""
        most_rclpy = self._majority[ServiceForm.RCLPY] > self._majority[ServiceForm.CYCLONE]
        return ServiceForm.RCLPY if most_rclpy else ServiceForm.CYCLONE

    def sizes(self) -> Counts:
        """(DDS implementation, participants) of each that has any."""
        return tuple(sorted(Counter(gid.vendor_name for gid in self.user_data).items()))

    def prefixes(self) -> set[bytes]:
        """Of the GIDs of all that are here."""
        return {gid.prefix for gid in self.user_data}

    def by_prefix(self) -> dict[bytes, bytes]:
        """What each says of itself, by the prefix of its GID."""
        return {gid.prefix: user_data for gid, user_data in self.user_data.items()}

    def agent_zids(self) -> frozenset[str]:
        """Zenoh ids of all agents that DDS shows, whatever Zenoh knows of them."""
        found = (_AGENT_ZID.search(user_data) for user_data in self.user_data.values())
        return frozenset(match[1].decode() for match in found if match is not None)

    def bare(self) -> set[bytes]:
        """GID prefixes of what no RMW makes: participants of Cyclone DDS that name no enclave."""
        return {
            gid.prefix
            for gid, user_data in self.user_data.items()
            if gid.vendor == VENDOR_CYCLONE and _ENCLAVE not in user_data
        }
