"""The probe beside `sockperf`, the usual instrument, on the same path at the same time.

sockperf is written in C, our probe and echo in Python, and one of the two transports is Zenoh: the
time that those add is found on the path without delay, printed, and subtracted on the others.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import ZenohSession
from netopt.core.schedule import Schedule
from netopt.ports import Transport
from netopt.probe.clocks import SystemClock, own_echo
from netopt.probe.echo import SERVE_BYTES_PER_S, SERVE_RATE_HZ, Answerer
from netopt.probe.runner import Runner
from netopt.probe.tcp import TcpEcho, TcpTransport
from netopt.probe.zenoh import ZenohEcho, ZenohTransport
from tests.contracts.pairs import zenoh_session
from tests.fakes.relay import Relay
from tests.integration.support.waiting import eventually

SOCKPERF = shutil.which("sockperf")
SHARE, FLOOR_US = 0.10, 50.0
SECONDS = 4
SCHEDULE = Schedule(rate_hz=87.0, messages=87 * SECONDS, warmup=20, timeout_s=10.0)
"""Not in step with sockperf's 100 Hz."""

pytestmark = [
    pytest.mark.alone,  # measures latencies
    pytest.mark.skipif(
        SOCKPERF is None, reason="no sockperf here; `make test-packages` installs it on Debian"
    ),
]


@contextlib.contextmanager
def sockperf_server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [SOCKPERF, "server", "--tcp", "-i", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        eventually(lambda: listens(port))
        yield port
    finally:
        server.terminate()
        server.wait(10.0)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
        return True
    return False


class SockperfRun:
    """One `sockperf ping-pong` through a relay, in a process of its own."""

    def __init__(self, relay: Relay) -> None:
        where = ["--tcp", "-i", "127.0.0.1", "-p", str(relay.port)]
        how = ["-t", str(SECONDS), "--mps", "100", "-m", "64", "--full-rtt"]
        self._client = subprocess.Popen(
            [SOCKPERF, "ping-pong", *where, *how], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def median_us(self) -> float:
        """There and back."""
        out, _ = self._client.communicate(timeout=60.0)
        found = re.search(r"percentile 50\.000 = +([0-9.]+)", out)
        assert found, out
        return float(found[1])


def probed_us(transport: Transport) -> float:
    runner = Runner(transport, SCHEDULE, clock=SystemClock(), own=own_echo())
    return runner.run(threading.Event()).summary.round_trip.p50_ms * 1000.0


@dataclass(frozen=True)
class Echo:
    """What the probe measures against."""

    port: int
    reach: Callable[[Relay], Transport]


DELAYS_MS = (2.0, 10.0)
"""Of the relay, each way."""
TABLES = 3


@contextlib.contextmanager
def echo_of(kind: str) -> Iterator[Echo]:
    answerer = Answerer(clock=SystemClock(), rate_hz=SERVE_RATE_HZ, bytes_per_s=SERVE_BYTES_PER_S)
    with contextlib.ExitStack() as closing:
        if kind == "tcp":
            echo = TcpEcho("127.0.0.1:0", answerer)
            closing.callback(echo.close)
            port = int(echo.address.rpartition(":")[2])
            yield Echo(port, lambda relay: TcpTransport(f"127.0.0.1:{relay.port}"))
            return
        far = zenoh_session(listen=("tcp/127.0.0.1:0",))
        closing.callback(far.close)
        closing.callback(ZenohEcho(far.raw, answerer).close)
        port = int(far.listening()[0].rpartition(":")[2])
        yield Echo(port, lambda relay: ZenohTransport(lambda: opened(relay)))


def opened(relay: Relay):
    network = ZenohNetwork(mode="peer", connect=(relay.endpoint,), shared_memory=False)
    session = ZenohSession.open(network, stop=threading.Event())
    return session.raw, session.close


def side_by_side(echo: Echo, sockperf_port: int, delay_ms: float) -> tuple[float, float]:
    """Medians in µs of the probe and of sockperf, at the same time through links of the same delay."""
    with (
        Relay(echo.port, delay_s=delay_ms / 1000.0) as ours,
        Relay(sockperf_port, delay_s=delay_ms / 1000.0) as theirs,
    ):
        other = SockperfRun(theirs)
        return probed_us(echo.reach(ours)), other.median_us()


def table(kind: str, echo: Echo, sockperf_port: int) -> bool:
    """Measure with three delays and print it; whether every row is within the bound."""
    rows = [(delay_ms, *side_by_side(echo, sockperf_port, delay_ms)) for delay_ms in (0.0, *DELAYS_MS)]
    hop_us = rows[0][1] - rows[0][2]
    print(f"\n{kind}: there and back, medians in µs; hop {hop_us:.0f} (the probe's software, without delay)")
    print("delay each way | probe | sockperf | probe - hop - sockperf | allowed")
    within = True
    for delay_ms, found_us, wanted_us in rows:
        allowed_us = SHARE * wanted_us + FLOOR_US
        apart_us = found_us - hop_us - wanted_us
        print(f"{delay_ms:g} ms | {found_us:.0f} | {wanted_us:.0f} | {apart_us:+.0f} | {allowed_us:.0f}")
        within = within and abs(apart_us) <= allowed_us
    return within


@pytest.mark.parametrize("kind", ["tcp", "zenoh"])
def test_medians_agree_with_sockperf(kind: str) -> None:
    """The hop is taken to be the same in all rows: one of three tables must be of a steady machine."""
    with echo_of(kind) as echo, sockperf_server() as port:
        assert any(table(kind, echo, port) for _ in range(TABLES))
