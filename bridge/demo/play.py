"""The course of one demo: who comes when, how long it goes on, and how it ends with an outcome."""

from __future__ import annotations

import time
from typing import Protocol

from bridge.demo import places
from bridge.demo.children import Child
from bridge.demo.identities import ADDRESS
from bridge.demo.lines import NodeFlavour, Order, Published, Ready, Report
from bridge.demo.messages import TOPICS
from bridge.demo.report import Outcome
from bridge.demo.stage import Agent, ChildFailed, Stage
from bridge.demo.verdict import CallResult, TopicResult, complete, judge, judge_calls
from bridge.errors import CannotRun

_LATE_S = 2.0
"""How long after the robot the station comes at the earliest."""
_PUBLISHED_S = 10.0
_DRAIN_S = 8.0
"""For the last messages to arrive. Fast DDS may notice a lost datagram only after three seconds."""
_LINGER_S = 0.7
"""After the last message, for a second copy of it to show itself; a report comes in this time."""
_PORT_TRIES = 3
_AGENT_CANNOT_RUN = 3
"""Exit code of an agent that could not take its port."""


class View(Protocol):
    """Where the course is shown."""

    def step(self, text: str) -> None:
        """Say what happens now."""

    def measured(self, report: Report, left_s: float) -> None:
        """Show the counts so far, with the time to go."""


class Play:
    """One demo from the first process to the outcome.

    Args:
        stage: where the processes run; the caller ends it.
        domains: the robot's and the station's; one alone leaves out the agents, for the floor of all numbers.
        view: where it is shown.
        seconds: how long the station listens.
        flavour: what the nodes are made with; ``None`` for ROS nodes where possible.
    """

    def __init__(
        self,
        stage: Stage,
        view: View,
        *,
        domains: tuple[int, ...],
        seconds: float,
        flavour: NodeFlavour | None,
    ) -> None:
        self._stage = stage
        self._view = view
        self._seconds = seconds
        self._flavour = flavour
        self._domains = domains
        self._agents: list[Agent] = []

    def run(self) -> Outcome:
        """Play it all.

        Raises:
            ChildFailed: a process ended early.
            Interrupted: somebody asked for the end.
        """
        self._view.step("starting the robot")
        robot = self._stage.start_node("robot", self._domains[0], self._flavour)
        nodes = self._stage.expect(robot, Ready)
        robot_up = time.monotonic()
        link = self._link() if len(self._domains) > 1 else "DDS alone"
        self._view.step("the station joins late")
        for _ in self._stage.lines(robot_up + _LATE_S - time.monotonic()):
            pass  # whoever fails meanwhile ends the wait
        station = self._stage.start_node("station", self._domains[-1], nodes.flavour)
        self._stage.expect(station, Ready)
        station_up_ns = time.time_ns()
        late_by_s = time.monotonic() - robot_up
        self._measure()
        published = self._silence(robot, station)
        results, calls = self._judge(station, published, station_up_ns)
        hints = self._hints(results, calls)
        return Outcome(
            nodes=nodes,
            domains=self._domains,
            link=link,
            late_by_s=late_by_s,
            results=results,
            calls=calls,
            process_problems=self._stage.end(),
            hints=hints,
        )

    def _link(self) -> str:
        """Start both agents, linked over loopback; the name of the link."""
        self._view.step("starting the agents")
        agent, endpoint = self._listener(self._domains[0])
        self._agents = [agent, self._stage.start_agent("station", self._domains[1], "--connect", endpoint)]
        self._stage.expect_agent(self._agents[1])
        return f"Zenoh on {endpoint}, mutual TLS"

    def _listener(self, domain_id: int) -> tuple[Agent, str]:
        """The agent that listens; again on another port when somebody was faster on the first."""
        tries = _PORT_TRIES
        while True:
            port = places.free_tcp_port()
            endpoint = f"tls/{ADDRESS}:{port}"
            agent = self._stage.start_agent("robot", domain_id, "--listen", endpoint)
            try:
                self._stage.expect_agent(agent)
            except ChildFailed as error:
                tries -= 1
                if tries == 0 or error.exit_code != _AGENT_CANNOT_RUN or not places.tcp_port_taken(port):
                    raise
                self._stage.forget(agent.child)
            else:
                return agent, endpoint

    def _measure(self) -> None:
        end = time.monotonic() + self._seconds
        for heard in self._stage.lines(self._seconds):
            if isinstance(heard.line, Report):
                self._view.measured(heard.line, end - time.monotonic())

    def _silence(self, robot: Child, station: Child) -> Published:
        """Stop publishing and calling, and wait until everything on its way has arrived."""
        robot.tell(Order.QUIET)
        station.tell(Order.QUIET)
        published = self._stage.expect(robot, Published, _PUBLISHED_S)
        self._view.step("waiting for the last messages")
        for heard in self._stage.lines(_DRAIN_S):
            if isinstance(heard.line, Report) and complete(published, heard.line):
                break
        for _ in self._stage.lines(_LINGER_S):
            pass  # a second copy would be counted now
        return published

    def _judge(
        self, station: Child, published: Published, up_ns: int
    ) -> tuple[tuple[TopicResult, ...], tuple[CallResult, ...]]:
        self._view.step("ending the processes")
        self._stage.forget(station)
        report = self._stage.last_line(station, Report)
        return judge(TOPICS, published, report, station_up_ns=up_ns), judge_calls(report)

    def _hints(self, results: tuple[TopicResult, ...], calls: tuple[CallResult, ...]) -> tuple[str, ...]:
        """What the agents know about names that fared badly."""
        bad = [result.topic.name for result in results if result.problems]
        bad += [result.seen.name for result in calls if result.problems]
        return tuple(
            f"{agent.child.name} on {name}: {_explain(agent, name)}" for agent in self._agents for name in bad
        )


def _explain(agent: Agent, name: str) -> str:
    try:
        explanation = agent.ask("explain", name=name)
    except CannotRun as error:
        return str(error)
    return str(explanation.get("verdict") if isinstance(explanation, dict) else explanation)
