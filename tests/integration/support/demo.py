"""The traffic of the demo between a robot and a station that meet at a router of the shipped file."""

from __future__ import annotations

import json
from pathlib import Path

from bridge.demo.lines import NodeFlavour
from bridge.demo.play import Play
from bridge.demo.report import Outcome
from bridge.demo.stage import Agent, Stage
from bridge.security.authority import Role
from tests.integration.support.domains import domains
from tests.integration.support.fleet import Fleet

MEMBERS = {"robot": ("robot1", Role.ROBOT), "station": ("station", Role.STATION)}
"""Side and who that is to the access control of the file."""
NAMESPACE = "/robot1"
"""All that the file lets this robot publish."""


class _AtRouter(Stage):
    """Both agents connect to the router, by mutual TLS, and nobody to the other."""

    def __init__(self, router: Fleet, folder: Path) -> None:
        super().__init__(scratch=folder, logs=folder, interrupted=lambda: False)
        self._router = router
        self._folder = folder

    def start_agent(self, side: str, domain_id: int, *_link: str) -> Agent:
        name, role = MEMBERS[side]
        configuration = {
            "http": {"listen": None},
            "ros": {"namespace": NAMESPACE},
            "zenoh": {"listen": [], "tls": self._router.certificates.tls(name, role=role)},
        }
        file = self._folder / f"{side}.yaml"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        return self.start_configured(side, domain_id, file, "--connect", self._router.endpoint)


class _Unseen:
    """Nobody looks on."""

    def step(self, text: str) -> None:
        """Nothing to see."""

    def measured(self, report: object, left_s: float) -> None:
        """Nothing to see."""


def demo_at(router: Fleet, folder: Path, *, seconds: float = 4.0) -> Outcome:
    """Play it with ROS nodes.

    Args:
        router: where the agents meet.
        folder: for sockets and logs; a short path.
        seconds: how long messages flow.
    """
    stage = _AtRouter(router, folder)
    try:
        with domains(2) as (robot, station):
            play = Play(
                stage, _Unseen(), domains=(robot, station), seconds=seconds, flavour=NodeFlavour.RCLPY
            )
            return play.run()
    finally:
        stage.end()


def crossed(outcome: Outcome) -> str:
    """What the station got, as a line; fails unless all came, once and intact, and each call was answered."""
    assert outcome.problems == (), (outcome.problems, outcome.hints)
    assert [one.seen.answered for one in outcome.calls if one.seen.answered], "nothing was called"
    topics = [f"{one.topic.name} {one.received}" for one in outcome.results]
    calls = [f"{one.seen.name} {one.seen.answered} calls" for one in outcome.calls]
    return ", ".join([*topics, *calls])
