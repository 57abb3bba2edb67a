"""Certificates are replaced under agents that run, at 100 messages a second in both directions."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.support import Agent, agent, domains, eventually, ros_node
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

pytestmark = pytest.mark.alone  # measures a silence

REFUSED = "the new certificates are not in use yet: there is no link with the new certificates"
ECHO = "/echo"
CLIENTS, CALLS, CALL_S = 4, 5, 0.05
"""Calls at once, and one after the other; what the server needs for each, so that some are always open."""


@contextlib.contextmanager
def agents(made: Certificates) -> Iterator[tuple[Agent, Agent]]:
    """The robot, which connects, and the station."""
    patient = {"queries_timeout_s": 30.0}
    listening = {"listen": ["tls/127.0.0.1:0"], "tls": made.tls("station")}
    of_robot = shutil.copy(made.ca, made.folder / "robot-ca.pem")  # its own: it alone can trust another
    connecting = {"listen": [], "tls": made.tls("robot") | {"ca": str(of_robot)}}
    with (
        domains(2) as (near, far),
        agent(domain=near, settings={"zenoh": listening | patient}) as station,
        agent(domain=far, connect=[station], settings={"zenoh": connecting | patient}) as robot,
    ):
        yield robot, station


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    made = Certificates(folder)
    with agents(made) as (robot, station), crossing(made, robot, station) as on:
        yield on


def test_the_side_that_connects_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        links = on.robot.status()["connections"]["opened"]
        on.made.issue("robot")
        eventually(lambda: taken_over(on.robot) == 1)
        on.flows()
        assert on.robot.status()["connections"]["opened"] > links, "the link is another one"
        assert on.losses() == {OUT: 0, IN: 0, LATCHED: 0}


def test_certificates_that_the_other_side_refuses_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = Certificates(tmp_path / "stranger")
    stranger.issue("robot")
    with stage(tmp_path) as on:
        for name, own in (("ca.pem", "robot-ca.pem"), ("robot.pem", "robot.pem"), ("robot.key", "robot.key")):
            shutil.copy(stranger.folder / name, tmp_path / own)
        eventually(lambda: REFUSED in on.robot.process.log.read_text(errors="replace"))
        on.flows()
        assert taken_over(on.robot) == 0
        assert on.losses() == {OUT: 0, IN: 0, LATCHED: 0}


def test_the_side_that_listens_pauses_for_half_a_second_and_every_loss_is_counted(tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        silences_s: list[float] = []
        while len(silences_s) < ROTATIONS and min(silences_s, default=1.0) > PAUSE_S:
            before, since_s = shown_by(on.station), time.monotonic()
            on.made.issue("station")
            eventually(lambda: taken_over(on.station) == len(silences_s) + 1)
            assert shown_by(on.station) != before
            on.flows()
            silences_s.append(on.silence_s(since_s))
        print(f"longest silence of each rotation {silences_s}, lost and counted {on.losses()}")
        assert min(silences_s) <= PAUSE_S


@pytest.mark.parametrize("served_by", ["station", "robot"])
def test_calls_that_are_open_meanwhile_are_answered_and_run_once_each(tmp_path: Path, served_by: str) -> None:
    made = Certificates(tmp_path)
    with agents(made) as (robot, station):
        sides = {"station": station, "robot": robot}
        client_side = station if served_by == "robot" else robot
        with (
            ros_node(
                "services", domain=sides[served_by].domain, name="server", echo=[ECHO], delay_s=CALL_S
            ) as server,
            ros_node("services", domain=client_side.domain, name="client") as client,
        ):
            eventually(lambda: client.call("available", service=ECHO))
            found, over = [], threading.Event()

            def call_on() -> None:
                while not over.is_set():
                    found.append(client.call("call", service=ECHO, clients=CLIENTS, count=CALLS))

            calling = threading.Thread(target=call_on)
            calling.start()
            try:
                eventually(lambda: server.call("executed", service=ECHO)["calls"] > 0)
                for name, side in sides.items():
                    made.issue(name)
                    eventually(lambda side=side: taken_over(side) == 1)
            finally:
                over.set()
                calling.join()
            count = CLIENTS * CALLS * len(found)
            assert sum(one["answered"] for one in found) == count, found
            assert not any(one["wrong"] for one in found), found
            assert server.call("executed", service=ECHO)["calls"] == count
