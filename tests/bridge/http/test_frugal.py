"""An event loop gets its share of the processor and no more, and is not slowed down below it."""

from __future__ import annotations

import asyncio
import time

import pytest

from bridge.http.frugal import BURST_S, MAX_REST_S, SHARE, Allowance, FrugalSelector


class Thread:
    """A thread whose clocks are moved by hand."""

    def __init__(self, **settings: float) -> None:
        self.now_s = self.spent_s = 100.0
        self.allowance = Allowance(spent_s=lambda: self.spent_s, now_s=lambda: self.now_s, **settings)
        self.allowance.rest_s()

    def work(self, cpu_s: float, *, wall_s: float | None = None) -> float:
        """Be busy; how long it must rest then."""
        self.spent_s += cpu_s
        self.now_s += cpu_s if wall_s is None else wall_s
        return self.allowance.rest_s()


def test_a_burst_after_a_rest_is_free():
    assert Thread(share=0.2, burst_s=0.1).work(0.1) == 0.0


def test_below_its_share_it_never_rests():
    thread = Thread(share=0.2, burst_s=0.1)
    assert {thread.work(0.02, wall_s=0.11) for _ in range(1000)} == {0.0}


def test_in_the_long_run_it_has_its_share():
    thread = Thread(share=0.2, burst_s=0.1)
    begin_s, work_s = thread.now_s, 0.0
    for _ in range(1000):
        thread.now_s += thread.work(0.003)
        work_s += 0.003
    assert work_s / (thread.now_s - begin_s) == pytest.approx(0.2, rel=0.2)


def test_no_more_is_saved_than_a_burst():
    thread = Thread(share=0.2, burst_s=0.01)
    thread.work(0.0, wall_s=1000.0)
    assert thread.work(0.02, wall_s=0.0) == pytest.approx((0.02 - 0.01) / 0.2)


def test_it_never_rests_for_long_at_a_time_and_rests_the_more_often():
    thread = Thread(share=0.1, burst_s=0.01)
    rests_s = [thread.work(0.1)]
    while rests_s[-1]:
        thread.now_s += rests_s[-1]
        rests_s.append(thread.work(0.0))
    assert max(rests_s) == MAX_REST_S
    assert sum(rests_s) == pytest.approx((0.1 - 0.01) / 0.1 - 0.1, abs=0.11)


def test_a_loop_that_never_waits_is_slowed_down_to_its_share():
    loop = asyncio.SelectorEventLoop(FrugalSelector())

    def busy() -> None:
        loop.call_soon(busy)

    loop.call_soon(busy)
    loop.call_later(1.0, loop.stop)
    began_s, before_s = time.monotonic(), time.thread_time()
    loop.run_forever()
    spent_s = time.thread_time() - before_s
    loop.close()
    assert spent_s <= (time.monotonic() - began_s) * SHARE + 3 * BURST_S
