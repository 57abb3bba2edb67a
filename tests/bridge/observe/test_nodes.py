"""Which nodes are told, of engines on fakes."""

from __future__ import annotations

from tests.bridge.engine_stage import WAIT_S, place, running, talker
from tests.builders import NAME
from tests.integration.support.waiting import eventually


def test_nodes_of_the_domain_are_told_with_their_topics():
    robot = place()
    with running(robot):
        node = robot.node("/arm/camera")
        writer = talker(node)
        node.announce_node(readers=(), writers=[writer.gid])
        [camera] = eventually(
            lambda: [one for one in robot.observer.nodes() if one.publishers == (NAME,)], WAIT_S
        )
    assert camera.name == "/arm/camera"
    assert camera.participant == str(node.participant)
