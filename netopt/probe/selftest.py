"""`self-test`: does the instrument find what was put in? Each fault is injected, and must be recovered.

The scenarios run on a simulated link and clocks; :mod:`netopt.probe.selftest_live` adds one over real
sockets.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from netopt.core.probeframe import Echo
from netopt.core.schedule import Schedule
from netopt.core.tally import Summary
from netopt.probe.runner import Result, Runner
from netopt.probe.simulation import Faults, Injected, SimulatedClock, SimulatedLink

ASYMMETRIC_RUNS = 100
ASYMMETRIC_GOOD = 99
"""In so many of the runs the interval must contain the truth (it is built to do so in all of them)."""
_OWN = Echo(clock_id=1)
_SCHEDULE = Schedule(rate_hz=200.0, messages=1000, warmup=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One fault, and whether it was found."""

    name: str
    injected: str
    measured: str
    bound: str
    """How far the two may be apart."""
    good: bool


def simulate(faults: Faults, schedule: Schedule = _SCHEDULE, *, seed: int = 1) -> tuple[Result, Injected]:
    """One measurement over a simulated link."""
    clock = SimulatedClock()
    link = SimulatedLink(clock=clock, faults=faults, seed=seed, spared=schedule.warmup)
    result = Runner(link, schedule, clock=clock, own=_OWN).run(threading.Event())
    return result, link.injected


def simulated_checks() -> Iterator[Check]:
    """Every scenario, one after the other."""
    yield _delay()
    yield _jitter()
    yield from (_offset(seconds) for seconds in (3.0, -3.0))
    yield _counted("loss 1 %", Faults(loss=0.01), lambda summary: summary.lost, lambda told: told.lost)
    yield _counted(
        "duplicates 2 %",
        Faults(duplicates=0.02),
        lambda summary: summary.duplicates,
        lambda told: told.duplicates,
    )
    yield _counted(
        "reordering 2 %",
        Faults(reordered=0.02, overtaken_ms=7.0),
        lambda summary: summary.reordered,
        lambda told: told.overtaken,
    )
    yield _asymmetry()
    yield _stall()
    yield _step()


def _delay() -> Check:
    summary = simulate(Faults(there_ms=20.0, back_ms=20.0))[0].summary
    return _near("delay", "40 ms there and back", summary.latency.p50_ms, 40.0, 0.05)


def _jitter() -> Check:
    # The difference of two sums of two even spreads has the mean 7/15 of one spread.
    summary = simulate(Faults(jitter_ms=10.0), replace(_SCHEDULE, rate_hz=20.0, messages=3000))[0].summary
    return _near("jitter", "10 ms, even, each way", summary.jitter_ms, 10.0 * 7 / 15, 0.3)


def _offset(seconds: float) -> Check:
    summary = simulate(Faults(there_ms=7.0, back_ms=3.0, offset_ms=seconds * 1000.0))[0].summary
    one_way = summary.one_way
    if one_way is None:
        return Check(
            name="offset", injected=f"{seconds:+g} s", measured=summary.one_way_void, bound="", good=False
        )
    good = abs(one_way.offset_ms - seconds * 1000.0) <= one_way.bound_ms <= 6.0
    return Check(
        name="offset",
        injected=f"{seconds:+g} s",
        measured=f"{one_way.offset_ms:g} ms",
        bound=f"± {one_way.bound_ms:g} ms, as it says itself",
        good=good,
    )


def _counted(
    name: str, faults: Faults, found: Callable[[Summary], int], put_in: Callable[[Injected], int]
) -> Check:
    result, injected = simulate(faults, replace(_SCHEDULE, messages=5000))
    got, told = found(result.summary), put_in(injected)
    return Check(
        name=name, injected=f"{told} of 5000", measured=str(got), bound="exact", good=got == told > 0
    )


def _asymmetry() -> Check:
    """What four time stamps cannot tell apart must at least lie within what they say."""
    good = 0
    chance = random.Random(7)  # noqa: S311  # a repeatable simulation, no secret
    for seed in range(ASYMMETRIC_RUNS):
        there_ms, back_ms = chance.uniform(0.5, 60.0), chance.uniform(0.5, 60.0)
        offset_ms = chance.uniform(-3000.0, 3000.0)
        faults = Faults(
            there_ms=there_ms,
            back_ms=back_ms,
            jitter_ms=chance.uniform(0.0, 20.0),
            offset_ms=offset_ms,
            drift_ppm=chance.uniform(-50.0, 50.0),
        )
        summary = simulate(faults, replace(_SCHEDULE, messages=100), seed=seed)[0].summary
        one_way = summary.one_way
        if one_way is None:
            continue
        least_ms = there_ms  # the fastest message takes at least that
        good += (
            abs(one_way.offset_ms - offset_ms) <= one_way.bound_ms
            and one_way.forward.min_ms + one_way.bound_ms + 0.01 >= least_ms
        )
    return Check(
        name="asymmetry",
        injected=f"{ASYMMETRIC_RUNS} runs, 0.5 to 60 ms each way",
        measured=f"truth inside in {good}",
        bound=f"at least {ASYMMETRIC_GOOD}",
        good=good >= ASYMMETRIC_GOOD,
    )


def _stall() -> Check:
    summary = simulate(Faults(stall_at_s=2.0, stall_ms=200.0))[0].summary
    p99_ms = summary.latency.p99_ms
    return Check(
        name="stall",
        injected="200 ms in 5 s",
        measured=f"p99 {p99_ms} ms",
        bound="p99 >= 100 ms",
        good=p99_ms is not None and p99_ms >= 100.0,
    )


def _step() -> Check:
    summary = simulate(Faults(echo_step_at_s=2.0, echo_step_ms=700.0))[0].summary
    return Check(
        name="clock step",
        injected="0.7 s at the echo",
        measured=summary.one_way_void or "not noticed",
        bound="one way is void, the round trip is not",
        good=summary.one_way is None and summary.lost == 0,
    )


def _near(name: str, injected: str, measured_ms: float | None, wanted_ms: float, bound_ms: float) -> Check:
    return Check(
        name=name,
        injected=injected,
        measured="lost" if measured_ms is None else f"{measured_ms:.3f} ms",
        bound=f"{wanted_ms:.3f} ± {bound_ms:g} ms",
        good=measured_ms is not None and abs(measured_ms - wanted_ms) <= bound_ms,
    )
