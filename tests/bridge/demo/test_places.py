"""Children must not be led away by the user's own ROS settings."""

from __future__ import annotations

import pytest

from bridge.demo.places import child_environment


def environment(**base: str) -> dict[str, str]:
    return child_environment(base, domain_id=7, scratch="/scratch")


def test_a_child_stays_in_its_domain_on_this_host():
    child = environment(ROS_DOMAIN_ID="0", ROS_AUTOMATIC_DISCOVERY_RANGE="SUBNET", PATH="/bin")
    assert child["ROS_DOMAIN_ID"] == "7"
    assert child["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert child["PATH"] == "/bin"


@pytest.mark.parametrize(
    "name",
    [
        "CYCLONEDDS_URI",
        "FASTDDS_DEFAULT_PROFILES_FILE",
        "FASTRTPS_DEFAULT_PROFILES_FILE",
        "RMW_FASTRTPS_USE_QOS_FROM_XML",
        "ROS_DISCOVERY_SERVER",
        "ROS_LOCALHOST_ONLY",
        "ROS_SECURITY_ENABLE",
        "ROS_STATIC_PEERS",
        "ZENOH_CONFIG",
    ],
)
def test_settings_of_other_robots_do_not_reach_it(name: str):
    assert name not in environment(**{name: "x"})


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ("", "rmw_fastrtps_cpp"),
        ("rmw_cyclonedds_cpp", "rmw_cyclonedds_cpp"),
        ("rmw_zenoh_cpp", "rmw_fastrtps_cpp"),
    ],
)
def test_its_nodes_speak_dds(asked: str, used: str):
    assert environment(RMW_IMPLEMENTATION=asked)["RMW_IMPLEMENTATION"] == used
