"""Every wanted setting carries all that a person needs."""

from __future__ import annotations

import pytest

from netopt.core.catalog import known_sysctls, settings_of
from netopt.core.profile import PROFILES, profile_named
from netopt.core.settings import AtLeast, Kind, Scope


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_each_setting_says_why_how_much_what_for_at_what_cost_and_who_says_so(profile):
    settings = settings_of(profile, profile.demand)
    assert len({setting.target for setting in settings}) == len(settings)
    for setting in settings:
        assert setting.target.kind is Kind.SYSCTL
        texts = (setting.reason, setting.formula, setting.effect, setting.cost, setting.source)
        assert all(texts), setting.target


def test_what_is_wanted_by_anybody_is_read():
    for key in ("net.core.rmem_default", "net.ipv4.tcp_thin_linear_timeouts", "net.core.default_qdisc"):
        assert key in known_sysctls()


def test_a_router_has_no_dds_and_keeps_datagram_settings_alone():
    keys = {setting.target.name for setting in settings_of(profile_named("router"), PROFILES[0].demand)}
    assert not any("rmem_max" in key or "frag" in key for key in keys)
    assert "net.ipv4.tcp_congestion_control" in keys


def test_vectors_are_in_rising_order():
    for profile in PROFILES:
        for setting in settings_of(profile, profile.demand):
            if isinstance(setting.rule, AtLeast) and len(setting.rule.bounds) == 3:
                bounds = [bound for bound in setting.rule.bounds if bound is not None]
                assert bounds == sorted(bounds)


def test_the_limits_of_sockets_belong_to_the_host():
    settings = settings_of(PROFILES[0], PROFILES[0].demand)
    hosts = {setting.target.name for setting in settings if setting.scope is Scope.HOST}
    assert hosts == {
        "net.core.rmem_max",
        "net.core.rmem_default",
        "net.core.wmem_max",
        "net.core.default_qdisc",
    }
