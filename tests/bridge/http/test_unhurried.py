"""A scrape with rests says the same as one without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry, exposition
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from bridge.http.unhurried import Unhurried
from bridge.metrics import AgentCollector
from bridge.pace import SLICE_STEPS, Pace, hurried
from tests.bridge.facts import facts, route


def made(routes: int, pace: Callable[[], Pace] = hurried) -> CollectorRegistry:
    found = facts(*(route(f"/robot/sensor{number}", messages=number) for number in range(routes)))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(AgentCollector(lambda: found, refused=lambda: 0, pace=pace))
    return registry


@pytest.mark.parametrize("write", [exposition.generate_latest, openmetrics.generate_latest])
def test_what_is_written_is_the_same(write: Callable[[Collector], bytes]) -> None:
    registry = made(100)
    for _ in range(2):  # families that are kept from one scrape to the next stay as they were
        assert write(Unhurried(registry)) == write(registry)


def test_no_more_lines_are_written_at_a_stretch_than_a_slice_has() -> None:
    rests: list[None] = []
    lines = exposition.generate_latest(Unhurried(made(20), Pace(lambda: rests.append(None)))).splitlines()
    samples = sum(not line.startswith(b"#") for line in lines)
    assert len(rests) >= samples / (SLICE_STEPS * 1.5)


def test_making_the_families_of_many_routes_rests_too() -> None:
    rests: list[None] = []
    list(made(1000, lambda: Pace(lambda: rests.append(None))).collect())
    assert len(rests) > 20
