"""Cells of a fleet: many topics, several subscribers, and a router that dies."""

from __future__ import annotations

import contextlib
import socket
import time

from bench.cells import Stage, first_message_ns, ping, settled
from bench.processes import Node

TOPICS = (10, 100, 1000)
"""Opened one after the other, beside each other."""
SUBSCRIBERS = 4
_FANOUT_LOAD = (64 << 10, 300, 100.0)
"""(bytes, messages, messages/s)."""
_WARM = 20
"""Messages by which every subscriber is known to be there."""
_TIMEOUT_S = 120.0
_POLL_S = 0.02
_DOWN_S = 2.0
"""How long a router is dead: everybody has noticed, and has tried again."""


def topics(stage: Stage) -> None:
    """From creating publishers here and subscribers there until each carried a message; and a canary.

    Each publisher sends twice a second, so half a second is as fine as this is.

    Raises:
        RuntimeError: a topic carried nothing.
    """
    for count in TOPICS:
        stage.near.ask(do="open", prefix=f"of{count}", count=count)  # begins, and answers at once
        began_s = time.monotonic()
        stage.far.ask(do="open", prefix=f"of{count}", count=count)
        while (heard := stage.far.ask(do="heard")["topics"]) < count:
            if time.monotonic() - began_s > _TIMEOUT_S:
                raise RuntimeError(f"{heard} of {count} topics carry messages in arm {stage.turn.arm}")
            time.sleep(_POLL_S)
        stage.turn.figures[f"convergence of {count} topics, s"] = time.monotonic() - began_s
        ping(stage, 64, 100.0, f"canary RTT beside {count} topics, ms")
        stage.near.ask(do="quiet")


def fanout(stage: Stage) -> None:
    """One way and CPU of 64 KiB at 100 Hz, to one subscriber and to several behind the far bridge."""
    if "domain" not in stage.arm.far:
        return  # the Zenoh floor is one link
    _one_way(stage, [])
    with contextlib.ExitStack() as closing:
        others = [closing.enter_context(Node(stage.arm.far)) for _ in range(SUBSCRIBERS - 1)]
        _one_way(stage, others)


def _one_way(stage: Stage, others: list[Node]) -> None:
    size, count, rate_hz = _FANOUT_LOAD
    subscribers = [stage.far, *others]
    _await_all(stage, subscribers)
    before = stage.between.usage()
    stage.near.ask(do="load", size=size, count=count, rate_hz=rate_hz)
    came = [settled(one, count)["count"] for one in subscribers]
    used = stage.between.usage() - before
    found = [one.ask(do="latency") for one in subscribers]
    name = f"64 KiB to {len(subscribers)} subscriber{'s' if others else ''}"
    for share in ("p50", "p99"):
        # Of the subscriber that is served last.
        stage.turn.figures[f"one way {name} {share}, ms"] = max(one[f"{share}_ms"] for one in found)
    if stage.between.bridged:
        stage.turn.figures[f"CPU {name}, s per million messages sent"] = used.cpu_s / count * 1e6
    stage.turn.count("messages lost on the way to several", sum(count - one for one in came))


def _await_all(stage: Stage, subscribers: list[Node]) -> None:
    """Send until a load reaches all of them whole; then they are reset."""
    deadline_s, whole = time.monotonic() + _TIMEOUT_S, False
    while not whole:
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"not every subscriber is reached in arm {stage.turn.arm}")
        stage.near.ask(do="load", size=64, count=_WARM, rate_hz=100.0)
        whole = all(settled(one, _WARM)["count"] == _WARM for one in subscribers)
        for one in subscribers:
            one.ask(do="reset")


def recovery(stage: Stage) -> None:
    """The router is killed, and started again; from when it listens until a message crosses."""
    stage.between.kill(0)
    time.sleep(_DOWN_S)
    stage.between.start(0)
    began_ns = _listening_ns(stage)
    answered_ns = first_message_ns(stage.near, stage.between, stage.where)
    stage.turn.figures["router recovery, s"] = max(0.0, (answered_ns - began_ns) / 1e9)


def _listening_ns(stage: Stage) -> int:
    """When the endpoint of the arm accepts connections, on the monotonic clock."""
    port = int(stage.arm.endpoint.rpartition(":")[2])
    deadline_s = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline_s:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return time.monotonic_ns()
        time.sleep(0.002)
    raise RuntimeError("the router does not come back")
