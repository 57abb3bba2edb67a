"""docker/stack/settings.py: every variable of the stack is looked at, and a wrong one named."""

from __future__ import annotations

import pytest

from tests.docker.scripts import script

settings = script("settings")


def test_every_default_is_good() -> None:
    assert list(settings.faults({})) == []


def test_a_value_for_each_variable_is_taken() -> None:
    good = {
        "ZENLINK_IMAGE": "registry.example:5000/fleet/bridge:1.2.3@sha256:" + "0" * 64,
        "ROUTER_NAMES": "router.example,10.0.0.5",
        "EDGE_SUBNET": "10.1.0.0/16",
        "EDGE_GATEWAY": "10.1.0.1",
        "ROUTER_ADDRESS": "10.1.0.9",
        "BRIDGE_ROLE": "robot",
        "BRIDGE_NAMESPACE": "/fleet/robot1",
        "ACCEPT_EULA": "Y",
        "RESTORE_FILE": "zenlink-20260101T000000Z.tar.gz",
    }
    assert list(settings.faults(good)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZENLINK_IMAGE", "Not An Image"),
        ("ROUTER_PORT", "0"),
        ("ROUTER_PORT", "65536"),
        ("ROUTER_PORT", "٤٤٣"),
        ("ROUTER_BIND", "localhost"),
        ("ROUTER_NAMES", "router.example, station"),
        ("ROUTER_NAMES", "-x"),
        ("EDGE_SUBNET", "172.30.7.1/24"),
        ("EDGE_SUBNET", "172.30.7.0/30"),
        ("EDGE_SUBNET", "fd00::/64"),
        ("BRIDGE_NAME", "../ca"),
        ("BRIDGE_ROLE", "king"),
        ("BRIDGE_NAMESPACE", "robot1"),
        ("ROS_DOMAIN_ID", "233"),
        ("ROS_AUTOMATIC_DISCOVERY_RANGE", "localhost"),
        ("ACCEPT_EULA", "maybe"),
        ("SIM_MEMORY", "lots"),
        ("PROMETHEUS_KEEP", "0d"),
        ("RESTORE_FILE", "../../etc/passwd"),
        ("RESTORE_OVERWRITE", "perhaps"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_wanted(name: str, value: str) -> None:
    (fault,) = settings.faults({name: value})
    assert fault.startswith(f"{name}={value}: should be ")


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"ROUTER_ADDRESS": "10.0.0.9"}, "ROUTER_ADDRESS=10.0.0.9: is not in EDGE_SUBNET=172.30.7.0/24"),
        ({"ROUTER_ADDRESS": "172.30.7.1"}, "ROUTER_ADDRESS=172.30.7.1: is the gateway's own"),
        ({"MONITORING_SUBNET": "172.30.7.128/25"}, "MONITORING_SUBNET=172.30.7.128/25: overlaps"),
        ({"BRIDGE_ROLE": "robot"}, "BRIDGE_NAMESPACE=/: a robot needs one of its own"),
    ],
)
def test_values_that_do_not_go_together_are_named(env: dict[str, str], told: str) -> None:
    (fault,) = settings.faults(env)
    assert fault.startswith(told)
