"""The station's thread that calls the robot: a service once a second, an action once."""

from __future__ import annotations

import threading
import time

from bridge.demo.calls import (
    CALL_TIMEOUT_S,
    COUNT,
    GOAL_TIMEOUT_S,
    LIGHTS,
    ORDER,
    CallTally,
    count_flaw,
    lights_flaw,
)
from bridge.demo.lines import CallKind, CallReport
from bridge.demo.nodes import Calls

_PERIOD_S = 1.0
_LOOK_S = 0.1
_JOIN_S = CALL_TIMEOUT_S + GOAL_TIMEOUT_S


class Caller:
    """Owns ``demo-calls``."""

    def __init__(self, calls: Calls, quiet: threading.Event, stop: threading.Event) -> None:
        """Nothing is called yet.

        Args:
            calls: what the station's node can call.
            quiet: no new call from then on, but for the first of all.
            stop: the end.
        """
        self._calls = calls
        self._quiet = quiet
        self._stop = stop
        self._lock = threading.Lock()
        self._lights = CallTally(LIGHTS, CallKind.SERVICE)
        self._count = CallTally(COUNT, CallKind.ACTION)
        self._called = 0
        self._thread = threading.Thread(target=self._run, name="demo-calls")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """After ``stop``."""
        self._thread.join(_JOIN_S)

    def report(self) -> tuple[CallReport, ...]:
        """The counts as they stand; none of an action where no type of one is installed."""
        with self._lock:
            tallies = [self._lights, *([self._count] if self._calls.has_action else [])]
            return tuple(tally.report() for tally in tallies)

    def _run(self) -> None:
        counted = not self._calls.has_action
        while not self._stop.is_set() and not (self._quiet.is_set() and counted and self._called):
            began_s = time.monotonic()
            if self._calls.lights_ready():
                self._call()
            if not counted and self._calls.count_ready():
                self._count_once()
                counted = True
            found = counted and self._called
            self._stop.wait(max(0.0, began_s + (_PERIOD_S if found else _LOOK_S) - time.monotonic()))

    def _call(self) -> None:
        self._called += 1
        number, on = self._called, bool(self._called % 2)
        with self._lock:
            self._lights.asked()
        began_ns = time.monotonic_ns()
        answer = self._calls.set_lights(on, CALL_TIMEOUT_S)
        with self._lock:
            if answer is None:
                self._lights.missed()
            else:
                self._lights.told(time.monotonic_ns() - began_ns, lights_flaw(number, on, answer))

    def _count_once(self) -> None:
        with self._lock:
            self._count.asked()
        began_ns = time.monotonic_ns()
        counted = self._calls.count(ORDER, GOAL_TIMEOUT_S)
        with self._lock:
            if counted is None:
                self._count.missed()
            else:
                self._count.told(time.monotonic_ns() - began_ns, count_flaw(counted))
