"""One domain, as many participants as wanted, known by what they say about themselves."""

from __future__ import annotations

import pytest

from bridge.dds.join import join
from bridge.dds.xmlconfig import DdsNetwork
from bridge.errors import CannotRun
from tests.contracts.pairs import loopback


def test_every_participant_is_another_one(domain_id):
    domain, participants = join(domain_id, loopback(), user_data="enclave=/;", participants=2)
    assert len({participant.guid for participant in participants}) == 2
    for participant in participants:
        participant.__del__()
    domain.__del__()


def test_a_domain_that_is_joined_already_is_one_line(participant, domain_id):
    with pytest.raises(CannotRun, match=f"domain {domain_id}"):
        join(domain_id, loopback(), user_data="")


def test_an_interface_that_is_missing_is_named():
    with pytest.raises(CannotRun, match="on no-such-if"):
        join(7, DdsNetwork(interfaces=("no-such-if",)), user_data="")
