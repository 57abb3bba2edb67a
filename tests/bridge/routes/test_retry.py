"""One thread offers again what DDS had no room for, and sleeps when there is nothing."""

from __future__ import annotations

import threading

from bridge.routes.retry import RetryThread
from tests.integration.support.waiting import eventually


class Route:
    """Needs a number of offers until its backlog is empty; may be in trouble."""

    def __init__(self, offers: int, *, fault: Exception | None = None) -> None:
        self.left = offers
        self.fault = fault
        self.done = threading.Event()
        self.threads: set[str] = set()

    def retry(self) -> bool:
        self.threads.add(threading.current_thread().name)
        self.left -= 1
        if self.fault is not None:
            self.done.set()
            raise self.fault
        if self.left <= 0:
            self.done.set()
        return self.left <= 0


def started() -> RetryThread:
    thread = RetryThread()
    thread.start()
    return thread


def test_a_route_is_offered_until_it_is_empty_and_not_longer() -> None:
    thread, route = started(), Route(5)
    thread.add(route)
    assert route.done.wait(30)
    eventually(lambda: not thread._waiting)
    thread.close()
    assert route.left == 0
    assert route.threads == {"ingress-retry"}


def test_a_route_added_again_is_offered_again() -> None:
    thread, route = started(), Route(1)
    for left in (0, -1, -2):
        route.done.clear()
        thread.add(route)
        assert route.done.wait(30)
        assert route.left == left
    thread.close()


def test_a_stuck_route_delays_no_other_one() -> None:
    thread, stuck, free = started(), Route(1_000_000_000), Route(3)
    thread.add(stuck)
    thread.add(free)
    assert free.done.wait(30)
    thread.close()
    assert not stuck.done.is_set()


def test_a_fault_of_one_route_ends_only_its_own_offers() -> None:
    thread, faulty, sound = started(), Route(1, fault=RuntimeError("boom")), Route(3)
    thread.add(faulty)
    assert faulty.done.wait(30)
    thread.add(sound)
    assert sound.done.wait(30)
    eventually(lambda: not thread._waiting)
    thread.close()
    assert faulty.left == 0


def test_a_discarded_route_is_forgotten() -> None:
    thread, route = RetryThread(), Route(1)
    thread.add(route)
    thread.discard(route)
    thread.discard(route)
    thread.start()
    other = Route(1)
    thread.add(other)
    assert other.done.wait(30)
    thread.close()
    assert not route.done.is_set()


def test_closing_is_possible_at_any_time_and_ends_the_thread() -> None:
    RetryThread().close()
    thread = started()
    thread.add(Route(1_000_000_000))
    thread.close()
    thread.close()
    assert not thread._thread.is_alive()
