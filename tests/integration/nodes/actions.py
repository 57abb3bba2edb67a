"""A node of the real rclpy with an action server that counts up, and with clients of such servers.

The action is test_msgs/action/Fibonacci: feedback and result are 0, 1, 2 … up to the order asked for.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import rclpy
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from test_msgs.action import Fibonacci

from tests.integration.nodes.serving import Functions, serve

_READY_S = 30.0
_THREADS = 8


class Counting:
    """The server: one step each ``period_s``; refuses negative orders."""

    def __init__(self, node: Node, name: str, period_s: float) -> None:
        self._period_s = period_s
        self.goals = 0
        self.server = ActionServer(
            node,
            Fibonacci,
            name,
            execute_callback=self._execute,
            goal_callback=self._goal,
            cancel_callback=lambda _goal: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )

    def _goal(self, request: Any) -> GoalResponse:
        return GoalResponse.REJECT if request.order < 0 else GoalResponse.ACCEPT

    def _execute(self, goal: Any) -> Any:
        self.goals += 1
        feedback, result = Fibonacci.Feedback(), Fibonacci.Result()
        for number in range(goal.request.order):
            if goal.is_cancel_requested:
                goal.canceled()
                break
            feedback.sequence = [*feedback.sequence, number]
            goal.publish_feedback(feedback)
            time.sleep(self._period_s)
        else:
            goal.succeed()
        result.sequence = feedback.sequence
        return result


class Goals:
    """The client: goals by number, and what became of each."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._clients: dict[str, ActionClient] = {}
        self._goals: list[dict[str, Any]] = []

    def available(self, action: str) -> bool:
        """Whether a server is found now."""
        return bool(self._client(action).server_is_ready())

    def send(self, action: str, order: int, timeout_s: float = 10.0) -> dict[str, Any]:
        """Send a goal; its number, and whether it was accepted (None: nobody said)."""
        client = self._client(action)
        if not client.wait_for_server(_READY_S):
            raise RuntimeError(f"no server of {action}: {self._seen(action)}")
        goal: dict[str, Any] = {"feedback": [], "status": None, "sequence": None, "ended_s": None}
        number = len(self._goals)
        self._goals.append(goal)
        handle = _result(
            client.send_goal_async(
                Fibonacci.Goal(order=order),
                feedback_callback=lambda told: goal["feedback"].append(len(told.feedback.sequence)),
            ),
            timeout_s,
        )
        if handle is None or not handle.accepted:
            return {"goal": number, "accepted": None if handle is None else False}
        goal["handle"] = handle
        handle.get_result_async().add_done_callback(lambda future: _ended(goal, future.result()))
        return {"goal": number, "accepted": True}

    def cancel(self, goal: int, timeout_s: float = 10.0) -> int | None:
        """Ask for its end; how many goals are being cancelled."""
        answer = _result(self._goals[goal]["handle"].cancel_goal_async(), timeout_s)
        return None if answer is None else len(answer.goals_canceling)

    def outcome(self, goal: int) -> dict[str, Any]:
        """Feedback (as its lengths), status and result so far; when it ended, by the monotonic clock."""
        return {key: value for key, value in self._goals[goal].items() if key != "handle"}

    def _seen(self, action: str) -> dict[str, list[int]]:
        """Of each part, how many servers or publishers there are, and how many clients or subscribers."""
        node, parts = self._node, f"{action}/_action"
        return {
            part: [node.count_services(f"{parts}/{part}"), node.count_clients(f"{parts}/{part}")]
            for part in ("send_goal", "cancel_goal", "get_result")
        } | {
            part: [node.count_publishers(f"{parts}/{part}"), node.count_subscribers(f"{parts}/{part}")]
            for part in ("feedback", "status")
        }

    def _client(self, action: str) -> ActionClient:
        if action not in self._clients:
            self._clients[action] = ActionClient(self._node, Fibonacci, action)
        return self._clients[action]


def _ended(goal: dict[str, Any], answer: Any) -> None:
    goal.update(status=answer.status, sequence=list(answer.result.sequence), ended_s=time.monotonic())


def _result(future: Any, timeout_s: float) -> Any:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    return future.result() if done.wait(timeout_s) else None


@contextlib.contextmanager
def main(*, name: str = "actions", serves: str = "", period_s: float = 0.01) -> Iterator[Functions]:
    """A node.

    Args:
        name: of the node.
        serves: name of its action; empty: it has none.
        period_s: between two steps of a goal.
    """
    rclpy.init()
    node = rclpy.create_node(name)
    executor = MultiThreadedExecutor(_THREADS)
    executor.add_node(node)
    thread = threading.Thread(target=_spin, args=(executor,), name="spin")
    thread.start()
    counting = Counting(node, serves, period_s) if serves else None
    goals = Goals(node)
    try:
        yield {
            "available": goals.available,
            "cancel": goals.cancel,
            "executed": lambda: counting.goals if counting else 0,
            "outcome": goals.outcome,
            "send": goals.send,
        }
    finally:
        executor.shutdown(timeout_sec=10.0)
        thread.join(10.0)
        node.destroy_node()
        rclpy.try_shutdown()


def _spin(executor: MultiThreadedExecutor) -> None:
    with contextlib.suppress(ExternalShutdownException):
        executor.spin()


if __name__ == "__main__":
    serve(main)
