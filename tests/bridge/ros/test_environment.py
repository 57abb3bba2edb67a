"""The RMW is told where it may look for others, before any thread could be reading the environment."""

from __future__ import annotations

import pytest

from bridge.ros.environment import LOCALHOST, PROFILES, apply, variables


def told(**values: object) -> dict[str, str | None]:
    given = {"discovery_range": "subnet", "loopback_only": False, "static_peers": (), "environment": {}}
    return variables(**(given | values))  # type: ignore[arg-type]


@pytest.mark.parametrize("reach", ["subnet", "off"])
def test_the_range_of_the_configuration_is_that_of_the_rmw(reach: str) -> None:
    assert told(discovery_range=reach)["ROS_AUTOMATIC_DISCOVERY_RANGE"] == reach.upper()


@pytest.mark.parametrize("values", [{"discovery_range": "localhost"}, {"loopback_only": True}])
def test_the_range_of_this_host_is_the_profile_s(values: dict[str, object]) -> None:
    found = told(**values)
    assert found["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SYSTEM_DEFAULT"
    assert found["FASTDDS_DEFAULT_PROFILES_FILE"] == str(LOCALHOST)


@pytest.mark.parametrize(
    "values",
    [
        {"static_peers": ("a",)},
        {"environment": {"ROS_DISTRO": "humble"}},
        {"environment": {"FASTDDS_DEFAULT_PROFILES_FILE": "/etc/mine.xml"}},
    ],
)
def test_where_that_profile_cannot_serve_rmw_fastrtps_keeps_to_this_host(values: dict[str, object]) -> None:
    assert told(discovery_range="localhost", **values)["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"


def test_static_peers_are_separated_as_ros_does() -> None:
    assert told(static_peers=("a", "b"))["ROS_STATIC_PEERS"] == "a;b"


def test_the_deprecated_variable_cannot_overrule_the_configuration() -> None:
    assert told(environment={"ROS_LOCALHOST_ONLY": "1"})["ROS_LOCALHOST_ONLY"] is None


def test_humble_knows_only_the_deprecated_variable() -> None:
    assert told(environment={"ROS_DISTRO": "humble"}, loopback_only=True)["ROS_LOCALHOST_ONLY"] == "1"


@pytest.mark.parametrize("rmw", ["rmw_cyclonedds_cpp", "rmw_zenoh_cpp"])
def test_an_rmw_that_cannot_serve_fast_dds_nodes_is_replaced(rmw: str) -> None:
    assert told(environment={"RMW_IMPLEMENTATION": rmw})["RMW_IMPLEMENTATION"] == "rmw_fastrtps_cpp"


@pytest.mark.parametrize("environment", [{}, {"RMW_IMPLEMENTATION": "rmw_connextdds"}])
def test_any_other_choice_of_the_user_stands(environment: dict[str, str]) -> None:
    assert "RMW_IMPLEMENTATION" not in told(environment=environment)


def test_fast_dds_is_kept_from_asking_for_types() -> None:
    assert told()["FASTDDS_DEFAULT_PROFILES_FILE"] == str(PROFILES)
    assert all("fastdds.type_propagation" in file.read_text() for file in (PROFILES, LOCALHOST))


@pytest.mark.parametrize("name", ["FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"])
def test_profiles_of_the_user_stand(name: str) -> None:
    assert "FASTDDS_DEFAULT_PROFILES_FILE" not in told(environment={name: "/etc/mine.xml"})


def test_what_was_set_is_put_back() -> None:
    environment = {"A": "1", "B": "2"}
    undo = apply({"A": None, "B": "3", "C": "4"}, environment)
    assert environment == {"B": "3", "C": "4"}
    undo()
    assert environment == {"A": "1", "B": "2"}
