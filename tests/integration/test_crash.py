"""A crash of a library leaves a trace: the log is all that somebody has of it later."""

from __future__ import annotations

import signal

from tests.integration.support.agents import agent
from tests.integration.support.domains import domains


def test_a_crash_ends_the_log_with_where_each_thread_was() -> None:
    with domains(1) as (domain,), agent(domain=domain) as one:
        one.process.signal(signal.SIGSEGV)
        assert one.process.wait() == -signal.SIGSEGV
        told = one.process.log.read_text(errors="replace")
        fatal = told[told.index("Fatal Python error: Segmentation fault") :]
        assert "bridge/engine.py" in fatal
        assert "bridge/dds/pump.py" in fatal
