"""Whatever goes wrong in whatever order: in the end all flows, nothing came twice, all losses are known.

``ZENLINK_SEED`` repeats the faults of a run (their order and lengths, not the moments of the programs);
``ZENLINK_FAULTS_S`` is how long they last, 600 for the ten minutes of a release.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.relay import Relay
from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node
from tests.integration.support.checker import all_losses_are_counted
from tests.integration.support.clocks import SteppedClock
from tests.integration.support.faults import (
    Fault,
    cut,
    delay,
    killed,
    second_link,
    stalled,
    stepped,
    stopped,
    storm,
)
from tests.integration.support.routers import Router, router
from tests.integration.support.traffic import flows, under_way

pytestmark = pytest.mark.alone  # a storm: what it breaks must not be what others of this machine break

FAULTS_S = float(os.environ.get("ZENLINK_FAULTS_S", "40"))
"""40 s and what is around them are a minute."""
SEED = int(os.environ.get("ZENLINK_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
RATE_HZ = 50.0
AWAITED_S = 120.0
"""Longer than any row of faults keeps the links down. For an agent that is waited for no longer nothing is
taken from DDS, which is no loss by the contract, but one to the checker."""
DEEP = 1000
"""DDS keeps 20 s of a topic for an agent that is stopped: what never reached us is nobody's loss but its."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One reliable topic."""

    topic: str
    talker: RosNode
    tally: RosNode


@dataclass(frozen=True, slots=True)
class Stage:
    """Robot and station with a router between them, and a second way around it."""

    left: Agent
    right: Agent
    streams: tuple[Stream, ...]
    faults: tuple[Fault, ...]

    @property
    def agents(self) -> tuple[Agent, Agent]:
        return self.left, self.right


def faults_of(
    middle: Router, left: Agent, right: Agent, links: dict[str, Relay], clocks: dict[str, SteppedClock]
) -> tuple[Fault, ...]:
    way = {name: links[name] for name in ("robot-router", "station-router")}
    return (
        killed("the router", middle),
        *(stopped(name, one) for name, one in (("router", middle), ("robot", left), ("station", right))),
        *(fault(name, relay) for name, relay in way.items() for fault in (cut, stalled, delay)),
        second_link("robot-station", links["robot-station"]),
        *(stepped(name, clock) for name, clock in clocks.items()),
    )


@contextlib.contextmanager
def stage(folder: Path, *, latched: bool = True, grace_s: float = 10.0) -> Iterator[Stage]:
    """Everything runs and flows; with a topic that keeps its history or without.

    Args:
        folder: for the clocks.
        latched: whether there is such a topic.
        grace_s: how long an agent that is away is waited for.
    """
    clocks = {}
    if SteppedClock.available():
        for name in ("robot", "station"):
            (folder / name).mkdir()
            clocks[name] = SteppedClock(folder / name)
    else:
        print("no clock is stepped: libfaketime is not installed (make test-packages)")
    with domains(2) as (robot, station), router() as middle, contextlib.ExitStack() as stack:
        relays = {
            name: stack.enter_context(Relay(middle.port)) for name in ("robot-router", "station-router")
        }

        def edge(name: str, domain: int, *connect: str) -> Agent:
            connect = (relays[f"{name}-router"].endpoint, *connect)
            zenoh = {"connect": connect, "link_grace_s": grace_s}
            settings = {"zenoh": zenoh}
            return stack.enter_context(agent(domain=domain, settings=settings, clock=clocks.get(name)))

        left = edge("robot", robot)
        second = stack.enter_context(Relay(int(left.endpoint.rpartition(":")[2])))
        second.cut()
        right = edge("station", station, second.endpoint)

        def stream(topic: str, source: int, sink: int, **qos: bool) -> Stream:
            tally = stack.enter_context(ros_node("tally", domain=sink, topic=topic, depth=DEEP, **qos))
            talker = stack.enter_context(ros_node("talker", domain=source, topic=topic, depth=DEEP, **qos))
            talker.call("start_stream", rate_hz=RATE_HZ)
            return Stream(topic, talker, tally)

        streams = (stream("/out", robot, station), stream("/in", station, robot))
        if latched:
            streams += (stream("/latched", robot, station, transient_local=True),)
        for one in streams:
            under_way(one.tally, rate_hz=RATE_HZ)
        links = {**relays, "robot-station": second}
        yield Stage(left, right, streams, faults_of(middle, left, right, links, clocks))
        second.heal()


def recovered(on: Stage) -> None:
    """Every topic flows, nothing waits, nobody misses anybody."""
    for one in on.streams:
        flows(one.tally)
    for one in on.agents:
        eventually(lambda one=one: one.status()["links"])
        eventually(lambda one=one: not [f for f in one.status()["findings"] if f["code"] == "bridge_away"])
    for stream in on.streams:
        for one in on.agents:
            eventually(
                lambda one=one, topic=stream.topic: (
                    not any(route["counters"]["queue_messages"] for route in one.routes(topic))
                )
            )


def weather(on: Stage, faults: Sequence[Fault], *, lasting_s: float) -> None:
    """Faults, told so that they can be repeated, and then none."""
    print(f"ZENLINK_SEED={SEED} ZENLINK_FAULTS_S={FAULTS_S:g}")
    lines = list(storm(random.Random(SEED), faults, lasting_s=lasting_s))
    print(f"{len(lines)} faults in {lasting_s:g} s: {', '.join(lines)}")
    recovered(on)


def nothing_doubled(on: Stage) -> None:
    for one in on.streams:
        summary = one.tally.call("summary")
        assert (summary["doubled"], summary["backward"]) == (0, 0), (one.topic, summary)


@pytest.mark.timeout(240 + 2 * FAULTS_S)
def test_random_faults_leave_nothing_stuck_nothing_doubled_and_every_loss_known(tmp_path: Path) -> None:
    with stage(tmp_path, grace_s=AWAITED_S) as on:
        weather(on, on.faults, lasting_s=FAULTS_S)
        for one in on.streams:
            counts = all_losses_are_counted(one.talker, one.tally, on.agents, one.topic)
            print(f"{one.topic}: {one.tally.call('summary')}, counted {counts}")


@pytest.mark.timeout(240 + FAULTS_S)
def test_agents_that_are_killed_meanwhile_leave_nothing_stuck_and_nothing_doubled(tmp_path: Path) -> None:
    """Counters end with their agent, so they are not compared; nor is history, which DDS repeats then."""
    with stage(tmp_path, latched=False) as on:
        deaths = (killed("robot", on.left), killed("station", on.right))
        weather(on, (*on.faults, *deaths * 5), lasting_s=FAULTS_S / 4)
        nothing_doubled(on)
