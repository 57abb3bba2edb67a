"""Jobs are done in order, on one thread, whatever one of them meets."""

from __future__ import annotations

import threading

from bridge.routes.callthread import CallThread


def test_jobs_are_done_in_order_and_a_fault_ends_none_of_the_others() -> None:
    thread, done = CallThread("calls-test"), []
    thread.start()
    thread.post(lambda: done.append(1))
    thread.post(lambda: done.append(1 // 0))
    thread.post(lambda: done.append(2))
    thread.close()
    assert done == [1, 2]
    assert "calls-test" not in {one.name for one in threading.enumerate()}


def test_too_much_is_refused() -> None:
    thread, began, gate = CallThread("calls-test", max_jobs=1), threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        gate.wait()

    thread.start()
    thread.post(hold)
    began.wait()
    assert thread.post(lambda: None)
    assert not thread.post(lambda: None)
    gate.set()
    thread.close()


def test_closing_twice_or_before_the_start_is_no_fault() -> None:
    thread = CallThread("calls-test")
    thread.close()
    thread.close()
