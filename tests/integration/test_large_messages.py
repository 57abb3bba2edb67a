"""Large messages cross whole: none lost, none doubled, at the rate of a camera."""

from __future__ import annotations

import pytest

from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node
from tests.integration.support.figures import percentile

pytestmark = pytest.mark.alone  # needs 60 MB/s each way, all the time

IMAGE = {"width": 2048, "height": 1024}
"""6 MiB in RGB."""
COUNT = 100
RATE_HZ = 10.0


def all_arrived(viewer: RosNode, *agents: Agent) -> bool:
    count = len(viewer.call("received"))
    counters = [route["counters"] for one in agents for route in one.routes("/camera/image_raw")]
    assert count >= COUNT, f"{count} arrived; {counters}"
    return True


def test_a_camera_of_6_mib_images_at_10_hz_loses_and_doubles_none() -> None:
    camera_args = {"topic": "/camera/image_raw", "depth": 20, **IMAGE}
    with (
        domains(2) as (robot, station),
        agent(domain=robot) as left,
        agent(domain=station, connect=[left]) as right,
        ros_node("camera", domain=robot, role="camera", **camera_args) as camera,
        ros_node("camera", domain=station, role="viewer", **camera_args) as viewer,
    ):
        eventually(lambda: camera.call("subscribers") == 1 and viewer.call("publishers") == 1)
        camera.call("publish", count=COUNT, rate_hz=RATE_HZ)
        eventually(lambda: all_arrived(viewer, left, right))

        received = viewer.call("received")
        assert [image["number"] for image in received] == list(range(COUNT))
        assert all(image["intact"] for image in received)
        latencies_ms = [image["latency_ms"] for image in received]
        print(
            f"6 MiB at {RATE_HZ:g} Hz: {COUNT} of {COUNT} intact and in order; latency "
            f"p50 {percentile(latencies_ms, 0.5):.0f} ms, p99 {percentile(latencies_ms, 0.99):.0f} ms"
        )
