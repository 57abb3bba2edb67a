"""Our clients and servers with typed nodes of the rmw_cyclonedds form at the other end."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.core.gid import VENDOR_FASTDDS, Gid
from bridge.core.requests import join, pair_id
from bridge.dds.endpoints import Peer
from bridge.dds.participant import CycloneSide
from bridge.dds.serviceends import CycloneServer
from bridge.dds.services import CycloneServices
from bridge.errors import DdsError
from bridge.ports import DdsSample
from bridge.serviceports import ServiceRequest
from tests.contracts.pairs import cyclone_side
from tests.integration.nodes.rmw import RmwClient, RmwNode
from tests.integration.nodes.rmw_types import (
    BASIC_TYPES,
    CANCEL_GOAL,
    GET_RESULT,
    SEND_GOAL,
    SET_BOOL,
    Goal,
    GoalInfo,
    ServiceIdl,
    Time,
    Uuid,
    basic,
)
from tests.integration.support import domains, eventually

ECHO = "test_msgs/srv/BasicTypes"
WAIT_S = 20.0
_SAME_DOMAIN = (
    '<CycloneDDS><Domain Id="any"><Discovery>'
    "<ExternalDomainId>{}</ExternalDomainId>"
    "</Discovery></Domain></CycloneDDS>"
)


@pytest.fixture
def ids() -> Iterator[tuple[int, int]]:
    """Two domains of this process that are one on the network."""
    with domains(2) as (first, second):
        yield first, second


@pytest.fixture
def side(ids: tuple[int, int]) -> Iterator[CycloneSide]:
    opened = cyclone_side(ids[0])
    opened.start(lambda event: None)
    yield opened
    opened.close()


@pytest.fixture
def ours(side: CycloneSide) -> Iterator[CycloneServices]:
    services = CycloneServices(side)
    yield services
    services.close()


@pytest.fixture
def node(ids: tuple[int, int]) -> Iterator[RmwNode]:
    made = RmwNode("typed", ids[1], user_xml=_SAME_DOMAIN.format(ids[0]))
    yield made
    made.close()


def echo(request: Any) -> Any:
    return basic(BASIC_TYPES.response, number=request.int64_value, text=request.string_value)


class Echoing:
    """An open server that answers with what it was asked: request and response are alike."""

    def __init__(self, ours: CycloneServices, name: str) -> None:
        self.seen: list[ServiceRequest] = []
        self.server = ours.open_server(ros_name=name, ros_type=ECHO, on_request=self._answer)

    def _answer(self, request: ServiceRequest) -> None:
        self.seen.append(request)
        self.server.reply(request.header, request.payload)


def message(number: int, text: str = "") -> bytes:
    """As it crosses Zenoh: without the header."""
    whole = bytes(basic(BASIC_TYPES.request, number=number, text=text).serialize())
    return whole[:4] + whole[20:]


def text_of(payload: bytes) -> tuple[int, str]:
    found = BASIC_TYPES.response.deserialize(join(payload, bytes(16)))
    return found.int64_value, found.string_value


def test_typed_clients_are_answered_each_with_its_own(ours: CycloneServices, node: RmwNode) -> None:
    echoing = Echoing(ours, "/echo")
    clients = [node.client("/echo", BASIC_TYPES) for _ in range(4)]
    assert all(client.wait(WAIT_S) for client in clients)
    wrong: list[Any] = []

    def run(client: RmwClient, first: int) -> None:
        for number in range(first, first + 50):
            answer = client.ask(basic(BASIC_TYPES.request, number=number, text=f"t{number}"), WAIT_S)
            if answer is None or (answer.int64_value, answer.string_value) != (number, f"t{number}"):
                wrong.append((number, answer))

    threads = [threading.Thread(target=run, args=(one, 1000 * n)) for n, one in enumerate(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []
    assert len(echoing.seen) == 200
    assert [client.strange for client in clients] == [0] * 4


def test_a_typed_server_is_called_and_each_reply_known(ours: CycloneServices, node: RmwNode) -> None:
    replies: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    client = ours.open_client(
        ros_name="/echo", ros_type=ECHO, on_reply=lambda number, payload: replies.put((number, payload))
    )
    assert not client.ready()
    server = node.server("/echo", BASIC_TYPES, echo)
    eventually(client.ready)
    for first in range(0, 80, 8):  # at once; the RMW keeps ten and overwrites the others
        asked = {client.call(message(number, "x" * number)): number for number in range(first, first + 8)}
        answered = dict(replies.get(timeout=WAIT_S) for _ in asked)
        assert {number: text_of(payload) for number, payload in answered.items()} == {
            number: (of, "x" * of) for number, of in asked.items()
        }
    server.close()
    eventually(lambda: not client.ready())


def test_a_mebibyte_goes_both_ways(ours: CycloneServices, node: RmwNode) -> None:
    text = "x" * (1 << 20)
    Echoing(ours, "/ours")
    client = node.client("/ours", BASIC_TYPES)
    assert client.wait(WAIT_S)
    replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    node.server("/theirs", BASIC_TYPES, echo)
    caller = ours.open_client(ros_name="/theirs", ros_type=ECHO, on_reply=lambda _, found: replies.put(found))
    eventually(caller.ready)
    for number in range(3):
        answer = client.ask(basic(BASIC_TYPES.request, number=number, text=text), WAIT_S)
        assert (answer.int64_value, answer.string_value) == (number, text)
        caller.call(message(number, text))
        assert text_of(replies.get(timeout=WAIT_S)) == (number, text)


def test_many_short_lived_clients_get_their_one_answer(ours: CycloneServices, node: RmwNode) -> None:
    """A client asks as soon as it sees us; its reply reader may still be unknown here."""
    echoing = Echoing(ours, "/echo")
    for number in range(100):
        client = node.client("/echo", BASIC_TYPES)
        assert client.wait(WAIT_S)
        answer = client.ask(basic(BASIC_TYPES.request, number=number, text=""), WAIT_S)
        assert answer is not None
        assert answer.int64_value == number
        client.close()
    assert len(echoing.seen) == 100


def test_user_data_is_that_of_the_wire_specification(
    ours: CycloneServices, side: CycloneSide, node: RmwNode
) -> None:
    server = node.server("/a", SET_BOOL, lambda request: None)
    client = node.client("/b", SET_BOOL)
    ours.open_client(ros_name="/a", ros_type="std_srvs/srv/SetBool", on_reply=print)
    ours.open_server(ros_name="/b", ros_type="std_srvs/srv/SetBool", on_request=print)
    for end, kind in ((server, b"clientid"), (client, b"serviceid")):
        readers, writers = eventually(lambda end=end: all(end._matched()) and end._matched())
        assert readers == writers
        (text,) = readers
        assert re.fullmatch(kind + rb"= 1\.10(\.[0-9a-f]{1,2}){14};", text)
        assert pair_id(text).split(b".")[:12] == [f"{octet:x}".encode() for octet in side.participant.prefix]


def test_two_ends_have_two_ids_and_their_gids_are_told(ours: CycloneServices, side: CycloneSide) -> None:
    one = ours.open_client(ros_name="/a", ros_type=ECHO, on_reply=print)
    other = ours.open_server(ros_name="/a", ros_type=ECHO, on_request=print)
    readers, writers = ours.endpoint_gids()
    assert len({*readers, *writers}) == 4
    assert {gid.prefix for gid in (*readers, *writers)} == {side.participant.prefix}
    one.close()
    other.close()
    assert [list(gids) for gids in ours.endpoint_gids()] == [[], []]


def test_requests_of_agents_and_of_other_vendors_are_dropped(side: CycloneSide, node: RmwNode) -> None:
    prefixes: frozenset[bytes] = frozenset()
    ours = CycloneServices(side, agent_prefixes=lambda: prefixes)
    echoing = Echoing(ours, "/echo")
    client = node.client("/echo", BASIC_TYPES)
    assert client.wait(WAIT_S)
    assert client.ask(basic(BASIC_TYPES.request, number=1, text=""), WAIT_S) is not None
    prefixes = frozenset({node.participant.guid.bytes[:12]})
    client.send(basic(BASIC_TYPES.request, number=2, text=""), print)
    eventually(lambda: echoing.server.counts["own"] == 1)
    assert len(echoing.seen) == 1
    ours.close()


@pytest.mark.parametrize(
    ("payload", "cause"),
    [
        (b"", "undecodable"),
        (b"\x00\x01\x00\x00" + bytes(16), "undecodable"),
        (b"\x00\x00\x00\x00" + bytes(17), "undecodable"),
        (b"\xff" * 40, "undecodable"),
    ],
)
def test_what_is_no_request_is_counted(ours: CycloneServices, payload: bytes, cause: str) -> None:
    seen: list[ServiceRequest] = []
    server = ours.open_server(ros_name="/a", ros_type=ECHO, on_request=seen.append)
    remember(server, handle=7, gid=Gid(b"\x01\x10" + bytes(14)))
    server.take(DdsSample(payload, 1, 7))
    assert (seen, server.counts[cause]) == ([], 1)


def test_fast_dds_and_unknown_callers_are_counted(ours: CycloneServices) -> None:
    seen: list[ServiceRequest] = []
    server = ours.open_server(ros_name="/a", ros_type=ECHO, on_request=seen.append)
    remember(server, handle=7, gid=Gid(VENDOR_FASTDDS + bytes(14)))
    for handle in (7, 8):
        server.take(DdsSample(join(message(1), bytes(16)), 1, handle))
    assert seen == []
    assert server.counts == {"other_form": 1, "unknown": 1}


def test_two_requests_of_one_header_are_one(ours: CycloneServices) -> None:
    seen: list[ServiceRequest] = []
    server = ours.open_server(ros_name="/a", ros_type=ECHO, on_request=seen.append)
    remember(server, handle=7, gid=Gid(b"\x01\x10" + bytes(14)))
    for _ in range(2):
        server.take(DdsSample(join(message(1), bytes(16)), 1, 7))
    assert (len(seen), server.counts["duplicate"]) == (1, 1)
    server.forget(bytes(16))
    server.take(DdsSample(join(message(1), bytes(16)), 1, 7))
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("part", "service", "ros_type"),
    [
        ("send_goal", SEND_GOAL, "test_msgs/action/Fibonacci_SendGoal"),
        ("cancel_goal", CANCEL_GOAL, "action_msgs/srv/CancelGoal"),
        ("get_result", GET_RESULT, "test_msgs/action/Fibonacci_GetResult"),
    ],
)
def test_a_part_of_an_action_says_no_in_its_own_type(
    ours: CycloneServices, node: RmwNode, part: str, service: ServiceIdl, ros_type: str
) -> None:
    requests: queue.SimpleQueue[ServiceRequest] = queue.SimpleQueue()
    server = ours.open_server(ros_name=f"/a/_action/{part}", ros_type=ros_type, on_request=requests.put)
    client = node.client(f"/a/_action/{part}", service)
    assert client.wait(WAIT_S)
    goal_id = Uuid(uuid=[0] * 16)
    members = {
        "send_goal": {"goal_id": goal_id, "goal": Goal(order=1)},
        "cancel_goal": {"goal_info": GoalInfo(goal_id=goal_id, stamp=Time())},
        "get_result": {"goal_id": goal_id},
    }
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    client.send(service.request(**members[part]), answers.put)
    server.fail(requests.get(timeout=WAIT_S).header, 1)
    answer = answers.get(timeout=WAIT_S)
    first = {"send_goal": "accepted", "cancel_goal": "return_code", "get_result": "status"}[part]
    assert getattr(answer, first) == 1
    server.fail(b"unknown, 16 byte", 1)


@pytest.mark.parametrize(("name", "ros_type"), [("no_slash", ECHO), ("/a b", ECHO), ("/a", "SetBool")])
def test_what_is_no_service_is_refused(ours: CycloneServices, name: str, ros_type: str) -> None:
    with pytest.raises(DdsError, match="service"):
        ours.open_server(ros_name=name, ros_type=ros_type, on_request=print)
    assert [list(gids) for gids in ours.endpoint_gids()] == [[], []]


def remember(server: CycloneServer, *, handle: int, gid: Gid) -> None:
    """A caller that is matched."""
    server._callers[handle] = Peer(gid, b"")
