"""Holds what a counting subscriber got against what the agents say was lost."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.core.routespec import DropCause
from tests.integration.support.agents import Agent
from tests.integration.support.ros import RosNode
from tests.integration.support.traffic import TOPIC
from tests.integration.support.waiting import eventually

_REPEATS = {DropCause.DUPLICATE.value, DropCause.STALE.value}
"""Came once more, or too late, which is among the lost already where the sample had not come before."""


def counted(agents: Iterable[Agent], topic: str = TOPIC) -> dict[str, int]:
    """Everything the agents' routes of a topic say did not cross, by ``lost``/``drops`` and cause."""
    found: dict[str, int] = {}
    for one in agents:
        for route in one.routes(topic):
            for kind in ("lost", "drops"):
                for cause, count in route["counters"][kind].items():
                    if cause in _REPEATS:
                        continue
                    found[f"{kind} {cause}"] = found.get(f"{kind} {cause}", 0) + count
    return found


def all_losses_are_counted(
    talker: RosNode, tally: RosNode, agents: Iterable[Agent], topic: str = TOPIC
) -> dict[str, int]:
    """From the first message that crossed to the last one sent, nothing doubled; ends the stream.

    Returns:
        What the agents counted.
    """
    agents = tuple(agents)
    sent = talker.call("stop_stream")

    def agree() -> bool:
        summary = tally.call("summary")
        missing = sent - summary["first"] - (summary["count"] - summary["doubled"])
        counts = counted(agents, topic)
        told = [route["counters"] for one in agents for route in one.routes(topic)]
        assert sum(counts.values()) == missing, (
            f"{missing} of {sent} did not come, {counts} were counted; {summary}; {told}"
        )
        return True

    eventually(agree, timeout_s=30.0)
    summary = tally.call("summary")
    assert (summary["doubled"], summary["backward"]) == (0, 0), summary
    return counted(agents, topic)
