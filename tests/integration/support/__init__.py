"""What the integration tests stand on: real agents and real ROS nodes as processes, on loopback alone.

Four context managers and functions; all clean up however the test ends::

    with (
        domains(2) as (robot, station),
        agent(domain=robot) as left,
        agent(domain=station, connect=[left]) as right,
        ros_node("talker", domain=robot, topic="/chatter") as talker,
    ):
        talker.call("publish", text="hello")
        eventually(lambda: right.crosses("/chatter"))

A ROS node is a script of ``tests/integration/nodes``; `nodes/serving.py` is its side of the conversation.
"""

from __future__ import annotations

from tests.integration.support.agents import Agent, agent
from tests.integration.support.domains import domains
from tests.integration.support.processes import Died
from tests.integration.support.ros import JAZZY_PYTHON, RosNode, ros_node
from tests.integration.support.waiting import eventually

__all__ = ["JAZZY_PYTHON", "Agent", "Died", "RosNode", "agent", "domains", "eventually", "ros_node"]
