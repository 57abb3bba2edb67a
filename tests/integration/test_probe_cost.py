"""What measuring a link all the time costs: bytes by the kernel's count, CPU by the kernel's clock."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from netopt.core.kernelview import Ends, TcpFigures, ends_of
from netopt.kernel.sockets import kernel_figures
from netopt.probe.clocks import SystemClock, own_echo
from netopt.probe.echo import AGENT_BYTES_PER_S, AGENT_RATE_HZ, Answerer
from netopt.probe.watch import Watch, WatchSettings
from netopt.probe.zenoh import ZenohEcho
from tests.contracts.pairs import zenoh_session
from tests.integration.support.waiting import eventually

pytestmark = pytest.mark.alone  # measures processor time

SECONDS = 10
HEADERS_BYTES = 66
"""Of a segment on Ethernet: 14 + 20 + 32 with time stamps."""
KBIT_S, CORE = 10.0, 0.005


def on_the_wire(tcp: TcpFigures) -> int:
    """Bytes of both ways."""
    segments = tcp.segments_sent + tcp.segments_received
    return tcp.bytes_sent + tcp.bytes_received + segments * HEADERS_BYTES


def spent(ends: Ends) -> tuple[float, float]:
    """kbit/s on the link and share of a core, of this whole process: both ends."""
    before, cpu_s, begin_s = kernel_figures([ends])[0].tcp, time.process_time(), time.monotonic()
    threading.Event().wait(SECONDS)  # nothing is awaited: this is the time that is measured
    took_s, cpu_s = time.monotonic() - begin_s, time.process_time() - cpu_s
    after = kernel_figures([ends])[0].tcp
    return (on_the_wire(after) - on_the_wire(before)) * 8 / 1000 / took_s, cpu_s / took_s


def test_a_target_costs_less_than_ten_kbit_a_second_and_half_a_percent_of_a_core() -> None:
    answerer = Answerer(clock=SystemClock(), rate_hz=AGENT_RATE_HZ, bytes_per_s=AGENT_BYTES_PER_S)
    with contextlib.ExitStack() as closing:
        far = zenoh_session(listen=("tcp/127.0.0.1:0",))
        closing.callback(far.close)
        closing.callback(ZenohEcho(far.raw, answerer).close)
        near = zenoh_session(connect=far.listening())
        closing.callback(near.close)
        (link,) = eventually(near.links)
        ends = ends_of(link.src, link.dst)
        kernel_figures([ends])  # the library is loaded
        idle_kbit_s, idle_core = spent(ends)
        watch = Watch(near.raw, WatchSettings(), clock=SystemClock(), own=own_echo())
        closing.callback(watch.close)
        watch.start()
        eventually(lambda: (found := watch.links()) and found[0].figures.window.received)
        kbit_s, core = spent(ends)
        sent = watch.links()[0].figures.sent
    print(
        f"one target at 2 Hz: {kbit_s - idle_kbit_s:.1f} kbit/s (idle link {idle_kbit_s:.1f}), "
        f"{(core - idle_core) * 100:.2f} % of a core for both ends (idle {idle_core * 100:.2f} %)"
    )
    assert sent >= SECONDS
    assert kbit_s - idle_kbit_s < KBIT_S
    assert core - idle_core < CORE
