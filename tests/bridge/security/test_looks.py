"""Looks at endpoints without a link go on beside the watch, and none waits for another's verdict."""

from __future__ import annotations

import threading

import pytest

from bridge.core.endpoint import Endpoint, parse_endpoint
from bridge.security.looks import Looks
from bridge.security.preflight import Cause, Verdict
from tests.integration.support import eventually

ONE, OTHER = parse_endpoint("tcp/127.0.0.1:1"), parse_endpoint("tcp/127.0.0.1:2")
LOST = Verdict(cause=Cause.LOST, text="gone", remedy="wait")


def verdict(cause: Cause) -> Verdict:
    return Verdict(cause=cause, text=cause.value, remedy="none")


class Stage:
    """Looks whose answers the test gives."""

    def __init__(self) -> None:
        self.answers: dict[Endpoint, Verdict | Exception] = {}
        self.met = False
        self.told = threading.Event()
        self.looks = Looks(look=self._look, met=lambda _: self.met, told=self.told.set)

    def _look(self, endpoint: Endpoint) -> Verdict:
        answer = self.answers[endpoint]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def stage():
    made = Stage()
    made.looks.start()
    yield made
    made.looks.close()


def test_what_is_known_meanwhile_holds_until_the_first_verdict(stage):
    stage.answers = {ONE: verdict(Cause.PORT_CLOSED)}
    assert stage.looks.down(ONE, meanwhile=LOST) == LOST
    eventually(lambda: stage.looks.down(ONE, meanwhile=None) == stage.answers[ONE])
    assert stage.told.is_set()


def test_an_endpoint_that_is_up_again_starts_over(stage):
    stage.answers = {ONE: verdict(Cause.PORT_CLOSED)}
    stage.looks.down(ONE, meanwhile=None)
    eventually(lambda: stage.looks.down(ONE, meanwhile=None))
    stage.looks.up(ONE)
    assert stage.looks.down(ONE, meanwhile=None) is None


@pytest.mark.parametrize(("met", "told"), [(False, Cause.NO_ZENOH), (True, None)])
def test_a_port_that_answers_counts_only_from_the_second_look_and_unless_linked_otherwise(stage, met, told):
    stage.answers, stage.met = {ONE: verdict(Cause.NO_ZENOH)}, met
    assert stage.looks.down(ONE, meanwhile=LOST) == LOST
    eventually(lambda: stage.looks.down(ONE, meanwhile=LOST) != LOST)
    found = stage.looks.down(ONE, meanwhile=LOST)
    assert (found.cause if found else None) is told


def test_a_look_that_fails_stops_no_other(stage):
    stage.answers = {ONE: RuntimeError("no way to look"), OTHER: verdict(Cause.EXPIRED)}
    for endpoint in (ONE, OTHER):
        stage.looks.down(endpoint, meanwhile=None)
    eventually(lambda: stage.looks.down(OTHER, meanwhile=None) == stage.answers[OTHER])


def test_looks_that_never_began_can_be_closed():
    stage = Stage()
    stage.looks.close()
    stage.looks.close()
