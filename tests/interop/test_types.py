"""Every message type crosses unchanged, keyed ones too, and their subscribers survive."""

from __future__ import annotations

import pytest

from tests.integration.support import RosNode, agent, domains, eventually, ros_node
from tests.interop.support import rust_bridge

SEEDS = [1, 2, 3]
DEPTH = 20
PLAIN = ["std_msgs", "geometry_msgs", "nav_msgs", "sensor_msgs"]
KEYED = ["test_msgs"]


# Keyed types not towards the Rust bridge: without key hashes it crashes every Fast DDS subscriber there.
@pytest.mark.parametrize(
    ("towards", "packages"),
    [("us", PLAIN + KEYED), pytest.param("the-rust-bridge", PLAIN, marks=pytest.mark.second_case)],
)
def test_every_message_type_crosses_unchanged(towards: str, packages: list[str]) -> None:
    with domains(2) as (robot, station), agent(domain=station) as ours:
        begin, end = (robot, station) if towards == "us" else (station, robot)
        with (
            rust_bridge(domain=robot, connect=[ours]),
            ros_node("all_types", domain=end, role="listener", packages=packages, depth=DEPTH) as listener,
            ros_node("all_types", domain=begin, role="talker", packages=packages, depth=DEPTH) as talker,
        ):
            eventually(lambda: _all_flow(talker, listener))
            sent = talker.call("publish", seeds=SEEDS)

            def all_arrived() -> bool:
                found = listener.call("texts")
                assert [topic for topic in sent if found[topic][-len(SEEDS) :] != sent[topic]] == []
                return True

            eventually(all_arrived)


def _all_flow(talker: RosNode, listener: RosNode) -> bool:
    """A first message of each type has arrived: a writer that counts its readers may be ahead of them."""
    talker.call("publish", seeds=[0])
    return all(listener.call("raw").values())
