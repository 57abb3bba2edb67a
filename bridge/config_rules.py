"""The models of `rules:`: what a rule speaks about, what it sets, and the value the planner asks.

Pure. Faults that need more than one key of a rule, or two rules, are in ``config_checks``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StrictBool, field_validator, model_validator
from pydantic.config import JsonDict

from bridge.config_faults import fault_error, shown
from bridge.config_section import Section
from bridge.core.names import check_ros_name
from bridge.core.policy import Congestion, QosOverride, Rule
from bridge.core.qos import Durability, History, HistoryKind, Reliability
from bridge.core.routespec import Direction, RouteKind
from bridge.errors import InvalidName

PRIORITIES: Mapping[str, int] = {
    "real_time": 1,
    "interactive_high": 2,
    "interactive_low": 3,
    "data_high": 4,
    "data": 5,
    "data_low": 6,
    "background": 7,
}
"""Our word for each priority of Zenoh (wire specification 7.1)."""
MAX_RATE_HZ = 100_000.0
"""Beyond this a limit limits nothing that we could carry."""
MAX_DEPTH = 1_000_000
"""Samples; what anybody keeps fits, a slip of the finger does not."""
SETTINGS = ("max_rate_hz", "priority", "express", "congestion", "qos", "remap")
"""What a rule can set besides `allow`."""
TOPIC_SETTINGS = ("max_rate_hz", "priority", "express", "congestion", "qos")
"""What only a sample has."""
EGRESS_SETTINGS = ("priority", "express", "congestion")
"""What only a sample on its way to Zenoh has."""


class MatchConfig(Section):
    """What a rule speaks about; an absent key matches everything."""

    name: str | None = None
    """Regular expression over the whole ROS name."""
    type: str | None = None
    """Regular expression over the whole ROS type."""
    direction: Literal["egress", "ingress"] | None = None
    """egress (DDS to Zenoh) or ingress (Zenoh to DDS). Of a service or action: egress where its server is
    here, ingress where its clients are."""
    kind: Literal["topic", "service", "action"] | None = None
    """topic, service or action. The parts of an action are decided by its name, as an action."""
    node: str | None = None
    """Regular expression over the whole name of the local node that publishes, e.g. /secret/.*. It limits the
    rule to egress. Where any rule names a node, a publisher that no node claims does not cross."""

    @field_validator("name", "type", "node")
    @classmethod
    def _check_regex(cls, text: str | None) -> str | None:
        try:
            re.compile(text or "")
        except re.error as error:
            remedy = "it is a regular expression over the whole text: write .* where a shell has *"
            raise fault_error(f"{shown(text)} is no regular expression: {error}", remedy=remedy) from error
        return text

    @field_validator("name", "node")
    @classmethod
    def _check_can_match(cls, text: str | None) -> str | None:
        if text is not None and re.fullmatch(r"\w[\w/]*", text):
            problem = (
                f"{shown(text)} matches nothing: a ROS name begins with / and the whole name is compared"
            )
            raise fault_error(problem, remedy=f"write /{text}, or .*/{text} for every namespace")
        return text

    @property
    def literal(self) -> bool:
        """Whether `name` spells out one ROS name."""
        try:
            check_ros_name(self.name or "")
        except InvalidName:
            return False
        return True


class QosConfig(Section):
    """QoS policies of our own DDS endpoint, set instead of taken from the nodes; null: taken from them."""

    reliability: Literal["reliable", "best_effort"] | None = None
    """reliable or best_effort."""
    durability: Literal["volatile", "transient_local"] | None = None
    """volatile, or transient_local for topics whose late joiners get history."""
    depth: Annotated[int, Field(ge=1, le=MAX_DEPTH)] | Literal["keep_all"] | None = None
    """Samples that the endpoint keeps, 1 to 1000000, or keep_all."""

    @field_validator("depth", mode="before")
    @classmethod
    def _check_depth(cls, value: object) -> object:
        """In place of pydantic's words, which tell a fault once for each form."""
        number = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_DEPTH
        if number or value in (None, "keep_all"):
            return value
        remedy = f"give a whole number from 1 to {MAX_DEPTH}, or keep_all"
        raise fault_error(f"{shown(value)} is no depth", remedy=remedy)

    def override(self) -> QosOverride:
        """The policies as the planner applies them."""
        return QosOverride(
            reliability=None if self.reliability is None else Reliability[self.reliability.upper()],
            durability=None if self.durability is None else Durability[self.durability.upper()],
            history=self._history(),
        )

    def _history(self) -> History | None:
        if self.depth == "keep_all":
            return History(HistoryKind.KEEP_ALL, -1)
        return None if self.depth is None else History(HistoryKind.KEEP_LAST, self.depth)


def _allow_is_optional(schema: JsonDict) -> None:
    """In the JSON schema: `allow`, or anything else that a rule can set."""
    schema.pop("required")
    schema["anyOf"] = [{"required": [key]} for key in ("allow", *SETTINGS)]


class RuleConfig(Section, json_schema_extra=_allow_is_optional):
    """One rule: the first that matches decides, and none of the others has a say."""

    match: MatchConfig = MatchConfig()
    """What it speaks about; absent: everything."""
    allow: StrictBool
    """Whether it may cross; true where the rule sets anything else. Required in a rule that does not: one
    that says nothing would allow."""
    max_rate_hz: float | None = Field(default=None, strict=True, gt=0.0, le=MAX_RATE_HZ)
    """Samples a second of each publisher, above 0, at most 100000; what comes faster is dropped and
    counted."""
    priority: (
        Literal[
            "real_time", "interactive_high", "interactive_low", "data_high", "data", "data_low", "background"
        ]
        | None
    ) = None
    """Zenoh's priority where a link is full, from real_time to background; null: data. Egress."""
    express: StrictBool | None = None
    """True: each sample is sent at once, without waiting for others to share a packet: less latency, more
    overhead. Egress."""
    congestion: Literal["block", "drop"] | None = None
    """On a full link: block (samples wait, and then reliable publishers) or drop; null: block for reliable
    publishers, see zenoh.reliable_blocking. Egress."""
    qos: QosConfig | None = None
    """QoS policies of our own DDS endpoint: on egress of the reader, on ingress of the writer."""
    remap: str | None = None
    """ROS name on Zenoh of the one name that match.name spells out, before the namespace; both ways."""

    @model_validator(mode="before")
    @classmethod
    def _allow_by_setting(cls, data: object) -> object:
        if not isinstance(data, Mapping) or "allow" in data:
            return data
        # An unknown key counts: it is told by itself, and was meant to set something.
        sets = any(key != "match" and value not in (None, {}) for key, value in data.items())
        return {**data, "allow": True} if sets else data

    @field_validator("remap")
    @classmethod
    def _check_remap(cls, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            check_ros_name(text)
        except InvalidName as error:
            remedy = "write one full ROS name, e.g. /fleet/status"
            raise fault_error(str(error), remedy=remedy) from error
        return text

    def sets(self) -> tuple[str, ...]:
        """The settings that are there."""
        return tuple(key for key in SETTINGS if getattr(self, key) is not None)

    def rule(self, label: str) -> Rule:
        """As the planner asks it.

        Args:
            label: How it is named in a decision, e.g. ``rules[0] (bridge.yaml:14)``.
        """
        return Rule(
            label=label,
            name=self.match.name,
            ros_type=self.match.type,
            node=self.match.node,
            direction=None if self.match.direction is None else Direction(self.match.direction),
            kind=None if self.match.kind is None else RouteKind(self.match.kind),
            allow=self.allow,
            max_rate_hz=self.max_rate_hz,
            priority=None if self.priority is None else PRIORITIES[self.priority],
            express=self.express,
            congestion=None if self.congestion is None else Congestion(self.congestion),
            qos=None if self.qos is None else self.qos.override(),
            remap=self.remap,
        )
