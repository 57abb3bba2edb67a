"""Faults of links, routers, agents and clocks, one after the other or two at a time, drawn from a seed."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.fakes.relay import Relay
from tests.integration.support.agents import Agent
from tests.integration.support.clocks import SteppedClock
from tests.integration.support.routers import Router

Draw = random.Random
"""Where everything about a fault is drawn from."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong for a while."""

    name: str
    victim: object
    """Of two faults at a time, each has its own."""
    begin: Callable[[Draw], str]
    """Let it go wrong; what was drawn for it."""
    end: Callable[[], None]
    """Right again."""
    longest_s: float = 3.0


def cut(name: str, relay: Relay) -> Fault:
    """No FIN, no RST: what is under way is lost."""
    return Fault(f"cut {name}", relay, lambda _: relay.cut() or "", relay.heal)


def stalled(name: str, relay: Relay) -> Fault:
    """Everything waits, longer than a lease or not."""
    return Fault(f"stall {name}", relay, lambda _: relay.stall() or "", relay.resume)


def delay(name: str, relay: Relay) -> Fault:
    """Up to a third of a second, and as much jitter."""

    def begin(draw: Draw) -> str:
        relay.delay_s, relay.jitter_s = draw.uniform(0, 0.3), draw.uniform(0, 0.3)
        return f"{relay.delay_s:.3f} s, jitter {relay.jitter_s:.3f} s"

    def end() -> None:
        relay.delay_s = relay.jitter_s = 0.0

    return Fault(f"delay {name}", relay, begin, end)


def second_link(name: str, relay: Relay) -> Fault:
    """A connection between two that have a way already; it is cut when the fault is over."""
    return Fault(f"second link {name}", relay, lambda _: relay.heal() or "", relay.cut)


def killed(name: str, program: Agent | Router) -> Fault:
    """SIGKILL, and later a successor."""
    return Fault(f"kill {name}", program, lambda _: program.kill() or "", program.start)


def stopped(name: str, program: Agent | Router) -> Fault:
    """SIGSTOP, which nobody is told of."""

    def begin(_: Draw) -> str:
        program.process.signal(signal.SIGSTOP)
        return ""

    return Fault(f"stop {name}", program, begin, lambda: program.process.signal(signal.SIGCONT))


def stepped(name: str, clock: SteppedClock) -> Fault:
    """Seconds ahead or behind; it steps back at the end."""

    def begin(draw: Draw) -> str:
        offset_s = draw.choice((-1, 1)) * draw.choice((0.2, 1.0, 5.0))
        clock.step(offset_s)
        return f"{offset_s:+.1f} s"

    return Fault(f"step the clock of {name}", clock, begin, lambda: clock.step(0.0))


def storm(draw: Draw, faults: Sequence[Fault], *, lasting_s: float) -> Iterator[str]:
    """Let things go wrong for about that long, then none does; a line for each fault that begins.

    Between two of them there is sometimes time to recover, and sometimes not.
    """
    until_s = time.monotonic() + lasting_s
    while time.monotonic() < until_s:
        chosen = draw.sample(faults, k=draw.choice((1, 1, 2)))
        if len({id(one.victim) for one in chosen}) < len(chosen):
            continue
        with contextlib.ExitStack() as over:
            for one in chosen:
                what = one.begin(draw)
                over.callback(one.end)
                yield f"{one.name} {what}".strip()
            # How long a fault lasts is what it is made of: there is no condition to wait for.
            time.sleep(draw.uniform(0.1, min(one.longest_s for one in chosen)))
        time.sleep(draw.choice((0.0, 0.5, 2.0)))
