"""The latency of a real topic, by the times that its samples carry, agrees with the link's probe."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.relay import Relay
from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node

pytestmark = pytest.mark.alone  # measures latencies

COUNT, RATE_HZ = 500, 50.0
PROBE = {"probe": {"period_s": 0.05}}
"""So that its window of 240 messages is the time of publishing: a busy machine is busy for both."""
SOFTWARE_MS = 1.0
"""A probe and an image are not handled alike."""
RESOLUTION = 1.26
"""A percentile is told as the upper edge of a bucket: it is that much above the true one at most."""
IMAGE = {"topic": "/scan", "width": 8, "height": 8, "depth": 10}


@contextlib.contextmanager
def two_sides(delay_s: float) -> Iterator[tuple[Agent, Agent, RosNode]]:
    with (
        domains(2) as (robot, station),
        agent(domain=station, settings=PROBE) as right,
        Relay(int(right.endpoint.rpartition(":")[2]), delay_s=delay_s) as relay,
        agent(domain=robot, settings={"zenoh": {"connect": [relay.endpoint]}}) as left,
        ros_node("camera", domain=robot, role="camera", **IMAGE) as camera,
        ros_node("camera", domain=station, role="viewer", **IMAGE),
    ):
        yield left, right, camera


def latency(of: Agent, way: str) -> dict[str, Any] | None:
    route = of.route("/scan", way)
    return route and route["counters"]["latency"]


@pytest.mark.parametrize("delay_ms", [5.0, 30.0])
def test_it_agrees_with_the_probe_within_both_bounds(delay_ms: float) -> None:
    with two_sides(delay_ms / 1000.0) as (left, right, camera):
        zid = left.status()["zid"]
        eventually(lambda: left.crosses("/scan") and right.crosses("/scan"))
        eventually(lambda: (found := latency(right, "ingress")) and not found["void"])
        camera.call("publish", count=COUNT, rate_hz=RATE_HZ)
        whole = eventually(
            lambda: (found := latency(right, "ingress")) and found["samples"] > COUNT // 2 and found
        )
        before = latency(left, "egress")
        active = next(one for one in right.ask("probe") if one["target"] == zid)
    print(
        f"{delay_ms:g} ms: topic p50 {whole['p50_ms']}, mean {whole['mean_ms']} ± {whole['bound_ms']} ms; "
        f"before the link p50 {before['p50_ms']}, mean {before['mean_ms']} ms; "
        f"probe p50 {active['back_p50_ms']} ± {active['bound_ms']} ms ({active['clock']})"
    )
    # "back" is the way of the topic: towards the agent that measures.
    bounds_ms = whole["bound_ms"] + active["bound_ms"] + SOFTWARE_MS
    link_at_least_ms = whole["p50_ms"] / RESOLUTION - before["p50_ms"]
    assert link_at_least_ms - bounds_ms <= active["back_p50_ms"] <= whole["p50_ms"] + bounds_ms
    assert delay_ms <= whole["p50_ms"]
