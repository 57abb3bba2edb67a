"""A fresh domain for each test: nobody else on this host uses it, and nothing leaves the host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cyclonedds.domain import Domain, DomainParticipant

from bridge.dds.xmlconfig import DdsNetwork, cyclone_xml
from tests.contracts.pairs import DdsPair, real_dds_pair
from tests.integration.support.domains import domains


@pytest.fixture
def domain_id() -> Iterator[int]:
    """A domain id that is reserved for this test."""
    with domains(1) as (found,):
        yield found


@pytest.fixture
def participant(domain_id: int) -> Iterator[DomainParticipant]:
    """One participant, of no agent."""
    domain = Domain(domain_id, cyclone_xml(DdsNetwork(discovery_range="localhost")))
    participant = DomainParticipant(domain_id)
    yield participant
    participant.__del__()
    domain.__del__()


@pytest.fixture
def pair() -> Iterator[DdsPair]:
    """Two started sides of our own that see each other."""
    with real_dds_pair() as found:
        yield found.start()
