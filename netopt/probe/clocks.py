"""The real clock of a measurement, its identity, and how far the kernel vouches for it."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import threading
import time
from pathlib import Path

from netopt.core.probeframe import UNKNOWN_ERROR_US, Echo

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5
_FINE_NS = 300_000
"""A condition variable wakes up to that late; the last stretch is slept through."""
_PR_SET_TIMERSLACK = 29
_thread = threading.local()


class SystemClock:
    """See :class:`netopt.ports.MonotonicClock`."""

    def monotonic_ns(self) -> int:
        """See :class:`netopt.ports.MonotonicClock`."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """See :class:`netopt.ports.MonotonicClock`."""
        return time.time_ns()

    def wait_until(self, deadline_ns: int, stop: threading.Event) -> None:
        """See :class:`netopt.ports.MonotonicClock`."""
        left_ns = deadline_ns - time.monotonic_ns()
        if left_ns > _FINE_NS and stop.wait((left_ns - _FINE_NS) / 1e9):
            return
        left_ns = deadline_ns - time.monotonic_ns()
        if left_ns > 0:
            _wake_exactly()
            time.sleep(left_ns / 1e9)


def _wake_exactly() -> None:
    """Ask the kernel, once for each thread, not to add its 50 µs of slack to sleeps. Source: prctl(2)."""
    if not hasattr(_thread, "exact"):
        _thread.exact = True
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(1), 0, 0, 0)


class _Timex(ctypes.Structure):
    """``struct timex`` as far as it is read. Source: adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def clock_id() -> int:
    """A number that is the same for all programs on this running kernel, and tells nothing else; 0: unknown.

    Two programs with equal ids read one wall clock: the offset between them is zero, exactly.
    """
    with contextlib.suppress(OSError):
        boot = _BOOT_ID.read_bytes().strip()
        return int.from_bytes(hashlib.blake2b(boot, digest_size=8, person=b"zenlink").digest(), "big")
    return 0


def max_error_us() -> int:
    """How far this wall clock is from UTC at most, as the kernel has it from chrony, ntpd or PTP.

    Returns:
        µs, or ``UNKNOWN_ERROR_US`` where nobody disciplines the clock.
    """
    state = _Timex()  # modes 0: read only
    try:
        code = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(state))
    except (OSError, AttributeError):
        return UNKNOWN_ERROR_US  # no such call on this system
    if code in (-1, _TIME_ERROR) or state.status & _STA_UNSYNC or not 0 <= state.maxerror < UNKNOWN_ERROR_US:
        return UNKNOWN_ERROR_US
    return int(state.maxerror)


def own_echo() -> Echo:
    """This host's clock, as replies tell it."""
    return Echo(clock_id=clock_id(), max_error_us=max_error_us())
