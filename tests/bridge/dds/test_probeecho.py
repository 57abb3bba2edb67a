"""The echo of an agent in its DDS domain: there while somebody asks, and only then."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from cyclonedds.domain import DomainParticipant

from bridge.core import ddsprobe
from bridge.core.policy import Policy, Rule
from bridge.core.qos import Qos, Reliability
from bridge.dds.endpoints import CycloneReader, CycloneWriter
from bridge.dds.probeecho import MAX_ECHOES, EchoesOnDemand
from bridge.dds.rawtopic import create_topic
from tests.builders import plan, publisher, subscriber
from tests.integration.support.waiting import eventually

OWN = "c3"
PING = ddsprobe.ping_name(OWN)
KEY = PING[1:]
RELIABLE = Qos(reliability=Reliability.RELIABLE)


def planned(*things: object, name: str = PING, policy: Policy | None = None) -> tuple:
    return plan(*things, name=name, policy=policy)


def asked(name: str = PING) -> tuple:
    """What is planned while another agent announces somebody who asks."""
    return planned(publisher(key=name[1:], ros_type=ddsprobe.ROS_TYPE), name=name)


def threads() -> int:
    return sum(thread.name == "probe-dds-echo" for thread in threading.enumerate())


@pytest.fixture
def echoes(participant: DomainParticipant, domain_id: int) -> Iterator[EchoesOnDemand]:
    """Of an agent that has joined the domain, as ``participant``; a reply is the request backwards."""
    found = EchoesOnDemand(zid=OWN, domain_id=domain_id, answer=lambda frame: frame[::-1] or None)
    yield found
    found.close()
    assert threads() == 0


class Asker:
    """Asks from the agent's participant, as its routes do."""

    def __init__(self, participant: DomainParticipant, ping: str = PING) -> None:
        ping_topic, pong_topic = (
            create_topic(
                participant, dds_topic=ddsprobe.topic_of(name), dds_type=ddsprobe.DDS_TYPE, keyed=False
            )
            for name in (ping, ddsprobe.pong_name(ping))
        )
        self.writer = CycloneWriter(participant, ping_topic, qos=RELIABLE)
        self.reader = CycloneReader(participant, pong_topic, keyed=False, qos=RELIABLE)

    def ask(self, payload: bytes) -> None:
        eventually(lambda: self.writer.matched() and self.reader.writers())
        self.writer.write(payload, time.time_ns())

    def replies(self, count: int) -> list[bytes]:
        found: list[bytes] = []
        eventually(
            lambda: (
                found.extend(ddsprobe.decode(one.payload) for one in self.reader.take(9))
                or len(found) >= count
            )
        )
        return found

    def close(self) -> None:
        self.writer.close()
        self.reader.close()


@pytest.fixture
def asker(participant: DomainParticipant) -> Iterator[Asker]:
    found = Asker(participant)
    yield found
    found.close()


def test_nobody_asks_so_nothing_is_there(echoes, asker):
    echoes.planned(PING, ())
    echoes.planned(PING, planned(subscriber(key=KEY, ros_type=ddsprobe.ROS_TYPE)))
    echoes.planned("/chatter", plan(publisher()))
    assert threads() == 0
    assert not asker.writer.matched()


def test_somebody_asks_and_is_answered_once_until_he_has_gone(echoes, asker):
    echoes.planned(PING, asked())
    echoes.planned(PING, asked())
    assert threads() == 1
    asker.ask(ddsprobe.encode(b"request"))
    asker.ask(ddsprobe.encode(b"another"))
    assert asker.replies(2) == [b"tseuqer", b"rehtona"]
    echoes.planned(PING, ())
    assert threads() == 0
    eventually(lambda: not asker.writer.matched())


def test_what_holds_no_frame_or_gets_no_answer_ends_nothing(echoes, asker):
    echoes.planned(PING, asked())
    for payload in (
        b"\x00\x01\x00\x00" + b"\x00" * 4,
        ddsprobe.encode(b""),
        b"\x00\x01\x00\x00" + b"\xff" * 60,
    ):
        asker.ask(payload)
    asker.ask(ddsprobe.encode(b"request"))
    assert asker.replies(1) == [b"tseuqer"]


def test_a_rule_that_keeps_requests_out_means_no_echo(echoes):
    denied = Policy(rules=(Rule(name="/zenlink/.*", allow=False, label="rules[0]"),))
    found = planned(publisher(key=KEY, ros_type=ddsprobe.ROS_TYPE), policy=denied)
    assert found
    echoes.planned(PING, found)
    assert threads() == 0


def test_an_echo_of_another_agent_is_not_ours(echoes):
    other = ddsprobe.ping_name("d4")
    echoes.planned(other, asked(other))
    assert threads() == 0


def test_however_many_namespaces_ask_the_echoes_are_bounded(echoes):
    names = [ddsprobe.ping_name(OWN, f"/robot{number}") for number in range(MAX_ECHOES + 3)]
    for name in names:
        echoes.planned(name, asked(name))
    assert threads() == MAX_ECHOES
    echoes.planned(names[0], ())
    echoes.planned(names[-1], asked(names[-1]))
    assert threads() == MAX_ECHOES


def test_a_closed_one_stays_closed(echoes):
    echoes.planned(PING, asked())
    echoes.close()
    echoes.planned(PING, asked())
    assert threads() == 0
