"""Which names may cross, and how: ordered rules, first match wins, and the answer names its rule.

Pure: built once from the configuration, asked by the planner. The implied last rule allows everything
and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from bridge.core.qos import Durability, History, Qos, Reliability
from bridge.core.routespec import Direction, RouteKind

PRIORITY_DATA = 5
"""Zenoh's default; 1 is real time, 7 background (wire specification 7.1)."""
PRIORITY_DATA_LOW = 6


class Congestion(Enum):
    """What a full link does to a sample."""

    BLOCK = "block"
    """The route waits; a reliable writer then waits too."""
    DROP = "drop"
    """The sample is dropped by Zenoh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QosOverride:
    """Policies of our own DDS endpoint, set instead of merged from the local endpoints."""

    reliability: Reliability | None = None
    durability: Durability | None = None
    history: History | None = None

    def applied(self, qos: Qos) -> Qos:
        """``qos`` with the policies that are set here."""
        return replace(
            qos,
            reliability=qos.reliability if self.reliability is None else self.reliability,
            durability=qos.durability if self.durability is None else self.durability,
            history=qos.history if self.history is None else self.history,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of ``rules:``. An absent matcher matches everything, an absent setting changes nothing."""

    label: str = field(compare=False)
    """How ``zenlink explain`` names it, e.g. ``rules[2] (bridge.yaml:14)``. Not compared: a rule that
    only moved within its file is the same rule."""
    name: str | None = None
    """Regular expression over the whole local ROS name."""
    ros_type: str | None = None
    """Regular expression over the whole ROS type."""
    node: str | None = None
    """Regular expression over the full name of the local node that publishes or serves; egress alone."""
    direction: Direction | None = None
    kind: RouteKind | None = None
    """Topics, services or actions alone; the parts of an action are decided by its name, as an action."""
    allow: bool = True
    max_rate_hz: float | None = None
    """Samples a second of each source writer; what comes faster is dropped, and counted."""
    priority: int | None = None
    """Zenoh's, 1 (real time) to 7 (background); egress."""
    express: bool | None = None
    """Zenoh sends at once instead of waiting for a batch to fill; egress."""
    congestion: Congestion | None = None
    """Egress."""
    qos: QosOverride | None = None
    remap: str | None = None
    """ROS name on Zenoh of the one local name that ``name`` spells out; both ways."""
    _name: re.Pattern[str] | None = field(init=False, default=None, repr=False, compare=False)
    _type: re.Pattern[str] | None = field(init=False, default=None, repr=False, compare=False)
    _node: re.Pattern[str] | None = field(init=False, default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_name", None if self.name is None else re.compile(self.name))
        object.__setattr__(self, "_type", None if self.ros_type is None else re.compile(self.ros_type))
        object.__setattr__(self, "_node", None if self.node is None else re.compile(self.node))

    def matches(
        self,
        *,
        name: str,
        ros_type: str,
        direction: Direction,
        node: str | None = None,
        kind: RouteKind = RouteKind.TOPIC,
    ) -> bool:
        """Whether this rule speaks about that name, type, direction, publishing node and kind."""
        if self._node is not None and (
            direction is not Direction.EGRESS or node is None or self._node.fullmatch(node) is None
        ):
            return False
        return (
            (self.direction is None or self.direction is direction)
            and (self.kind is None or self.kind is kind)
            and (self._name is None or self._name.fullmatch(name) is not None)
            and (self._type is None or self._type.fullmatch(ros_type) is not None)
        )


IMPLIED = Rule(label="the implied last rule (allow everything)")
"""Decides what no configured rule matches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The ordered rules of one configuration."""

    rules: Sequence[Rule] = ()

    @property
    def names_nodes(self) -> bool:
        """Whether any rule names a node, so that writers must wait until a node claims them."""
        return any(rule.node is not None for rule in self.rules)

    def decide(
        self,
        *,
        name: str,
        ros_type: str,
        direction: Direction,
        node: str | None = None,
        kind: RouteKind = RouteKind.TOPIC,
    ) -> Rule:
        """The first rule that matches."""
        for rule in self.rules:
            if rule.matches(name=name, ros_type=ros_type, direction=direction, node=node, kind=kind):
                return rule
        return IMPLIED

    def keeps_node(self, node: str) -> bool:
        """Whether a node stays unknown to the others: the first rule about that node as a whole denies it."""
        for rule in self.rules:
            whole = rule.node is not None and rule.name is None and rule.ros_type is None
            if whole and rule.matches(name="", ros_type="", direction=Direction.EGRESS, node=node):
                return not rule.allow
        return False

    def remaps(self, direction: Direction) -> Mapping[str, str]:
        """Local ROS name → ROS name on Zenoh, for that direction."""
        found: dict[str, str] = {}
        for rule in self.rules:
            if rule.remap is not None and rule.name is not None and rule.direction in (None, direction):
                found.setdefault(rule.name, rule.remap)
        return found
