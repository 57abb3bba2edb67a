"""A numbered topic from one domain to another, and what must be true of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.integration.support.ros import RosNode, ros_node
from tests.integration.support.waiting import eventually

TOPIC = "/numbers"
RATE_HZ = 50.0
DEPTH = 1000
"""Of either end: deep enough for a burst after a stall, which one of depth 10 would overwrite."""


@contextlib.contextmanager
def traffic(
    robot: int,
    station: int,
    *,
    topic: str = TOPIC,
    writer: str = "w",
    rate_hz: float = RATE_HZ,
    transient_local: bool = False,
) -> Iterator[tuple[RosNode, RosNode]]:
    """A talker and a counter, talking from now on."""
    latched = {"transient_local": True} if transient_local else {}
    kept = latched or {"depth": DEPTH}  # a latched topic has as much history as a node of ROS gives it
    with (
        ros_node("tally", domain=station, topic=topic, depth=DEPTH, ignored="hostile", **latched) as tally,
        ros_node("talker", domain=robot, topic=topic, writers=[writer], **kept) as talker,
    ):
        talker.call("start_stream", rate_hz=rate_hz)
        yield talker, tally


def flows(tally: RosNode) -> None:
    """Wait until messages arrive that were not there before."""
    last = tally.call("summary")["last"]
    eventually(lambda: tally.call("summary")["last"] > last)


def under_way(tally: RosNode, *, rate_hz: float = RATE_HZ) -> None:
    """Wait for three seconds of messages: the receiving agent has been told by then where the sending one is.

    What a link loses before that cannot be counted: agents tell each other once a second.
    """
    eventually(lambda: tally.call("summary")["count"] > 3 * rate_hz)


def nothing_was_lost_or_doubled(talker: RosNode, tally: RosNode) -> None:
    """From the first message that crossed to the last one sent. Ends the stream."""
    sent = talker.call("stop_stream")
    eventually(lambda: tally.call("summary")["last"] == sent - 1)
    summary = tally.call("summary")
    assert (summary["lost"], summary["doubled"], summary["backward"]) == (0, 0, 0), summary
