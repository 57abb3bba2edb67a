"""A plan tried in a network namespace of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netopt.core.largemessages import LargeMessages
from netopt.core.plan import make_plan, observed_targets
from netopt.core.profile import profile_named
from netopt.core.settings import Kind
from netopt.errors import CannotTune
from netopt.kernel.host import KernelHost
from netopt.kernel.trial import NOTHING, in_private_namespace, try_plan
from tests.fakes.kernel import old_host
from tests.netopt.kernel.conftest import needs_namespace

SIMULATOR = profile_named("simulator")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may make namespaces")
def test_without_privilege_it_says_what_is_missing():
    with pytest.raises(CannotTune, match="run it as root"):
        in_private_namespace(lambda: None)


@needs_namespace
def test_the_host_keeps_its_settings_and_the_thread_its_own():
    def work() -> str:
        path = Path("/proc/sys/net/ipv4/ipfrag_time")
        path.write_text("7\n")
        return path.read_text()

    before = Path("/proc/sys/net/ipv4/ipfrag_time").read_text()
    assert in_private_namespace(work) == "7\n"
    assert Path("/proc/sys/net/ipv4/ipfrag_time").read_text() == before


@needs_namespace
def test_what_fails_inside_is_raised_outside():
    with pytest.raises(ZeroDivisionError):
        in_private_namespace(lambda: 1 / 0)


@needs_namespace
def test_the_planned_buffer_holds_a_whole_image_however_late_its_reader_is():
    """6 MiB to a reader that asks for no buffer and is away while they come; 208 KiB hold two of 97 parts."""
    plan = make_plan(old_host(), SIMULATOR, SIMULATOR.demand)
    messages = LargeMessages(message_bytes=6 << 20, count=1, reader_pause_s=0.5)
    before = try_plan(plan, messages, planned=False)
    after = try_plan(plan, messages, planned=True)
    assert [one.kind for one in before] == [one.kind for one in after]
    old, new = before[0], after[0]
    assert (old.kind, old.buffer_bytes, new.buffer_bytes) == (NOTHING, 212992, 16 << 20)
    assert (old.lost, new.lost) == (1, 0)


@needs_namespace
def test_a_trial_changes_nothing_of_this_host():
    plan = make_plan(KernelHost().observe(observed_targets()), SIMULATOR, SIMULATOR.demand)
    names = [step.target.name for step in plan.steps if step.target.kind is Kind.SYSCTL]
    paths = [Path("/proc/sys") / name.replace(".", "/") for name in names]
    before = [path.read_text() for path in paths if path.is_file()]
    try_plan(plan, LargeMessages(message_bytes=70_000, rate_hz=100.0, count=2), planned=True)
    assert [path.read_text() for path in paths if path.is_file()] == before
