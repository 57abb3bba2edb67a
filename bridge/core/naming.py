"""Local ROS names ↔ Zenoh keys: the namespace of this side, and single names remapped by rules.

Used by the graph (what is a remote key called here?) and the planner (which key has this name?).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.core import keys
from bridge.core.routespec import Direction
from bridge.errors import InvalidName


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How names of this side appear on Zenoh, in both directions."""

    namespace: str = "/"
    egress: Mapping[str, str] = field(default_factory=dict)
    """Local name → name on Zenoh, for what we publish there."""
    ingress: Mapping[str, str] = field(default_factory=dict)
    """Local name → name on Zenoh, for what we subscribe to there."""

    def key_expr(self, name: str, direction: Direction) -> str:
        """The Zenoh key of a local name.

        Raises:
            InvalidName: the name has no key.
        """
        return keys.key_expr(self._remaps(direction).get(name, name), self.namespace)

    def local_name(self, key_expr: str, direction: Direction) -> str | None:
        """What a key is called here; None when it has no name on this side.

        A name that is remapped away no longer stands for its own key.
        """
        try:
            name = keys.ros_name(key_expr, self.namespace)
        except InvalidName:
            return None
        remaps = self._remaps(direction)
        for local, remote in remaps.items():
            if remote == name:
                return local
        return None if name in remaps else name

    def _remaps(self, direction: Direction) -> Mapping[str, str]:
        return self.egress if direction is Direction.EGRESS else self.ingress
