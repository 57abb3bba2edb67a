"""Joining a DDS domain, in words that a person can act on."""

from __future__ import annotations

import logging

from cyclonedds.core import DDSException, Policy
from cyclonedds.core import Qos as CycloneQos
from cyclonedds.domain import Domain, DomainParticipant

from bridge.dds.log import start_messages
from bridge.dds.typelookup import learn_no_types
from bridge.dds.xmlconfig import DdsNetwork, cyclone_xml
from bridge.errors import CannotRun

log = logging.getLogger(__name__)


def join(
    domain_id: int, network: DdsNetwork, *, user_data: str, participants: int = 1
) -> tuple[Domain, tuple[DomainParticipant, ...]]:
    """The domain with our configuration, and participants of ours in it.

    Args:
        domain_id: DDS domain, 0 to 232; not joined by this process yet.
        network: interfaces, peers and a user's own Cyclone configuration.
        user_data: told to others with the participant.
        participants: how many.

    Raises:
        CannotRun: no such interface, no permission, or the domain's ports are taken.
        ConfigError: the user's part of the configuration cannot be used.

    Thread: main, while nothing else in the process prints.
    """
    xml = cyclone_xml(network)
    with start_messages() as said:
        made = _made(domain_id, xml, user_data, participants)
    if isinstance(made, DDSException):
        where = f" on {', '.join(network.interfaces)}" if network.interfaces else ""
        raise CannotRun(
            f"Cyclone DDS cannot join domain {domain_id}{where}: {' '.join(said) or made.msg}",
            remedy="check ros.interfaces against `ip address`, ros.domain_id, and CYCLONEDDS_URI",
        ) from made
    for line in said:
        log.warning("Cyclone DDS: %s", line)
    learn_no_types(made[1][0])
    return made


def _made(
    domain_id: int, xml: str, user_data: str, participants: int
) -> tuple[Domain, tuple[DomainParticipant, ...]] | DDSException:
    try:
        domain = Domain(domain_id, xml)
        return domain, tuple(participant_of(domain_id, user_data) for _ in range(participants))
    except DDSException as error:
        return error


def participant_of(domain_id: int, user_data: str) -> DomainParticipant:
    """One more participant in a domain, configured as the process joined it.

    Raises:
        DDSException: there is no room for it.
    """
    return DomainParticipant(domain_id, qos=CycloneQos(Policy.Userdata(user_data.encode())))
