"""A process that stands still sees for how long."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from tests.integration.support.processes import ROOT

WATCHES = """
import time
from tests.integration.support.stalls import stalls
with stalls() as stood:
    print(time.monotonic(), flush=True)
    input()
    while not stood.longest_s():
        time.sleep(0.01)
    end_s = time.monotonic()
    print(stood.between_s(0.0, end_s), stood.longest_s(), stood.between_s(end_s, end_s + 1.0), flush=True)
"""
STOOD_S = 0.5


def test_what_a_stopped_process_missed_is_told() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WATCHES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            process.stdout.readline()
            process.send_signal(signal.SIGSTOP)
            time.sleep(STOOD_S)  # nothing is awaited: this is the stall
            process.send_signal(signal.SIGCONT)
            answer, _ = process.communicate("\n", timeout=60)
        finally:
            process.kill()
    whole_s, longest_s, after_s = (float(one) for one in answer.split())
    assert whole_s >= longest_s >= STOOD_S - 0.1
    assert after_s == 0.0
