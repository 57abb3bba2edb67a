"""An agent whose wall clock can be stepped while it runs: ``bridge`` under libfaketime.

Libfaketime (Debian, 0.9.10) breaks Python's ``time.sleep``, which then says "Invalid argument"; so an event
is waited for instead. Nothing else differs from ``python -m bridge``.
"""

from __future__ import annotations

import runpy
import threading
import time


def sleep(seconds: float) -> None:
    threading.Event().wait(seconds)


time.sleep = sleep
runpy.run_module("bridge", run_name="__main__", alter_sys=True)
