"""Local names and Zenoh keys: namespace and remaps, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given

from bridge.core.naming import Naming
from bridge.core.routespec import Direction
from bridge.errors import InvalidName
from tests.strategies import namespaces, ros_names

BOTH = list(Direction)


@given(ros_names, namespaces)
def test_without_remaps_a_name_comes_back_from_its_key(name: str, namespace: str) -> None:
    naming = Naming(namespace=namespace)
    for direction in BOTH:
        assert naming.local_name(naming.key_expr(name, direction), direction) == name


@pytest.mark.parametrize("direction", BOTH)
def test_a_remapped_name_has_the_other_key_and_comes_back(direction: Direction) -> None:
    remaps = {"/cmd_vel": "/teleop/cmd_vel"}
    naming = Naming(namespace="/bot1", egress=remaps, ingress=remaps)
    assert naming.key_expr("/cmd_vel", direction) == "bot1/teleop/cmd_vel"
    assert naming.local_name("bot1/teleop/cmd_vel", direction) == "/cmd_vel"


def test_a_name_remapped_away_does_not_stand_for_its_own_key() -> None:
    naming = Naming(ingress={"/a": "/b"})
    assert naming.local_name("a", Direction.INGRESS) is None
    assert naming.local_name("a", Direction.EGRESS) == "/a"


def test_names_can_be_swapped() -> None:
    naming = Naming(egress={"/a": "/b", "/b": "/a"})
    assert [naming.key_expr(name, Direction.EGRESS) for name in ("/a", "/b")] == ["b", "a"]
    assert [naming.local_name(key, Direction.EGRESS) for key in ("b", "a")] == ["/a", "/b"]


def test_a_remap_of_one_direction_leaves_the_other_alone() -> None:
    naming = Naming(egress={"/a": "/b"})
    assert naming.key_expr("/a", Direction.INGRESS) == "a"


@pytest.mark.parametrize("key", ["@/x", "a//b", "a/*", "1a", "a-b", ""])
def test_a_key_that_is_no_ros_name_has_no_name_here(key: str) -> None:
    assert Naming().local_name(key, Direction.INGRESS) is None


def test_what_is_no_ros_name_has_no_key() -> None:
    with pytest.raises(InvalidName):
        Naming().key_expr("chatter", Direction.EGRESS)
