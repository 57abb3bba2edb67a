from __future__ import annotations

import threading
import time

from netopt.core.probeframe import UNKNOWN_ERROR_US
from netopt.probe.clocks import SystemClock, clock_id, max_error_us


def test_a_host_has_one_clock_id():
    assert clock_id() == clock_id()


def test_the_kernel_vouches_for_its_clock_or_does_not():
    assert 0 <= max_error_us() <= UNKNOWN_ERROR_US


def test_waiting_ends_at_its_time_and_not_before():
    clock = SystemClock()
    due_ns = clock.monotonic_ns() + 5_000_000
    clock.wait_until(due_ns, threading.Event())
    assert clock.monotonic_ns() >= due_ns


def test_waiting_ends_when_it_is_stopped():
    clock, stop = SystemClock(), threading.Event()
    stop.set()
    begin_s = time.monotonic()
    clock.wait_until(clock.monotonic_ns() + 60 * 10**9, stop)
    assert time.monotonic() - begin_s < 30.0
