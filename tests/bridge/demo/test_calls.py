"""What the station asks, what is right, and the counts."""

from __future__ import annotations

import threading

import pytest

from bridge.demo.caller import Caller
from bridge.demo.calls import COUNT, LIGHTS, ORDER, CallTally, Counted, Lights, count_flaw, lights_flaw
from bridge.demo.lines import CallKind
from tests.integration.support.waiting import eventually

STEPS = [list(range(length)) for length in range(1, ORDER + 1)]


def test_the_robots_answers_are_right_as_long_as_each_call_runs_once() -> None:
    lights = Lights()
    for number in range(1, 5):
        on = bool(number % 2)
        assert lights_flaw(number, on, lights.answer(on)) == ""
    lights.answer(True)
    assert "instead of '5 on'" in lights_flaw(5, True, lights.answer(True)), "one ran twice"
    assert "'1 off'" in lights_flaw(1, True, Lights().answer(False))


@pytest.mark.parametrize(
    ("counted", "flaw"),
    [
        (Counted(feedback=STEPS, result=range(ORDER)), ""),
        (Counted(feedback=STEPS, result=[]), "the result is []"),
        (Counted(feedback=STEPS[:-1], result=range(ORDER)), "other steps"),
        (Counted(feedback=[STEPS[1], STEPS[0], *STEPS[2:]], result=range(ORDER)), "other steps"),
        (Counted(feedback=[STEPS[0], *STEPS], result=range(ORDER)), "other steps"),
    ],
)
def test_a_goal_is_right_with_every_step_once_in_order_and_its_result(counted: Counted, flaw: str) -> None:
    assert (flaw in count_flaw(counted)) if flaw else count_flaw(counted) == ""


def test_the_tally_counts_each_call_as_what_it_was() -> None:
    tally = CallTally(LIGHTS, CallKind.SERVICE)
    assert tally.report().p50_ms is None
    for _ in range(4):
        tally.asked()
    tally.told(2_000_000, "")
    tally.told(1_000_000, "first")
    tally.told(1_000_000, "second")
    tally.missed()
    found = tally.report()
    assert (found.called, found.answered, found.lost, found.wrong, found.flaw) == (4, 1, 1, 2, "first")
    assert found.p50_ms == pytest.approx(2.0, rel=0.01)


class Robot:
    """What the station can call, without a robot."""

    has_action = True

    def __init__(self) -> None:
        self.found = threading.Event()
        self._lights = Lights()

    def lights_ready(self) -> bool:
        return self.found.is_set()

    def set_lights(self, on: bool, timeout_s: float) -> tuple[bool, str] | None:
        return self._lights.answer(on)

    def count_ready(self) -> bool:
        return self.found.is_set()

    def count(self, order: int, timeout_s: float) -> Counted | None:
        return Counted(feedback=STEPS, result=range(order))


def test_even_when_told_to_be_quiet_each_is_called_once() -> None:
    robot, quiet, stop = Robot(), threading.Event(), threading.Event()
    caller = Caller(robot, quiet, stop)
    caller.start()
    quiet.set()
    assert [one.called for one in caller.report()] == [0, 0]
    robot.found.set()
    eventually(lambda: [one.answered for one in caller.report()] == [1, 1])
    assert [one.name for one in caller.report()] == [LIGHTS, COUNT]
    caller.join()


def test_without_a_type_of_the_action_the_service_is_called_alone() -> None:
    robot, stop = Robot(), threading.Event()
    robot.has_action = False
    robot.found.set()
    caller = Caller(robot, threading.Event(), stop)
    caller.start()
    eventually(lambda: caller.report()[0].answered)
    stop.set()
    caller.join()
    assert [one.name for one in caller.report()] == [LIGHTS]
