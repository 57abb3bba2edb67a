"""A server of ours that stands here for one elsewhere: opened, left after its last answers, closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from bridge.core.serviceplan import PlannedService
from bridge.serviceports import LocalServer, LocalServices, ServiceRequest

FAREWELL_S = 0.3
"""How long the proxy outlives its last answers, so that they reach the clients."""


class Proxy:
    """There or not, any number of times. Thread: engine."""

    def __init__(self, local: LocalServices) -> None:
        self._local = local
        self.server: LocalServer | None = None
        """While it is there. Other threads may read it."""
        self.leaving: LocalServer | None = None
        """After it has sent its last answers. Other threads may read it."""
        self.closes_at_s: float | None = None
        """When what is leaving is closed; None: nothing is."""
        self._counts: Mapping[str, int] = {}
        """Of the latest server, also when it is closed …"""
        self._past_counts: Counter[str] = Counter()
        """… and of all before."""

    def open(self, planned: PlannedService, on_request: Callable[[ServiceRequest], None]) -> None:
        """Be there, unless it is already.

        Raises:
            DdsError: refused, or the type is not installed.
        """
        if self.server is not None:
            return
        self._close_leaving()
        self.server = self._local.open_server(
            ros_name=planned.spec.ros_name, ros_type=planned.ros_type, on_request=on_request
        )
        self._past_counts.update(self._counts)
        self._counts = self.server.counts

    def leave(self, now_s: float) -> None:
        """Be gone once the last answers are heard."""
        if self.server is not None:
            self._close_leaving()
            self.leaving, self.server = self.server, None
            self.closes_at_s = now_s + FAREWELL_S

    def tick(self, now_s: float) -> None:
        """Do what has become due."""
        if self.closes_at_s is not None and now_s >= self.closes_at_s:
            self._close_leaving()

    def counts(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """What the servers counted. Thread: any."""
        return self._past_counts, self._counts

    def close(self) -> None:
        """Be gone at once."""
        self.leave(0.0)
        self._close_leaving()

    def _close_leaving(self) -> None:
        leaving, self.leaving, self.closes_at_s = self.leaving, None, None
        if leaving is not None:
            leaving.close()
