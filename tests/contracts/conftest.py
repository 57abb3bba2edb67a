"""Every contract test runs twice: against the fake and against the real adapter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.pairs import (
    DdsPair,
    ZenohPair,
    fake_dds_pair,
    fake_zenoh_pair,
    real_dds_pair,
    real_zenoh_pair,
)


@pytest.fixture(params=["fake", "real"])
def dds(request: pytest.FixtureRequest) -> Iterator[DdsPair]:
    """Two participants of one domain, not started."""
    with fake_dds_pair() if request.param == "fake" else real_dds_pair() as pair:
        yield pair


@pytest.fixture(params=["fake", "real"])
def zenoh(request: pytest.FixtureRequest) -> Iterator[ZenohPair]:
    """Two sessions with a link, not started."""
    with fake_zenoh_pair() if request.param == "fake" else real_zenoh_pair() as pair:
        yield pair
