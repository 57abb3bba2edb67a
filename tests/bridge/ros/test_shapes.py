"""The shape made from a message class is that of what the RMW writes and reads."""

from __future__ import annotations

import inspect
import random
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="ROS is not in this environment")

import action_msgs.srv
import nav_msgs.srv
import rcl_interfaces.srv
import sensor_msgs.msg
import test_msgs.msg
import test_msgs.srv
from rclpy.serialization import deserialize_message, serialize_message
from test_msgs.action import Fibonacci, NestedMessage

from bridge.core.cdrshape import PayloadCheck
from bridge.errors import WireError
from bridge.ros.shapes import shape_of
from tests.bridge.ros.messages import filled

_SERVICES = [
    service
    for module in (action_msgs.srv, nav_msgs.srv, rcl_interfaces.srv, test_msgs.srv)
    for service in vars(module).values()
    if hasattr(service, "Request")
]
_SERVICES += [
    getattr(a.Impl, part)
    for a in (Fibonacci, NestedMessage)
    for part in ("SendGoalService", "GetResultService")
]
MESSAGES = [half for service in _SERVICES for half in (service.Request, service.Response)] + [
    message
    for module in (sensor_msgs.msg, test_msgs.msg)
    for message in vars(module).values()
    if inspect.isclass(message)
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: one.__name__)
def test_what_the_rmw_writes_is_measured_and_read_back(message: Any) -> None:
    choice, checks = random.Random(message.__name__), PayloadCheck(shape_of(message))
    for _ in range(20):
        value = filled(message, choice)
        payload = checks.trimmed(serialize_message(value))
        checks.check(payload)
        assert deserialize_message(payload, message) == value


def test_content_that_is_too_short_for_the_rmw_is_refused_before() -> None:
    choice = random.Random(1)
    for message in (test_msgs.msg.UnboundedSequences, rcl_interfaces.srv.SetParameters.Request):
        checks = PayloadCheck(shape_of(message))
        for _ in range(50):
            payload = checks.trimmed(serialize_message(filled(message, choice)))
            with pytest.raises(WireError):
                checks.check(payload[: choice.randrange(4, max(5, len(payload) - 4))])
