"""The demo's service and action with rclpy.

The action is the Fibonacci of example_interfaces, or of test_msgs: whichever is installed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from rclpy.action import ActionClient, ActionServer
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from std_srvs.srv import SetBool

from bridge.demo.calls import COUNT, FEEDBACK_S, LIGHTS, STEP_S, Counted

try:
    from example_interfaces.action import Fibonacci
except ImportError:  # not among the ROS packages on PyPI
    try:
        from test_msgs.action import Fibonacci
    except ImportError:
        Fibonacci = None

_THREADS = 2
"""One counts, one serves."""
_JOIN_S = 5.0
_SUCCEEDED = 4
"""``action_msgs.msg.GoalStatus.STATUS_SUCCEEDED``."""


class RosServing:
    """The robot's service and action, and the threads they run on."""

    def __init__(self, node: Any, context: Any, lights: Callable[[bool], tuple[bool, str]]) -> None:
        group = ReentrantCallbackGroup()
        self._lights = lights
        self._service = node.create_service(SetBool, LIGHTS, self._answer)
        self._action = None
        if Fibonacci is not None:
            self._action = ActionServer(node, Fibonacci, COUNT, self._count, callback_group=group)
        self._executor = MultiThreadedExecutor(_THREADS, context=context)
        self._executor.add_node(node)
        self._thread = threading.Thread(target=self._executor.spin, name="demo-serving", daemon=True)
        self._thread.start()

    def _answer(self, request: Any, response: Any) -> Any:
        response.success, response.message = self._lights(request.data)
        return response

    def _count(self, goal: Any) -> Any:
        feedback, result = Fibonacci.Feedback(), Fibonacci.Result()
        for number in range(goal.request.order):
            feedback.sequence = [*feedback.sequence, number]
            goal.publish_feedback(feedback)
            time.sleep(STEP_S)
        result.sequence = feedback.sequence
        goal.succeed()
        return result

    def close(self) -> None:
        """Serve no more."""
        self._executor.shutdown(timeout_sec=_JOIN_S)
        self._thread.join(_JOIN_S)
        if self._action is not None:
            self._action.destroy()


class RosCalls:
    """The station's clients; its node spins elsewhere. See :class:`bridge.demo.nodes.Calls`."""

    has_action = Fibonacci is not None

    def __init__(self, node: Any) -> None:
        self._lights = node.create_client(SetBool, LIGHTS)
        self._count = ActionClient(node, Fibonacci, COUNT) if Fibonacci is not None else None

    def lights_ready(self) -> bool:
        """See the protocol."""
        return bool(self._lights.service_is_ready())

    def set_lights(self, on: bool, timeout_s: float) -> tuple[bool, str] | None:  # noqa: FBT001 - as asked
        """See the protocol."""
        answer = _result(self._lights.call_async(SetBool.Request(data=on)), timeout_s)
        return None if answer is None else (answer.success, answer.message)

    def count_ready(self) -> bool:
        """See the protocol."""
        return self._count is not None and bool(self._count.server_is_ready())

    def count(self, order: int, timeout_s: float) -> Counted | None:
        """See the protocol."""
        if self._count is None:
            return None
        feedback: list[list[int]] = []
        sent = self._count.send_goal_async(
            Fibonacci.Goal(order=order),
            feedback_callback=lambda told: feedback.append(list(told.feedback.sequence)),
        )
        goal = _result(sent, timeout_s)
        if goal is None or not goal.accepted:
            return None
        answer = _result(goal.get_result_async(), timeout_s)
        if answer is None:
            return None
        result = list(answer.result.sequence) if answer.status == _SUCCEEDED else []
        return Counted(feedback=settled(feedback, order), result=result)

    def close(self) -> None:
        """See the protocol."""
        if self._count is not None:
            self._count.destroy()


def settled(feedback: list[list[int]], order: int) -> list[list[int]]:
    """Feedback once all of it is there: the result may overtake it."""
    end_s = time.monotonic() + FEEDBACK_S
    while len(feedback) < order and time.monotonic() < end_s:
        time.sleep(STEP_S)
    return feedback


def _result(future: Any, timeout_s: float) -> Any:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    return future.result() if done.wait(timeout_s) else None
