"""What the station asks of the robot, what must come back, and how it is counted. Pure.

The service tells how often it has run, so a call that ran twice, or not at all, shows in the next answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hdrh.histogram import HdrHistogram

from bridge.demo.lines import CallKind, CallReport

LIGHTS = "/lights"
"""A std_srvs/srv/SetBool of the robot's, called once a second."""
COUNT = "/count"
"""An action of the robot's with one goal: to count."""
ORDER = 10
"""How far."""
CALL_TIMEOUT_S = 5.0
GOAL_TIMEOUT_S = 10.0
STEP_S = 0.02
"""Between two numbers."""
FEEDBACK_S = 5.0
"""Feedback goes another way than the result, which on a busy machine comes seconds before the last of it."""
_MAX_LATENCY_US = 60_000_000


class Lights:
    """The robot's side of the service. Thread: one at a time."""

    def __init__(self) -> None:
        self._ran = 0

    def answer(self, on: bool) -> tuple[bool, str]:  # noqa: FBT001 - the request's one member
        """Success and message of a response."""
        self._ran += 1
        return True, f"{self._ran} {'on' if on else 'off'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What came of the goal."""

    feedback: Sequence[Sequence[int]]
    result: Sequence[int]
    """Empty where it did not succeed."""


def lights_flaw(asked: int, on: bool, answer: tuple[bool, str]) -> str:  # noqa: FBT001 - the request's
    """What is wrong with the answer to call number ``asked``, from 1; empty when it is right."""
    expected = (True, f"{asked} {'on' if on else 'off'}")
    return "" if answer == expected else f"call {asked} was answered {answer[1]!r} instead of {expected[1]!r}"


def count_flaw(counted: Counted) -> str:
    """What is wrong with what came of the goal; empty when it is right."""
    if list(counted.result) != list(range(ORDER)):
        return f"the result is {list(counted.result)!r}"
    steps = [list(step) for step in counted.feedback]
    if steps != [list(range(length)) for length in range(1, ORDER + 1)]:
        return f"feedback came in other steps: {[len(step) for step in steps]}"
    return ""


class CallTally:
    """The counts of one service or action. Thread: any, one at a time."""

    def __init__(self, name: str, kind: CallKind) -> None:
        self._name = name
        self._kind = kind
        self._called = 0
        self._answered = 0
        self._lost = 0
        self._wrong = 0
        self._flaw = ""
        self._latency_us = HdrHistogram(1, _MAX_LATENCY_US, 3)

    def asked(self) -> None:
        """One more was sent."""
        self._called += 1

    def told(self, latency_ns: int, flaw: str) -> None:
        """Its answer came."""
        if flaw:
            self._wrong += 1
            self._flaw = self._flaw or flaw
            return
        self._answered += 1
        self._latency_us.record_value(min(max(latency_ns // 1000, 1), _MAX_LATENCY_US))

    def missed(self) -> None:
        """None came in time."""
        self._lost += 1

    def report(self) -> CallReport:
        """The counts as they stand."""
        timed = self._answered > 0
        return CallReport(
            name=self._name,
            kind=self._kind,
            called=self._called,
            answered=self._answered,
            lost=self._lost,
            wrong=self._wrong,
            flaw=self._flaw,
            p50_ms=self._percentile_ms(50.0) if timed else None,
            p99_ms=self._percentile_ms(99.0) if timed else None,
        )

    def _percentile_ms(self, percentile: float) -> float:
        latency_us: float = self._latency_us.get_value_at_percentile(percentile)
        return round(latency_us / 1000, 3)
