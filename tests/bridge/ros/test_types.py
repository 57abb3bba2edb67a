"""Types are found by name, and what is missing is said with what to install."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("rclpy", reason="ROS is not in this environment")

from action_msgs.srv import CancelGoal
from std_srvs.srv import SetBool
from test_msgs.action import Fibonacci

from bridge.errors import DdsError
from bridge.ros.types import service_type


@pytest.mark.parametrize(
    ("ros_type", "service"),
    [
        ("std_srvs/srv/SetBool", SetBool),
        ("action_msgs/srv/CancelGoal", CancelGoal),
        ("test_msgs/action/Fibonacci_SendGoal", Fibonacci.Impl.SendGoalService),
        ("test_msgs/action/Fibonacci_GetResult", Fibonacci.Impl.GetResultService),
    ],
)
def test_services_of_both_kinds_are_found(ros_type: str, service: type) -> None:
    found = service_type(ros_type)
    assert (found.service, found.request, found.response) == (service, service.Request, service.Response)


@pytest.mark.parametrize(
    ("ros_type", "said"),
    [
        ("no_such_msgs/srv/Do", r"install ros-\w+-no-such-msgs, or source the workspace"),
        ("no_such_msgs/action/Do_SendGoal", r"install ros-\w+-no-such-msgs"),
        ("std_srvs/srv/NoSuch", "package std_srvs has no such service"),
        ("std_srvs/msg/SetBool", "package std_srvs is not"),
        ("test_msgs/action/Fibonacci", "no such service"),
        ("test_msgs/action/Fibonacci_Feedback", "no such service"),
        ("test_msgs/srv/Fibonacci_SendGoal", "no such service"),
        ("std_srvs/srv", "is no PACKAGE/srv/NAME"),
        ("std_srvs/srv/sub/SetBool", "is no PACKAGE/srv/NAME"),
        ("../../etc/srv/passwd", "is no PACKAGE/srv/NAME"),
    ],
)
def test_what_is_missing_is_said(ros_type: str, said: str) -> None:
    with pytest.raises(DdsError, match=said):
        service_type(ros_type)


@pytest.mark.parametrize("package", ["this", "antigravity", "xmlrpc"])
def test_a_name_from_the_network_runs_no_module_that_is_no_interface(package: str) -> None:
    assert package not in sys.modules
    with pytest.raises(DdsError, match="is not in the agent's ROS environment"):
        service_type(f"{package}/srv/Do")
    assert package not in sys.modules
