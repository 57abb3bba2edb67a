"""Each fault that is put in is found within its stated bound: on simulated clocks, and over real sockets."""

from __future__ import annotations

import pytest

from netopt.probe.selftest import simulated_checks
from netopt.probe.selftest_live import live_checks

NAMES = (
    "delay",
    "jitter",
    "offset",
    "offset",
    "loss",
    "duplicates",
    "reordering",
    "asymmetry",
    "stall",
    "clock",
)


@pytest.fixture(scope="module")
def checks():
    return list(simulated_checks())


def test_every_fault_has_its_scenario(checks):
    assert tuple(check.name.split()[0] for check in checks) == NAMES


@pytest.mark.parametrize("number", range(len(NAMES)), ids=lambda number: f"{NAMES[number]}-{number}")
def test_what_was_put_in_is_found(checks, number):
    assert checks[number].good, checks[number]


def test_over_real_sockets_too():
    """One live run: unequal ways and a clock 3 s ahead; the interval contains the truth."""
    assert {check.name: check.good for check in live_checks()} == {"delay, live": True, "offset, live": True}
