"""A scrape shows the newest reading and waits for none; a source that fails is told once and tried again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric

from bridge.errors import CannotRun
from bridge.hostmetrics.sampler import HostSampler
from tests.integration.support.waiting import eventually


class Source:
    """Tells how often it was read, until it fails; can hang."""

    name = "source"

    def __init__(self) -> None:
        self.reads = 0
        self.error: Exception | None = None
        self.go = threading.Event()
        self.go.set()
        self.closed = False

    def read(self) -> Sequence[Metric]:
        self.go.wait()
        self.reads += 1
        if self.error is not None:
            raise self.error
        return [GaugeMetricFamily("reads", "So often.", value=self.reads)]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def sampler(source: Source) -> Iterator[HostSampler]:
    made = HostSampler([source], period_s=0.001)
    made.start()
    yield made
    source.go.set()
    made.close()
    assert source.closed


def told(sampler: HostSampler) -> dict[str, float]:
    return {sample.name: sample.value for family in sampler.collect() for sample in family.samples}


def test_the_newest_reading_is_shown(source: Source, sampler: HostSampler) -> None:
    eventually(lambda: told(sampler).get("reads", 0) > 3)
    assert told(sampler)["zenlink_host_collector_up"] == 1


@pytest.mark.parametrize("error", [CannotRun("no driver", remedy="install one"), KeyError("usage")])
def test_a_source_that_fails_is_told_once_and_tried_again(
    source: Source, sampler: HostSampler, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    with caplog.at_level(logging.WARNING):
        eventually(lambda: "reads" in told(sampler))
        source.error = error
        eventually(lambda: told(sampler) == {"zenlink_host_collector_up": 0})
        before = source.reads
        eventually(lambda: source.reads > before + 5)
        source.error = None
        eventually(lambda: told(sampler).get("zenlink_host_collector_up") == 1)
    assert len([line for line in caplog.messages if line.startswith("no metrics of source: ")]) == 1


def test_a_source_that_hangs_keeps_no_scrape(source: Source, sampler: HostSampler) -> None:
    eventually(lambda: "reads" in told(sampler))
    source.go.clear()
    assert "reads" in told(sampler)
