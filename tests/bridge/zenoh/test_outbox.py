"""Sending for services: in order within a lane, no lane waits for another, bounded, ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bridge.zenoh.outbox import MAX_BYTES, MAX_JOBS, MAX_THREADS, Job, Lane, Outbox
from tests.integration.support.waiting import eventually


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    made = Outbox()
    yield made
    made.close()


def post(lane: Lane, send: object, *, size: int = 1, given_up: list[int] | None = None) -> bool:
    return lane.post(Job(send, lambda: given_up.append(1) if given_up is not None else None, size))


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("zenoh-services")]


def test_there_is_no_thread_before_the_first_job(outbox: Outbox) -> None:
    outbox.lane()
    assert threads() == []


def test_jobs_of_a_lane_run_in_order(outbox: Outbox) -> None:
    sent: list[int] = []
    lanes = [outbox.lane() for _ in range(4)]
    for number in range(500):
        for lane in lanes:
            assert post(lane, lambda number=number, lane=lane: sent.append((id(lane), number)))
    eventually(lambda: len(sent) == 2000)
    for lane in lanes:
        assert [number for of, number in sent if of == id(lane)] == list(range(500))


def test_a_stuck_lane_delays_no_other(outbox: Outbox) -> None:
    gate, sent = threading.Event(), []
    stuck = [outbox.lane() for _ in range(MAX_THREADS - 1)]
    for lane in stuck:
        post(lane, gate.wait)
        post(lane, lambda: sent.append("stuck"))
    post(outbox.lane(), lambda: sent.append("free"))
    assert eventually(lambda: sent) == ["free"]
    gate.set()
    eventually(lambda: len(sent) == MAX_THREADS)


def test_a_job_that_fails_stops_neither_its_lane_nor_its_thread(outbox: Outbox) -> None:
    sent: list[int] = []
    lane = outbox.lane()
    post(lane, lambda: 1 / 0)
    post(lane, lambda: sent.append(1))
    eventually(lambda: sent == [1])


def test_a_lane_is_bounded_in_number_and_in_bytes(outbox: Outbox) -> None:
    gate, inside = threading.Event(), threading.Event()
    lanes = [outbox.lane(), outbox.lane()]
    for lane in lanes:
        inside.clear()
        post(lane, lambda: inside.set() or gate.wait())
        assert inside.wait(30)
    assert all(post(lanes[0], lambda: None) for _ in range(MAX_JOBS))
    assert not post(lanes[0], lambda: None)
    assert post(lanes[1], lambda: None, size=2 * MAX_BYTES), "one of any size is taken"
    assert not post(lanes[1], lambda: None)
    gate.set()
    eventually(lambda: post(lanes[0], lambda: None) and post(lanes[1], lambda: None))


def test_what_is_left_at_the_end_is_given_up_once(outbox: Outbox) -> None:
    gate, inside = threading.Event(), threading.Event()
    sent: list[int] = []
    given_up: list[int] = []
    lane = outbox.lane()
    post(lane, lambda: inside.set() or gate.wait())
    assert inside.wait(30)
    for _ in range(5):
        post(lane, lambda: sent.append(1), given_up=given_up)
    closing = threading.Thread(target=outbox.close)
    closing.start()
    eventually(lambda: not post(lane, lambda: None))
    gate.set()
    closing.join()
    outbox.close()
    assert (sent, given_up) == ([], [1] * 5)
    assert threads() == []
