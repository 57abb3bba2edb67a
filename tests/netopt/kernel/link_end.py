"""Run as a program in a network namespace: one end of the Zenoh links of test_link_figures.

``far ENDPOINT…`` opens an echo on each endpoint, prints a line and ends with its standard input.
``near ENDPOINT…`` pings the echo at each endpoint and prints, as JSON, what the kernel knows meanwhile about
each of its links, by the remote address: a list, since the figures move.
"""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import asdict

import zenoh

from netopt.core.kernelview import ends_of
from netopt.core.schedule import Schedule
from netopt.kernel.sockets import kernel_figures
from netopt.probe.clocks import SystemClock, own_echo
from netopt.probe.echo import SERVE_BYTES_PER_S, SERVE_RATE_HZ, Answerer
from netopt.probe.runner import Progress, Runner
from netopt.probe.zenoh import ZenohEcho, ZenohTransport

SCHEDULE = Schedule(rate_hz=50.0, messages=200, warmup=10, timeout_s=10.0)
LOOKS = 20
"""At the kernel's figures."""


def opened(**endpoints: str) -> zenoh.Session:
    options = {
        "mode": "peer",
        "scouting": {"delay": 0, "multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {"shared_memory": {"enabled": False}},
        **{word: {"endpoints": [endpoint]} for word, endpoint in endpoints.items()},
    }
    return zenoh.open(zenoh.Config.from_json5(json.dumps(options)))


def far(endpoints: list[str]) -> None:
    answerer = Answerer(clock=SystemClock(), rate_hz=SERVE_RATE_HZ, bytes_per_s=SERVE_BYTES_PER_S)
    sessions = [opened(listen=endpoint) for endpoint in endpoints]
    echoes = [ZenohEcho(session, answerer) for session in sessions]
    print("ready", flush=True)
    sys.stdin.read()
    for echo, session in zip(echoes, sessions, strict=True):
        echo.close()
        session.close()


def near(endpoints: list[str]) -> None:
    sessions = [opened(connect=endpoint) for endpoint in endpoints]
    barrier, pause = threading.Barrier(len(sessions) + 1), threading.Event()
    threads = [threading.Thread(target=ping, args=(session, barrier)) for session in sessions]
    for thread in threads:
        thread.start()
    # Only under traffic: an acknowledgement without data comes up to 40 ms late.
    barrier.wait()
    links = [link for session in sessions for link in session.info.links()]
    ends = [ends_of(str(link.src), str(link.dst)) for link in links]
    found = {one.remote: [] for one in ends}
    while all(thread.is_alive() for thread in threads) and len(found[ends[0].remote]) < LOOKS:
        for one, figures in zip(ends, kernel_figures(ends), strict=True):
            found[one.remote].append(asdict(figures))
        pause.wait(0.05)
    for thread in threads:
        thread.join()
    print(json.dumps(found))
    for session in sessions:
        session.close()


def ping(session: zenoh.Session, barrier: threading.Barrier) -> None:
    started = False

    def look(progress: Progress) -> None:
        nonlocal started
        if progress.received >= 50 and not started:
            started = True
            barrier.wait()

    transport = ZenohTransport(lambda: (session, lambda: None))
    runner = Runner(transport, SCHEDULE, clock=SystemClock(), own=own_echo())
    runner.run(threading.Event(), on_progress=look, every_s=0.05)


if __name__ == "__main__":
    {"far": far, "near": near}[sys.argv[1]](sys.argv[2:])
