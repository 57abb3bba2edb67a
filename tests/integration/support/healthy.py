"""A topic that must go on undisturbed."""

from __future__ import annotations

from typing import Any

from tests.integration.support.agents import Agent
from tests.integration.support.ros import RosNode
from tests.integration.support.waiting import eventually


class Healthy:
    """Two agents and a topic that crosses them, whatever is done to them meanwhile."""

    def __init__(
        self, left: Agent, right: Agent, source: RosNode, sink: RosNode, *, rate_hz: float = 50.0
    ) -> None:
        self.left, self.right, self._source, self._sink = left, right, source, sink
        self._rate_hz = rate_hz
        sink.call("subscribe", names=["healthy"])
        source.call("publish", group="healthy", names=["healthy"], rate_hz=rate_hz)
        eventually(self.received)
        self.forget_latencies()

    def received(self) -> int:
        """Messages so far."""
        return int(self._sink.call("counts", names=["healthy"])[0][0])

    def latency_ms(self) -> Any:
        """Median, 99th percentile and maximum."""
        return self._sink.call("latency_ms", name="healthy")

    def forget_latencies(self) -> None:
        """Begin to measure anew."""
        self._sink.call("forget_latencies")

    def go_on(self, seconds: float = 1.0) -> None:
        """Wait for so many seconds' worth of messages."""
        before = self.received()
        eventually(lambda: self.received() >= before + seconds * self._rate_hz)

    def check(self) -> None:
        """All of them crossed, once."""
        self.go_on()
        sent = self._source.call("stop_publishing", group="healthy")
        eventually(lambda: self._sink.call("counts", names=["healthy"])[0][3] >= sent - 1)
        [[_, lost, doubled, _]] = self._sink.call("counts", names=["healthy"])
        assert (lost, doubled) == (0, 0)
