"""What an agent announces for a node is, byte for byte, what the Rust bridge announces for the same node."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.support import agent, domains, eventually, ros_node
from tests.interop.support import rust_bridge, token_watch

PROFILES: dict[str, dict[str, Any]] = {
    "default": {},
    "depth_1": {"depth": 1},
    "sensor": {"reliable": False, "depth": 5},
    "latched": {"transient_local": True, "depth": 1},
    "tf_static": {"transient_local": True, "depth": 100},
    "all": {"keep_all": True},
    "all_latched": {"keep_all": True, "transient_local": True},
}
PACKAGES = ["std_msgs", "sensor_msgs", "test_msgs"]
FEWEST = 13
"""Tokens of the smallest set of nodes below."""


@contextlib.contextmanager
def cyclone_node(domain: int, *, humble: bool) -> Iterator[None]:
    """Publishers and subscriptions of every profile, whose history is announced."""
    with ros_node(
        "cyclone",
        domain=domain,
        humble=humble,
        publish_on=[{"topic": f"/pub/{name}", **qos} for name, qos in PROFILES.items()],
        # Not the last: the Rust bridge fails on a TRANSIENT_LOCAL subscription of depth 0; see `as_an_rmw`.
        subscribe_to=[
            {"topic": f"/sub/{name}", **qos} for name, qos in PROFILES.items() if name != "all_latched"
        ],
    ):
        yield


@contextlib.contextmanager
def fastdds_nodes(domain: int) -> Iterator[None]:
    """Every message type of some packages, keyed ones too; publishers and subscriptions of some profiles."""
    with contextlib.ExitStack() as nodes:
        nodes.enter_context(ros_node("all_types", domain=domain, role="talker", packages=PACKAGES, depth=10))
        for name, qos in PROFILES.items():
            if name in ("sensor", "tf_static", "all_latched"):
                nodes.enter_context(ros_node("talker", domain=domain, topic=f"/pub/{name}", **qos))
                nodes.enter_context(ros_node("listener", domain=domain, topic=f"/sub/{name}", **qos))
        yield


def as_an_rmw(token: str) -> str:
    """Beside KEEP_ALL an RMW announces depth -1, cyclonedds-python 0; the Rust bridge tells what it sees."""
    return token.replace(":1,0", ":1,-1")


@pytest.mark.parametrize(
    ("nodes", "namespace"),
    [
        ("humble", "/"),
        pytest.param("cyclone", "/", marks=pytest.mark.second_case),
        ("cyclone", "/fleet/bot1"),
        ("fastdds", "/"),
    ],
)
def test_tokens_are_those_of_the_rust_bridge(nodes: str, namespace: str) -> None:
    def run(domain: int) -> contextlib.AbstractContextManager[None]:
        return fastdds_nodes(domain) if nodes == "fastdds" else cyclone_node(domain, humble=nodes == "humble")

    with (
        domains(2) as (own, theirs),
        agent(domain=own, settings={"ros": {"namespace": namespace}}) as ours,
        rust_bridge(
            domain=theirs,
            distro="humble" if nodes == "humble" else "jazzy",
            options={"namespace": namespace},
        ) as rust,
        token_watch(ours.endpoint) as our_tokens,
        token_watch(rust.endpoint) as their_tokens,
        run(own),
        run(theirs),
    ):
        zid = ours.status()["zid"]

        def equal() -> bool:
            found = our_tokens.of(zid, "MP", "MS")
            wanted = {as_an_rmw(token) for token in their_tokens.of(rust.zid, "MP", "MS")}
            assert len(wanted) >= FEWEST
            assert found - wanted == set()
            assert wanted - found == set()
            return True

        eventually(equal)
