from __future__ import annotations

import pytest
from pydantic import ValidationError

from bridge.config_probe import ProbeConfig, ProbeTargetConfig


@pytest.mark.parametrize("limit", ["local", "cloud", 0.5, 250, 60_000])
def test_a_limit_is_a_class_or_a_number_of_ms(limit):
    assert ProbeConfig(limit=limit).limit == limit


@pytest.mark.parametrize("limit", ["near", "10", 0, -1.0, 60_001, True, None, [10]])
def test_other_limits_are_refused_with_the_choice(limit):
    with pytest.raises(ValidationError, match="no target for a delay"):
        ProbeConfig(limit=limit)


@pytest.mark.parametrize("target", ["a1b2", "udp://10.0.0.5:7448", "udp://[::1]:7448", "tcp://rig:1"])
def test_a_target_is_a_zenoh_id_or_a_bare_address(target):
    assert ProbeTargetConfig(target=target).target == target


@pytest.mark.parametrize(
    "target",
    ["", "0a", "router.example", "udp://", "udp://10.0.0.5", "tcp://", "tls://10.0.0.5:1", "tcp/10.0.0.5:1"],
)
def test_other_targets_are_refused(target):
    with pytest.raises(ValidationError):
        ProbeTargetConfig(target=target)
