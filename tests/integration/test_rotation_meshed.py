"""Certificates are replaced under agents with more than one link, at 100 messages a second each way."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.support import Agent, agent, domains, eventually
from tests.integration.support.certificates import Certificates, shown_by
from tests.integration.support.rotating import (
    IN,
    LATCHED,
    OUT,
    PAUSE_S,
    ROTATIONS,
    Stage,
    crossing,
    taken_over,
)

pytestmark = pytest.mark.alone  # what Zenoh's routers need for a change, a busy machine makes longer

ROUTER = {"enabled": False}
NOTHING = {OUT: 0, IN: 0, LATCHED: 0}


def linked(one: Agent) -> bool:
    """Whether all links that it ought to keep are up."""
    return all(link["up"] for link in one.status()["connections"]["configured"])


@contextlib.contextmanager
def member(made: Certificates, domain: int, name: str, *, listens: bool, to: list[Agent]) -> Iterator[Agent]:
    """An agent with a certificate of its own, once it is linked to all of these."""
    listen = ["tls/127.0.0.1:0"] if listens else []
    with agent(
        domain=domain, connect=to, settings={"zenoh": {"listen": listen, "tls": made.tls(name)}}
    ) as one:
        eventually(lambda: linked(one))
        yield one


@contextlib.contextmanager
def routers(made: Certificates, *names: str) -> Iterator[list[Agent]]:
    """Pure routers that do not know each other."""
    with contextlib.ExitStack() as stack:
        found = []
        for name in names:
            zenoh = {"listen": ["tls/127.0.0.1:0"], "tls": made.tls(name)}
            found.append(stack.enter_context(agent(domain=0, settings={"ros": ROUTER, "zenoh": zenoh})))
        yield found


def rotate(on: Stage, **sides: Agent) -> None:
    """Replace the certificates of these, all at once, and wait until messages cross with them."""
    before = {name: taken_over(one) for name, one in sides.items()}
    for name in sides:
        on.made.issue(name)
    for name, one in sides.items():
        eventually(lambda one=one, name=name: taken_over(one) == before[name] + 1)
    eventually(lambda: linked(on.robot) and linked(on.station))
    on.flows()


@contextlib.contextmanager
def between_two_routers(folder: Path) -> Iterator[tuple[Stage, list[Agent]]]:
    """Robot and station both connect to both of two routers."""
    made = Certificates(folder)
    with (
        domains(2) as (near, far),
        routers(made, "first", "second") as both,
        member(made, near, "station", listens=False, to=both) as station,
        member(made, far, "robot", listens=False, to=both) as robot,
        crossing(made, robot, station) as on,
    ):
        yield on, both


def test_a_side_that_connects_to_two_routers_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """First one side, then the other, then both at once."""
    with between_two_routers(tmp_path) as (on, _):
        rotate(on, robot=on.robot)
        rotate(on, station=on.station)
        rotate(on, robot=on.robot, station=on.station)
        assert on.losses() == NOTHING


def test_two_routers_take_over_new_certificates_and_every_loss_is_counted(tmp_path: Path) -> None:
    """One after the other, as one would do it: messages go on over the one that stays."""
    with between_two_routers(tmp_path) as (on, both):
        for name, router in zip(("first", "second"), both, strict=True):
            before = shown_by(router)
            since_s = time.monotonic()
            rotate(on, **{name: router})
            assert shown_by(router) != before
            print(f"{name} router: longest silence {on.silence_s(since_s):.3f} s")
        print(f"lost and counted: {on.losses()}")


@contextlib.contextmanager
def with_a_router_beside(folder: Path) -> Iterator[Stage]:
    """The robot connects to a router and to the station, which listens, and connects to the router."""
    made = Certificates(folder)
    with (
        domains(2) as (near, far),
        routers(made, "router") as [router],
        member(made, near, "station", listens=True, to=[router]) as station,
        member(made, far, "robot", listens=False, to=[router, station]) as robot,
        crossing(made, robot, station) as on,
    ):
        yield on


def test_a_robot_linked_to_a_router_and_to_its_station_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with with_a_router_beside(tmp_path) as on:
        rotate(on, robot=on.robot)
        rotate(on, robot=on.robot)
        assert on.losses() == NOTHING


def test_a_station_that_listens_and_connects_pauses_and_every_loss_is_counted(tmp_path: Path) -> None:
    with with_a_router_beside(tmp_path) as on:
        silences_s: list[float] = []
        while len(silences_s) < ROTATIONS and min(silences_s, default=1.0) > PAUSE_S:
            before, since_s = shown_by(on.station), time.monotonic()
            rotate(on, station=on.station)
            assert shown_by(on.station) != before
            silences_s.append(on.silence_s(since_s))
        print(f"longest silence of each rotation {silences_s}, lost and counted {on.losses()}")
        assert min(silences_s) <= PAUSE_S
