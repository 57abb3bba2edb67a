"""A link with more to carry than it can: what is urgent passes, what is large comes or is counted."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node
from tests.integration.support.certificates import Certificates
from tests.integration.support.checker import counted
from tests.integration.support.figures import percentile
from tests.integration.support.shaped import ADDRESSES, Namespace, shaped_link, why_no_shaped_link
from tests.integration.support.stalls import served_first

pytestmark = pytest.mark.alone  # measures latencies on a link of a set rate

RATE = "100mbit"
MBIT_S = 100.0
"""The same, as the robot's agent is told."""
LATER_MS = 20.0
"""What a full link may cost the most urgent topic, 99th percentile."""
FILLED_MS = 60.0
"""What it costs any other topic at least, median, or it was not full."""
ATTEMPTS = 4
"""At most: of a machine that does something else meanwhile, the best one counts."""
COMMANDS, COMMANDS_HZ = 1000, 200.0
COMMAND = {"width": 1, "height": 1, "depth": COMMANDS}
"""An image is what the nodes of the test measure with, so the command is a small one."""
VIEW = {"width": 640, "height": 480, "depth": 5}
CAMERAS, VIEWS, VIEWS_HZ = 3, 45, 6.0
"""133 Mbit/s for seven and a half seconds."""
IMAGE = {"width": 2048, "height": 1024, "depth": 10}
"""6 MiB in RGB."""
IMAGES, IMAGES_HZ = 10, 4.0
"""200 Mbit/s."""
WARM_UP = 4
URGENT, PLAIN = "/cmd_vel", "/plain"
RULES = [{"match": {"name": URGENT, "direction": "egress"}, "priority": "real_time", "express": True}]


@pytest.fixture(scope="module", autouse=True)
def needs_a_shaped_link() -> None:
    if reason := why_no_shaped_link():
        pytest.skip(reason)


@dataclass(frozen=True)
class Stage:
    """A robot and a station at the ends of the link."""

    ends: tuple[Namespace, Namespace]
    robot: Agent
    station: Agent
    stack: contextlib.ExitStack

    def topic(self, name: str, **image: int) -> tuple[RosNode, RosNode]:
        """A camera at the robot and a viewer at the station, which have found each other."""
        nodes = []
        for role, end, one in zip(
            ("viewer", "camera"), self.ends[::-1], (self.station, self.robot), strict=True
        ):
            with end.entered():
                node = ros_node("camera", domain=one.domain, role=role, topic=name, **image)
                nodes.append(self.stack.enter_context(node))
        viewer, camera = nodes
        eventually(lambda: camera.call("subscribers") == 1 and viewer.call("publishers") == 1)
        eventually(lambda: self.robot.crosses(name) and self.station.crosses(name))
        return camera, viewer

    def shape(self, rate: str) -> None:
        """What the robot can send from now on."""
        self.ends[0].shape(rate)

    def waits(self, name: str) -> bool:
        """Whether the robot's agent holds samples for which the link has no room."""
        route = self.robot.route(name, "egress")
        return route is not None and route["counters"]["queue_messages"] > 0


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    made = Certificates(folder)
    names = (*ADDRESSES, "127.0.0.1")
    listening = {"listen": [f"tls/{ADDRESSES[1]}:7447"], "tls": made.tls("station", sans=names)}
    connecting = {
        "listen": [],
        "connect": [f"tls/{ADDRESSES[1]}:7447"],
        "tls": made.tls("robot", sans=names),
        "link_mbit_s": MBIT_S,
    }
    with shaped_link() as ends, domains(2) as (here, there), contextlib.ExitStack() as stack:
        with ends[1].entered():
            station = stack.enter_context(agent(domain=there, settings={"zenoh": listening}))
        with ends[0].entered():
            robot = stack.enter_context(agent(domain=here, settings={"zenoh": connecting}, rules=RULES))
        eventually(lambda: robot.status()["links"])
        yield Stage(ends, robot, station, stack)


@contextlib.contextmanager
def publishing(cameras: list[RosNode], *, count: int, rate_hz: float) -> Iterator[None]:
    """All of them at once, meanwhile."""
    threads = [
        threading.Thread(target=one.call, args=("publish",), kwargs={"count": count, "rate_hz": rate_hz})
        for one in cameras
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


def latencies_ms(topics: list[tuple[RosNode, RosNode]]) -> list[list[float]]:
    """Of commands on each of the topics, sent at the same time."""
    before = [len(viewer.call("received")) for _, viewer in topics]
    with publishing([camera for camera, _ in topics], count=COMMANDS, rate_hz=COMMANDS_HZ):
        pass  # until all are sent
    found = []
    for (_, viewer), known in zip(topics, before, strict=True):
        eventually(lambda viewer=viewer, known=known: len(viewer.call("received")) == known + COMMANDS)
        found.append([one["latency_ms"] for one in viewer.call("received")[known:]])
    return found


@dataclass(frozen=True)
class Measured:
    """p50 and p99 in ms of the urgent and of the plain topic, without the cameras and with them."""

    free: list[tuple[float, float]]
    full: list[tuple[float, float]]

    @property
    def filled(self) -> bool:
        """What is not urgent waited."""
        return self.full[1][0] > self.free[1][0] + FILLED_MS


def measured(on: Stage, commands: list[tuple[RosNode, RosNode]], cameras: list[RosNode]) -> Measured:
    names = [f"/camera{number}" for number in range(CAMERAS)]
    eventually(lambda: not any(on.waits(name) for name in names))
    found = [latencies_ms(commands)]
    with publishing(cameras, count=VIEWS, rate_hz=VIEWS_HZ):
        eventually(lambda: all(on.waits(name) for name in names))
        found.append(latencies_ms(commands))
    return Measured(*([(percentile(one, 0.5), percentile(one, 0.99)) for one in state] for state in found))


def later_ms(attempts: list[Measured]) -> float:
    """What the full link cost the urgent topic, p99; the best of each state is the least disturbed one."""
    full = [one.full[0][1] for one in attempts if one.filled]
    return min(full, default=math.inf) - min(one.free[0][1] for one in attempts)


def test_the_most_urgent_topic_is_hardly_later_on_a_link_that_three_cameras_fill(tmp_path: Path) -> None:
    with served_first() as first, stage(tmp_path) as on:
        print("served before the machine's other work" if first else "among the machine's other work")
        on.shape(RATE)
        commands = [on.topic(name, **COMMAND) for name in (URGENT, PLAIN)]
        cameras = [on.topic(f"/camera{number}", **VIEW)[0] for number in range(CAMERAS)]
        attempts: list[Measured] = []
        while len(attempts) < ATTEMPTS and (not attempts or later_ms(attempts) > LATER_MS):
            attempts.append(measured(on, commands, cameras))
            print(f"p50 and p99 in ms of {URGENT}, {PLAIN}: {attempts[-1]}")
        assert later_ms(attempts) <= LATER_MS


def test_a_camera_of_6_mib_images_on_a_link_for_half_of_them_has_each_delivered_or_counted(
    tmp_path: Path,
) -> None:
    with stage(tmp_path) as on:
        camera, viewer = on.topic("/camera", **IMAGE)
        agents = (on.robot, on.station)
        # By the last of them the agents have told each other of the topic, and would count what is lost.
        camera.call("publish", count=WARM_UP, rate_hz=1.0)
        eventually(lambda: viewer.call("received")[-1]["number"] == WARM_UP - 1)
        known, before = len(viewer.call("received")), sum(counted(agents, "/camera").values())
        on.shape(RATE)
        camera.call("publish", count=IMAGES, rate_hz=IMAGES_HZ)

        def all_known() -> list[int]:
            came = [one["number"] for one in viewer.call("received")[known:] if one["intact"]]
            counts = counted(agents, "/camera")
            assert len(came) + sum(counts.values()) - before == IMAGES, f"{len(came)} came, {counts}"
            return came

        came = eventually(all_known, timeout_s=60.0)
        print(f"{len(came)} of {IMAGES} images came, counted: {counted(agents, '/camera')}")
        assert came == sorted(set(came)), "one came twice, or before another"
