"""What every test shares: the two Hypothesis profiles, chosen by ``ZENLINK_HYPOTHESIS``."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A shared machine stalls for longer than any sensible deadline: time is judged by pytest-timeout alone.
settings.register_profile("fast", max_examples=50, deadline=None)
settings.register_profile(
    "deep", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("ZENLINK_HYPOTHESIS", "fast"))

# A shell's job in the background ignores SIGINT, and so would every process that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

_ALONE = {"interop", "stack", "systemd"}
"""Folders whose tests need the machine for themselves, all of them; others say so by the marker."""
_WAITING = {"integration", "package"}
"""Folders whose tests wait for processes of their own."""
_TIMEOUT = pytest.StashKey[object]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before pytest selects by marker. Where files run beside each other those that wait come first."""
    for item in items:
        if not _ALONE.isdisjoint(_folders(item)):
            item.add_marker("alone")
    if hasattr(config, "workerinput"):  # of pytest-xdist
        items.sort(key=lambda item: _WAITING.isdisjoint(_folders(item)))


def _folders(item: pytest.Item) -> tuple[str, ...]:
    return Path(item.nodeid.partition("::")[0]).parts


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: object) -> None:
    item.stash[_TIMEOUT] = settings


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Each run of a test has its whole time; pytest-timeout has one clock for all, and a failure stops it."""
    if getattr(item, "execution_count", 1) > 1 and _TIMEOUT in item.stash:
        item.config.hook.pytest_timeout_cancel_timer(item=item)
        item.config.hook.pytest_timeout_set_timer(item=item, settings=item.stash[_TIMEOUT])
