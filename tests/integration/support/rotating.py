"""A robot and a station whose certificates are replaced while topics cross in both directions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.integration.support.agents import Agent
from tests.integration.support.certificates import Certificates
from tests.integration.support.checker import all_losses_are_counted
from tests.integration.support.ros import RosNode
from tests.integration.support.traffic import flows, traffic, under_way

RATE_HZ = 100.0
PAUSE_S = 0.5
ROTATIONS = 3
"""At most: of a machine that does something else meanwhile, the best one counts. Losses do of each."""
OUT, IN, LATCHED = "/numbers", "/commands", "/latched"
_IN_USE = "the new certificates are in use"


def taken_over(one: Agent) -> int:
    """How often it said that replaced certificates are in use."""
    return one.process.log.read_text(errors="replace").count(_IN_USE)


@dataclass(frozen=True)
class Stage:
    """A robot, a station, and what crosses."""

    made: Certificates
    robot: Agent
    station: Agent
    streams: dict[str, tuple[RosNode, RosNode]]

    def flows(self) -> None:
        for _, tally in self.streams.values():
            flows(tally)

    def silence_s(self, since_s: float) -> float:
        """The longest, of both directions."""
        return max(tally.call("longest_silence_s", since_s=since_s) for _, tally in self.streams.values())

    def losses(self) -> dict[str, int]:
        """What did not come, all of it counted; ends the streams."""
        agents = (self.robot, self.station)
        return {
            topic: sum(all_losses_are_counted(talker, tally, agents, topic).values())
            for topic, (talker, tally) in self.streams.items()
        }


@contextlib.contextmanager
def crossing(made: Certificates, robot: Agent, station: Agent) -> Iterator[Stage]:
    """Numbers cross from each to the other, and their counting has begun."""
    with (
        traffic(robot.domain, station.domain, topic=OUT, rate_hz=RATE_HZ) as out,
        traffic(station.domain, robot.domain, topic=IN, rate_hz=RATE_HZ) as back,
        traffic(
            robot.domain, station.domain, topic=LATCHED, rate_hz=RATE_HZ, transient_local=True
        ) as latched,
    ):
        on = Stage(made, robot, station, {OUT: out, IN: back, LATCHED: latched})
        for _, tally in on.streams.values():
            under_way(tally, rate_hz=RATE_HZ)
        yield on
