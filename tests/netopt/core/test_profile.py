"""The four profiles."""

from __future__ import annotations

import pytest

from netopt.core.profile import PROFILES, demand_of, profile_named
from netopt.errors import UsageError


def test_the_profiles_are_the_four_kinds_of_host():
    assert [profile.name for profile in PROFILES] == ["robot", "station", "router", "simulator"]


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(UsageError, match="robot, station, router, simulator"):
        profile_named("drone")


def test_what_is_said_wins_over_the_profile():
    robot = profile_named("robot")
    demand = demand_of(robot, rate_bit_s=10**9, rtt_s=0.02, memory_bytes=1)
    assert (demand.rate_bit_s, demand.rtt_s, demand.message_bytes) == (
        10**9,
        0.02,
        robot.demand.message_bytes,
    )
