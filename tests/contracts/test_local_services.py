"""What service routes rely on at the DDS side, in either form: servers and clients that meet real ones."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import pytest

from bridge.errors import DdsError, WireError
from bridge.serviceports import LOCAL_CAUSES, LocalClient, LocalServer, LocalServices, ServiceRequest
from tests.contracts.services import (
    MAX_OPEN,
    ROS_TYPE,
    ServicesPair,
    cyclone_services,
    fake_services,
    rclpy_services,
    request,
    response,
    text_of,
)
from tests.integration.support.waiting import eventually

NAME = "/robot/list_parameters"
WAIT_S = 30.0
PAIRS = {"fake": fake_services, "cyclone": cyclone_services, "rclpy": rclpy_services}


@pytest.fixture(params=PAIRS)
def services(request: pytest.FixtureRequest) -> Iterator[ServicesPair]:
    with PAIRS[request.param]() as pair:
        yield pair


class Serving:
    """An open server whose requests wait to be taken."""

    def __init__(self, side: LocalServices, name: str = NAME) -> None:
        self.requests: queue.SimpleQueue[ServiceRequest] = queue.SimpleQueue()
        self.server: LocalServer = side.open_server(
            ros_name=name, ros_type=ROS_TYPE, on_request=self.requests.put
        )

    def next(self) -> ServiceRequest:
        return self.requests.get(timeout=WAIT_S)

    def echo(self, count: int) -> None:
        """Answer that many with their own text."""
        for _ in range(count):
            asked = self.next()
            self.server.reply(asked.header, response(text_of(asked.payload)))


class Calling:
    """A client whose replies wait to be taken."""

    def __init__(self, side: LocalServices, name: str = NAME) -> None:
        self.replies: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
        self.client: LocalClient = side.open_client(
            ros_name=name,
            ros_type=ROS_TYPE,
            on_reply=lambda number, payload: self.replies.put((number, payload)),
        )

    def ready(self) -> Calling:
        eventually(self.client.ready)
        return self

    def call(self, text: str) -> int:
        return self.client.call(request(text))

    def next(self) -> tuple[int, str]:
        number, payload = self.replies.get(timeout=WAIT_S)
        return number, text_of(payload)


@pytest.fixture
def thread() -> Iterator[Callable[[Callable[[], None]], None]]:
    running: list[threading.Thread] = []

    def start(target: Callable[[], None]) -> None:
        running.append(threading.Thread(target=target, name="serving"))
        running[-1].start()

    yield start
    for one in running:
        one.join(WAIT_S)
        assert not one.is_alive()


def test_a_client_is_ready_only_while_a_server_is_there(services: ServicesPair) -> None:
    calling = Calling(services.right)
    other = Calling(services.right, "/other")
    assert not calling.client.ready()
    serving = Serving(services.left)
    calling.ready()
    assert not other.client.ready()
    serving.server.close()
    serving.server.close()
    eventually(lambda: not calling.client.ready())
    Serving(services.left)
    calling.ready()


def test_a_request_and_its_reply_cross_as_they_are(services: ServicesPair) -> None:
    serving, calling = Serving(services.left), Calling(services.right).ready()
    number = calling.call("hello")
    asked = serving.next()
    assert text_of(asked.payload) == "hello"
    # Up to the padding behind the text, which Fast DDS leaves as it finds it.
    assert asked.payload[:18] == request("hello")[:18]
    assert len(asked.header) == 16
    serving.server.reply(asked.header, response("there"))
    assert calling.next() == (number, "there")


def test_each_reply_goes_to_its_own_call_and_client(
    services: ServicesPair, thread: Callable[[Callable[[], None]], None]
) -> None:
    serving = Serving(services.left)
    clients = [Calling(services.right).ready() for _ in range(3)]
    thread(lambda: serving.echo(3 * 20))
    for turn in range(20):
        asked = {index: one.call(f"{index}:{turn}") for index, one in enumerate(clients)}
        for index, one in enumerate(clients):
            assert one.next() == (asked[index], f"{index}:{turn}")
    assert all(one.replies.empty() for one in clients)


def test_replies_may_come_in_another_order(services: ServicesPair) -> None:
    serving, calling = Serving(services.left), Calling(services.right).ready()
    numbers = [calling.call(str(index)) for index in range(5)]
    for asked in reversed([serving.next() for _ in numbers]):
        serving.server.reply(asked.header, response(text_of(asked.payload)))
    assert [calling.next() for _ in numbers] == [(numbers[index], str(index)) for index in reversed(range(5))]


def test_a_mebibyte_goes_both_ways(services: ServicesPair) -> None:
    serving, calling = Serving(services.left), Calling(services.right).ready()
    text = "x" * (1 << 20)
    for _ in range(3):
        number = calling.call(text)
        asked = serving.next()
        assert text_of(asked.payload) == text
        serving.server.reply(asked.header, response(text))
        assert calling.next() == (number, text)


def test_large_ones_at_once_are_all_answered(
    services: ServicesPair, thread: Callable[[Callable[[], None]], None]
) -> None:
    serving, calling = Serving(services.left), Calling(services.right).ready()
    thread(lambda: serving.echo(12))
    numbers = [calling.call(str(index).ljust(300_000, "x")) for index in range(12)]
    found = dict(calling.next() for _ in numbers)
    assert {number: text.rstrip("x") for number, text in found.items()} == {
        number: str(index) for index, number in enumerate(numbers)
    }


def test_what_is_answered_twice_or_unknown_or_forgotten_is_ignored(services: ServicesPair) -> None:
    serving, calling = Serving(services.left), Calling(services.right).ready()
    first, second, third = (calling.call(text) for text in "123")
    one, two, three = (serving.next() for _ in range(3))
    serving.server.forget(one.header)
    serving.server.forget(one.header)
    calling.client.forget(second)
    calling.client.forget(second)
    for asked in (one, two, three, three):
        serving.server.reply(asked.header, response(text_of(asked.payload)))
    serving.server.reply(b"unknown, 16 byte", response("x"))
    assert calling.next() == (third, "3")
    eventually(lambda: calling.client.counts["late"] == 1)
    assert set(calling.client.counts) <= set(LOCAL_CAUSES)
    assert calling.replies.empty()
    assert first != third


def test_open_calls_and_requests_are_bounded(services: ServicesPair) -> None:
    serving, calling, other = (
        Serving(services.left),
        Calling(services.right).ready(),
        Calling(services.right).ready(),
    )
    for number in range(MAX_OPEN):
        calling.call(str(number))
    asked = [serving.next() for _ in range(MAX_OPEN)]
    with pytest.raises(DdsError, match=f"{MAX_OPEN} calls are open already"):
        calling.call("one more")
    refused = other.call("too many")
    eventually(lambda: serving.server.counts["too_many"] == 1)
    assert set(serving.server.counts) <= set(LOCAL_CAUSES)
    other.client.forget(refused)
    serving.server.forget(asked[0].header)
    calling.client.forget(1)
    number = other.call("again")
    again = serving.next()
    serving.server.reply(again.header, response("room"))
    assert other.next() == (number, "room")


@pytest.mark.parametrize(
    "payload", [b"", b"\x00\x01", b"\x00\x01\x00\x00", b"\x00\x00\x00\x00\x01", b"abcdefgh"]
)
def test_a_payload_that_is_no_message_goes_nowhere(services: ServicesPair, payload: bytes) -> None:
    serving, calling = Serving(services.left), Calling(services.right).ready()
    with pytest.raises(WireError):
        calling.client.call(payload)
    number = calling.call("good")
    asked = serving.next()
    assert text_of(asked.payload) == "good"
    with pytest.raises(WireError):
        serving.server.reply(asked.header, payload)
    assert calling.replies.empty()
    assert number


def test_a_closed_client_gets_nothing_and_refuses(services: ServicesPair) -> None:
    serving, calling = Serving(services.left), Calling(services.right).ready()
    stays = Calling(services.right).ready()
    calling.call("gone")
    asked = serving.next()
    calling.client.close()
    calling.client.close()
    assert not calling.client.ready()
    with pytest.raises(DdsError):
        calling.call("x")
    serving.server.reply(asked.header, response("late"))
    stays.call("stays")
    serving.echo(1)
    stays.next()
    assert calling.replies.empty()


def test_services_come_and_go_while_others_are_called(
    services: ServicesPair, thread: Callable[[Callable[[], None]], None]
) -> None:
    serving, calling = Serving(services.left), Calling(services.right).ready()
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            made = [Serving(services.left, "/other").server, Calling(services.right, "/other").client]
            for one in made:
                one.close()

    thread(churn)
    thread(lambda: serving.echo(50))
    try:
        for number in range(50):
            asked = calling.call(str(number))
            assert calling.next() == (asked, str(number))
    finally:
        stop.set()


def test_after_the_end_everything_is_refused(services: ServicesPair) -> None:
    services.left.close()
    services.left.close()
    with pytest.raises(DdsError, match="closed"):
        Serving(services.left)
    with pytest.raises(DdsError, match="closed"):
        Calling(services.left)
