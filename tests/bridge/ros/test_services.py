"""Servers and clients through rclpy, with real nodes of rclpy in processes of their own."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="ROS is not in this environment")

import rclpy
from rclpy.context import Context
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import deserialize_message, serialize_message
from std_srvs.srv import SetBool
from test_msgs.srv import BasicTypes

from bridge.core.gid import VENDOR_FASTDDS
from bridge.errors import DdsError, WireError
from bridge.ros import environment
from bridge.ros.services import RclpyServices
from bridge.ros.types import service_type
from bridge.serviceports import REACH_S, ServiceRequest
from tests.integration.support import domains, eventually, ros_node

ECHO = "test_msgs/srv/BasicTypes"
WAIT_S = 20.0


@contextlib.contextmanager
def services(domain: int, **options: Any) -> Iterator[RclpyServices]:
    told = environment.variables(
        discovery_range="localhost", loopback_only=True, static_peers=(), environment=os.environ
    )
    undo = environment.apply(told, os.environ)
    before = set(threading.enumerate())
    opened = RclpyServices(domain_id=domain, zid="1ab2c3d4e5f6", **options)
    try:
        yield opened
    finally:
        opened.close()
        undo()
    assert set(threading.enumerate()) <= before, "a thread is left"


@pytest.fixture
def domain() -> Iterator[int]:
    with domains(1) as (domain_id,):
        yield domain_id


class Echoing:
    """An open server that answers with what it was asked, from another thread."""

    def __init__(self, local: RclpyServices, name: str) -> None:
        self.requests: queue.SimpleQueue[ServiceRequest] = queue.SimpleQueue()
        self.seen = 0
        self.server = local.open_server(ros_name=name, ros_type=ECHO, on_request=self.requests.put)
        self._thread = threading.Thread(target=self._run, name="echoing")
        self._thread.start()

    def _run(self) -> None:
        while (request := self.requests.get()).header:
            self.seen += 1
            asked = deserialize_message(request.payload, BasicTypes.Request)
            answer = BasicTypes.Response(int64_value=asked.int64_value, string_value=asked.string_value)
            self.server.reply(request.header, serialize_message(answer))

    def stop(self) -> None:
        self.requests.put(ServiceRequest(payload=b"", header=b""))
        self._thread.join()


def request(number: int, text: str = "") -> bytes:
    return serialize_message(BasicTypes.Request(int64_value=number, string_value=text))


def number_of(payload: bytes) -> int:
    return deserialize_message(payload, BasicTypes.Response).int64_value


def test_nothing_is_loaded_before_a_service_needs_it(domain: int) -> None:
    with services(domain) as local:
        assert local.describe() == "rclpy: not loaded, no service needs it"
        local.open_client(ros_name="/a", ros_type=ECHO, on_reply=print)
        assert local.describe() == "rclpy with rmw_fastrtps_cpp"


def test_calls_of_several_clients_are_answered_each_with_its_own(domain: int) -> None:
    with services(domain) as local, ros_node("services", domain=domain) as node:
        echoing = Echoing(local, "/echo")
        try:
            found = node.call("call", service="/echo", clients=4, count=100)
        finally:
            echoing.stop()
    assert (found["answered"], found["wrong"], found["unanswered"], echoing.seen) == (400, 0, 0, 400), found


def test_a_client_calls_a_real_server_and_knows_each_reply(domain: int) -> None:
    replies: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    with services(domain) as local, ros_node("services", domain=domain, echo=["/echo"]) as node:
        client = local.open_client(
            ros_name="/echo", ros_type=ECHO, on_reply=lambda number, payload: replies.put((number, payload))
        )
        eventually(client.ready)
        asked = {client.call(request(number)): number for number in range(1, 9)}
        answered = dict(replies.get(timeout=WAIT_S) for _ in asked)
        assert {number: number_of(payload) for number, payload in answered.items()} == asked
        node.call("stop_echo", service="/echo")
        eventually(lambda: not client.ready())


def test_a_mebibyte_goes_both_ways(domain: int) -> None:
    replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    text = "x" * (1 << 20)
    with services(domain) as local, ros_node("services", domain=domain, echo=["/echo"]) as node:
        client = local.open_client(
            ros_name="/echo", ros_type=ECHO, on_reply=lambda _, payload: replies.put(payload)
        )
        eventually(client.ready)
        client.call(request(1, text))
        assert deserialize_message(replies.get(timeout=WAIT_S), BasicTypes.Response).string_value == text
        echoing = Echoing(local, "/back")
        try:
            found = node.call("call", service="/back", clients=1, count=2, chars=1 << 20)
        finally:
            echoing.stop()
    assert found["answered"] == 2


def test_parts_of_an_action_are_services_like_any_other(domain: int) -> None:
    with services(domain) as local:
        for part, ros_type in (
            ("send_goal", "test_msgs/action/Fibonacci_SendGoal"),
            ("cancel_goal", "action_msgs/srv/CancelGoal"),
            ("get_result", "test_msgs/action/Fibonacci_GetResult"),
        ):
            name = f"/fib/_action/{part}"
            local.open_server(ros_name=name, ros_type=ros_type, on_request=print)
            client = local.open_client(ros_name=name, ros_type=ros_type, on_reply=print)
            eventually(client.ready)


@pytest.mark.parametrize(
    ("part", "ros_type", "first"),
    [
        ("send_goal", "test_msgs/action/Fibonacci_SendGoal", 0),
        ("cancel_goal", "action_msgs/srv/CancelGoal", 1),
        ("get_result", "test_msgs/action/Fibonacci_GetResult", 6),
    ],
)
def test_the_services_of_an_action_can_say_no(part: str, ros_type: str, first: int, domain: int) -> None:
    seen: queue.SimpleQueue[ServiceRequest] = queue.SimpleQueue()
    replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    with services(domain) as local:
        name = f"/fib/_action/{part}"
        server = local.open_server(ros_name=name, ros_type=ros_type, on_request=seen.put)
        client = local.open_client(
            ros_name=name, ros_type=ros_type, on_reply=lambda _, payload: replies.put(payload)
        )
        eventually(client.ready)
        found = service_type(ros_type)
        client.call(serialize_message(found.request()))
        header = seen.get(timeout=WAIT_S).header
        server.fail(header, first)
        server.fail(header, first)
        answer = deserialize_message(replies.get(timeout=WAIT_S), found.response)
    expected = found.response()
    name = next(iter(expected.get_fields_and_field_types()))
    setattr(expected, name, type(getattr(expected, name))(first))
    assert answer == expected
    assert replies.empty()


def test_a_caller_whose_reader_of_replies_is_not_there_yet_is_waited_for(domain: int) -> None:
    """rmw_fastrtps drops such a reply, and rclpy only warns; here the reader's QoS never matches."""
    seen: queue.SimpleQueue[ServiceRequest] = queue.SimpleQueue()
    with services(domain) as local, contextlib.ExitStack() as closing:
        server = local.open_server(ros_name="/a", ros_type="std_srvs/srv/SetBool", on_request=seen.put)
        context = Context()
        context.init(domain_id=domain)
        closing.callback(context.shutdown)
        node = rclpy.create_node("caller", context=context)
        closing.callback(node.destroy_node)
        kept = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        client = node.create_client(SetBool, "/a", qos_profile=kept)

        def asked() -> bool:
            client.call_async(SetBool.Request(data=True))
            return not seen.empty()

        eventually(asked)
        header = seen.get().header
        began_s = time.monotonic()
        server.reply(header, serialize_message(SetBool.Response()))
        assert server.counts["unreached"] == 0, "it waits, but nobody waits for it"
        eventually(lambda: server.counts["unreached"] == 1)
        assert time.monotonic() - began_s >= REACH_S


def test_requests_of_agents_are_not_passed_on(domain: int) -> None:
    seen: list[ServiceRequest] = []
    prefixes: frozenset[bytes] = frozenset()
    with services(domain, agent_prefixes=lambda: prefixes) as local:
        server = local.open_server(ros_name="/a", ros_type=ECHO, on_request=seen.append)
        client = local.open_client(ros_name="/a", ros_type=ECHO, on_reply=print)
        eventually(client.ready)
        client.call(request(1))
        eventually(lambda: len(seen) == 1)
        prefixes = frozenset({server.last_caller.prefix})
        client.call(request(2))
        eventually(lambda: server.counts["own"] == 1)
    assert len(seen) == 1


def test_what_is_forgotten_is_neither_answered_nor_delivered(domain: int) -> None:
    seen: queue.SimpleQueue[ServiceRequest] = queue.SimpleQueue()
    replies: queue.SimpleQueue[int] = queue.SimpleQueue()
    with services(domain) as local:
        server = local.open_server(ros_name="/a", ros_type=ECHO, on_request=seen.put)
        client = local.open_client(
            ros_name="/a", ros_type=ECHO, on_reply=lambda number, _: replies.put(number)
        )
        eventually(client.ready)
        first, second, third = (client.call(request(number)) for number in (1, 2, 3))
        one, two, three = (seen.get(timeout=WAIT_S) for _ in range(3))
        server.forget(one.header)
        server.forget(one.header)
        client.forget(second)
        answer = serialize_message(BasicTypes.Response())
        for asked in (one, two, three, three):
            server.reply(asked.header, answer)
        server.reply(b"unknown, 16 byte", answer)
        assert replies.get(timeout=WAIT_S) == third
        eventually(lambda: client.counts["late"] == 1)
        assert replies.empty()
        assert first != third


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00\x01",
        b"\x00\x07\x00\x00\x01",
        b"\x00\x01\x00\x00",
        b"\x00\x01\x00\x00\x01\x00\x00\x00\x00",
        bytes(24),
    ],
)
def test_a_payload_that_is_no_message_of_the_type_goes_nowhere(payload: bytes, domain: int) -> None:
    seen: queue.SimpleQueue[ServiceRequest] = queue.SimpleQueue()
    with services(domain) as local:
        server = local.open_server(ros_name="/a", ros_type="std_srvs/srv/SetBool", on_request=seen.put)
        client = local.open_client(ros_name="/a", ros_type="std_srvs/srv/SetBool", on_reply=print)
        eventually(client.ready)
        with pytest.raises(WireError):
            client.call(payload)
        client.call(serialize_message(SetBool.Request(data=True)))
        asked = seen.get(timeout=WAIT_S)
        with pytest.raises(WireError):
            server.reply(asked.header, payload)
        assert seen.empty()


def test_open_calls_and_requests_are_bounded(domain: int) -> None:
    seen: list[ServiceRequest] = []
    with services(domain, max_open=3) as local:
        server = local.open_server(ros_name="/a", ros_type=ECHO, on_request=seen.append)
        client = local.open_client(ros_name="/a", ros_type=ECHO, on_reply=print)
        other = local.open_client(ros_name="/a", ros_type=ECHO, on_reply=print)
        eventually(lambda: client.ready() and other.ready())
        for number in range(3):
            client.call(request(number))
        with pytest.raises(DdsError, match="3 calls are open already"):
            client.call(request(4))
        eventually(lambda: len(seen) == 3)
        other.call(request(5))
        eventually(lambda: server.counts["too_many"] == 1)
    assert len(seen) == 3


def test_services_come_and_go_while_others_are_called(domain: int) -> None:
    with services(domain) as local, ros_node("services", domain=domain) as node:
        echoing = Echoing(local, "/echo")
        stop = threading.Event()

        def churn() -> None:
            while not stop.is_set():
                opened = [
                    local.open_server(ros_name="/other", ros_type=ECHO, on_request=print),
                    local.open_client(ros_name="/other", ros_type=ECHO, on_reply=print),
                ]
                for one in opened:
                    one.close()
                    one.close()

        engine = threading.Thread(target=churn, name="engine")
        engine.start()
        try:
            found = node.call("call", service="/echo", clients=4, count=50)
        finally:
            stop.set()
            engine.join()
            echoing.stop()
    assert (found["answered"], found["wrong"]) == (200, 0), found


def test_what_is_closed_says_so(domain: int) -> None:
    with services(domain) as local:
        client = local.open_client(ros_name="/a", ros_type=ECHO, on_reply=print)
        client.close()
        assert not client.ready()
        with pytest.raises(DdsError, match="closed"):
            client.call(request(1))
        local.close()
        with pytest.raises(DdsError, match="closed"):
            local.open_client(ros_name="/a", ros_type=ECHO, on_reply=print)


def test_a_type_that_is_missing_is_said_with_what_to_install(domain: int) -> None:
    with services(domain) as local, pytest.raises(DdsError, match="install ros-"):
        local.open_client(ros_name="/a", ros_type="no_such_msgs/srv/Do", on_reply=print)


def test_without_rclpy_a_service_is_refused_with_what_to_do(
    domain: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rclpy.context", None)
    with services(domain) as local:
        with pytest.raises(DdsError, match=r"need rclpy, which is not here .* where ROS is sourced"):
            local.open_client(ros_name="/a", ros_type=ECHO, on_reply=print)
        assert "need rclpy" in local.describe()


def test_the_callers_identity_is_read_and_is_fast_dds(domain: int) -> None:
    seen: queue.SimpleQueue[ServiceRequest] = queue.SimpleQueue()
    with services(domain) as local:
        server = local.open_server(ros_name="/a", ros_type=ECHO, on_request=seen.put)
        client = local.open_client(ros_name="/a", ros_type=ECHO, on_reply=print)
        eventually(client.ready)
        client.call(request(1))
        seen.get(timeout=WAIT_S)
        assert server.last_caller is not None
        assert server.last_caller.vendor == VENDOR_FASTDDS
