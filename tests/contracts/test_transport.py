"""What the runner relies on, held by every transport and its echo on loopback."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator

import pytest

from bridge.dds.probe import DdsTransport
from bridge.dds.probeecho import ServedEcho
from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import ZenohSession
from netopt.core.probeframe import MAX_FRAME_BYTES, Request, is_reply_of
from netopt.core.schedule import Schedule
from netopt.errors import CannotMeasure
from netopt.kernel.sockets import kernel_figures
from netopt.ports import Transport
from netopt.probe.clocks import SystemClock, own_echo
from netopt.probe.echo import SERVE_BYTES_PER_S, SERVE_RATE_HZ, Answerer
from netopt.probe.runner import Result, Runner
from netopt.probe.tcp import TcpEcho, TcpTransport
from netopt.probe.udp import UdpEcho, UdpTransport
from netopt.probe.zenoh import ZenohEcho, ZenohTransport
from tests.contracts.pairs import loopback, zenoh_session
from tests.integration.support.domains import domains
from tests.integration.support.waiting import eventually

Make = Callable[[], Transport]
KINDS = ("zenoh", "tcp", "udp", "dds")
SCHEDULE = Schedule(rate_hz=200.0, messages=40, warmup=10, timeout_s=20.0)


@contextlib.contextmanager
def echoing(kind: str, answerer: Answerer) -> Iterator[Make]:
    """An echo, and how to make a transport to it."""
    with contextlib.ExitStack() as closing:
        if kind == "udp":
            udp = UdpEcho("127.0.0.1:0", answerer)
            closing.callback(udp.close)
            yield lambda: UdpTransport(udp.address)
        elif kind == "tcp":
            tcp = TcpEcho("127.0.0.1:0", answerer)
            closing.callback(tcp.close)
            yield lambda: TcpTransport(tcp.address)
        elif kind == "dds":
            domain_id, alias = closing.enter_context(domains(2))
            dds = ServedEcho("contract", domain_id=domain_id, network=loopback(), answer=answerer.answer)
            closing.callback(dds.close)
            yield lambda: DdsTransport(
                dds.name,
                domain_id=alias,
                network=loopback(same_as=domain_id),
                greeting=Request(run=0, sequence=0, sent_wall_ns=0).encode(),
                greets=lambda frame: is_reply_of(0, frame),
                why=lambda name: f"{name} is not looked at",
                stop=threading.Event(),
            )
        else:
            ours = zenoh_session(listen=("tcp/127.0.0.1:0",))
            closing.callback(ours.close)
            closing.callback(ZenohEcho(ours.raw, answerer).close)
            endpoints = ours.listening()

            def open_session():
                # A peer, as `zenlink probe` is: a router that joins right after another one left gets
                # neither queries nor subscriptions for some seconds (eclipse-zenoh 1.10.2).
                network = ZenohNetwork(mode="peer", connect=endpoints, shared_memory=False)
                session = ZenohSession.open(network, stop=threading.Event())
                return session.raw, session.close

            yield lambda: ZenohTransport(open_session)


def answerer(**bounds: float) -> Answerer:
    return Answerer(
        clock=SystemClock(), **{"rate_hz": SERVE_RATE_HZ, "bytes_per_s": SERVE_BYTES_PER_S, **bounds}
    )


@pytest.fixture(params=KINDS)
def make(request) -> Iterator[Make]:
    with echoing(request.param, answerer()) as found:
        yield found


def measured(transport: Transport, schedule: Schedule = SCHEDULE) -> Result:
    return Runner(transport, schedule, clock=SystemClock(), own=own_echo()).run(threading.Event())


def test_every_message_comes_back_once_and_in_order(make):
    summary = measured(make()).summary
    assert (summary.received, summary.lost, summary.duplicates, summary.reordered) == (40, 0, 0, 0)


def test_both_ends_of_one_host_read_one_clock(make):
    one_way = measured(make()).summary.one_way
    assert (one_way.source, one_way.bound_ms) == ("same clock", 0.0)


def test_the_first_message_is_timed_from_the_opening(make):
    assert measured(make()).first_message_ms > 0.0


def test_a_transport_can_be_closed_twice_and_unopened(make):
    transport = make()
    transport.close()
    transport = make()
    measured(transport)
    transport.close()


@pytest.mark.parametrize("make", ["zenoh", "tcp", "udp"], indirect=True)
def test_its_socket_is_the_one_that_the_frames_went_through(make):
    transport, came = make(), threading.Event()
    with contextlib.closing(transport):
        transport.open(lambda _frame: came.set())
        frame = Request(run=1, sequence=1, sent_wall_ns=1).encode(50_000)
        while not came.is_set():
            transport.send(frame)
            came.wait(1.0)
        (ends,) = transport.sockets()
        (figures,) = kernel_figures([ends])
        assert figures.interface == "lo"
        if ends.stream:
            assert figures.tcp.bytes_sent >= 50_000
            assert figures.tcp.bytes_received >= 50_000
        else:
            assert figures.udp_dropped == 0
    assert transport.sockets() == ()


def test_no_thread_stays_behind(make):
    before = set(threading.enumerate())
    measured(make())
    named = [
        t.name
        for t in threading.enumerate()
        if t not in before and t.name.endswith(("-tcp-in", "-udp", "-dds"))
    ]
    assert named == []


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        *(("zenoh", 1 << 10), ("zenoh", 1 << 20)),
        *(("tcp", 1 << 10), ("tcp", MAX_FRAME_BYTES)),
        *(("dds", 1001), ("dds", 1 << 20)),
    ],
)
def test_large_messages_come_back_whole(kind, size):
    frame = Request(run=1, sequence=1, sent_wall_ns=1).encode() + random.Random(size).randbytes(size - 64)
    replies: list[bytes] = []
    came = threading.Event()

    def take(reply: bytes) -> None:
        replies.append(reply)
        came.set()

    with echoing(kind, answerer(bytes_per_s=1e9)) as make, contextlib.closing(make()) as transport:
        transport.open(take)
        for _ in range(20):  # what the path cannot take now is lost, which a busy machine makes of large ones
            transport.send(frame)
            if came.wait(5.0):
                break
    assert replies
    assert len(replies[0]) == size
    assert replies[0][64:] == frame[64:]


@pytest.mark.parametrize("kind", KINDS)
def test_an_echo_answers_no_more_than_its_bound_and_goes_on(kind):
    bounded = answerer(rate_hz=20.0)
    with echoing(kind, bounded) as make:
        flood = Schedule(rate_hz=2000.0, messages=400, warmup=0, timeout_s=0.5)
        summary = measured(make(), flood).summary
        assert summary.lost >= 300
        assert bounded.limited >= 300
        slow = Schedule(rate_hz=5.0, messages=2, warmup=2, timeout_s=20.0)
        assert measured(make(), slow).summary.received == 2


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_request_is_counted_and_the_echo_goes_on(kind):
    counting = answerer()
    with echoing(kind, counting) as make:
        transport = make()
        transport.open(lambda frame: None)
        for junk in (b"x" * 64, b"\0" * 100, Request(run=1, sequence=1, sent_wall_ns=1).encode()[::-1]):
            transport.send(junk)
        eventually(lambda: counting.malformed == 3)
        transport.close()
        assert measured(make()).summary.received == 40


@pytest.mark.parametrize("make_unreachable", [TcpTransport, UdpTransport])
def test_a_name_that_nobody_has_is_one_line(make_unreachable):
    with pytest.raises(CannotMeasure, match="no address"):
        measured(make_unreachable("no-such-host.invalid:1"))


def test_a_port_that_nobody_serves_is_one_line():
    with echoing("tcp", answerer()) as make:
        transport = make()
    with pytest.raises(CannotMeasure, match="serve"):
        measured(transport)
