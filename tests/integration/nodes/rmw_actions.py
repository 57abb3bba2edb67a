"""`actions`, as a node on rmw_cyclonedds would be: the same functions, without ROS.

The action is test_msgs/action/Fibonacci: feedback and result are 0, 1, 2 … up to the order that is asked for.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

from cyclonedds.core import Policy, Qos
from cyclonedds.util import duration

from tests.integration.nodes.rmw import RmwNode
from tests.integration.nodes.rmw_types import (
    CANCEL_GOAL,
    GET_RESULT,
    SEND_GOAL,
    Feedback,
    FeedbackMessage,
    Goal,
    GoalInfo,
    GoalStatus,
    GoalStatusArray,
    Sequence,
    Time,
    Uuid,
)
from tests.integration.nodes.serving import Functions, serve

_READY_S = 30.0
_POLL_S = 0.005
UNKNOWN, EXECUTING, CANCELING, SUCCEEDED, CANCELED = 0, 2, 3, 4, 5
"""``action_msgs/msg/GoalStatus``."""


def _qos(*, transient_local: bool) -> Qos:
    policies = [
        Policy.Reliability.Reliable(duration(infinite=True)),
        Policy.Durability.TransientLocal if transient_local else Policy.Durability.Volatile,
        Policy.History.KeepLast(1 if transient_local else 10),
        Policy.DataRepresentation(use_cdrv0_representation=True),
    ]
    if transient_local:
        policies.append(Policy.DurabilityService(0, Policy.History.KeepLast(1), -1, -1, -1))
    return Qos(*policies)


class Running:
    """One goal of the server."""

    def __init__(self, goal_id: Any, order: int) -> None:
        self.goal_id, self.order = goal_id, order
        self.status = EXECUTING
        self.sequence: list[int] = []
        self.cancel = threading.Event()
        self.waiting: list[Any] = []
        """Requests for its result."""


class Counting:
    """The server: one step each ``period_s``; refuses negative orders."""

    def __init__(self, node: RmwNode, name: str, period_s: float) -> None:
        self._period_s = period_s
        self._lock = threading.Lock()
        self._goals: dict[bytes, Running] = {}
        self.threads: list[threading.Thread] = []
        self.stop = threading.Event()
        part = f"{name}/_action"
        self._feedback = node.writer(f"rt{part}/feedback", FeedbackMessage, _qos(transient_local=False))
        self._status = node.writer(f"rt{part}/status", GoalStatusArray, _qos(transient_local=True))
        node.server(f"{part}/send_goal", SEND_GOAL, self._send_goal)
        node.server(f"{part}/cancel_goal", CANCEL_GOAL, self._cancel_goal)
        self._results = node.server(f"{part}/get_result", GET_RESULT, self._get_result)

    @property
    def goals(self) -> int:
        """Accepted so far."""
        return len(self._goals)

    def _send_goal(self, request: Any) -> Any:
        accepted = request.goal.order >= 0
        if accepted:
            goal = Running(request.goal_id, request.goal.order)
            with self._lock:
                self._goals[_key(request.goal_id)] = goal
            self.threads.append(threading.Thread(target=self._execute, args=(goal,), name="goal"))
            self.threads[-1].start()
        return SEND_GOAL.response(accepted=accepted, stamp=Time())

    def _execute(self, goal: Running) -> None:
        self._tell()
        ended = SUCCEEDED
        for number in range(goal.order):
            if self.stop.is_set():
                return
            if goal.cancel.is_set():
                ended = CANCELED
                break
            goal.sequence.append(number)
            feedback = Feedback(sequence=list(goal.sequence))
            self._feedback.write(FeedbackMessage(goal_id=goal.goal_id, feedback=feedback))
            time.sleep(self._period_s)
        with self._lock:
            goal.status = ended
            waiting, goal.waiting = goal.waiting, []
        self._tell()
        for request in waiting:
            self._results.send(request, _result(goal))

    def _cancel_goal(self, request: Any) -> Any:
        with self._lock:
            goal = self._goals.get(_key(request.goal_info.goal_id))
            running = goal is not None and goal.status == EXECUTING
            if goal is not None and running:
                goal.status = CANCELING
                goal.cancel.set()
        return CANCEL_GOAL.response(
            return_code=0 if running else 1, goals_canceling=[request.goal_info] if running else []
        )

    def _get_result(self, request: Any) -> Any:
        with self._lock:
            goal = self._goals.get(_key(request.goal_id))
            if goal is None:
                return GET_RESULT.response(status=UNKNOWN, result=Sequence(sequence=[]))
            if goal.status in (EXECUTING, CANCELING):
                goal.waiting.append(request)
                return None
        return _result(goal)

    def _tell(self) -> None:
        with self._lock:
            states = [
                GoalStatus(goal_info=GoalInfo(goal_id=one.goal_id, stamp=Time()), status=one.status)
                for one in self._goals.values()
            ]
        self._status.write(GoalStatusArray(status_list=states))


def _result(goal: Running) -> Any:
    return GET_RESULT.response(status=goal.status, result=Sequence(sequence=list(goal.sequence)))


def _key(goal_id: Any) -> bytes:
    return bytes(goal_id.uuid)


class Client:
    """Of one action."""

    def __init__(self, node: RmwNode, name: str) -> None:
        part = f"{name}/_action"
        self.parts = [
            node.client(f"{part}/{one}", kind)
            for one, kind in (
                ("send_goal", SEND_GOAL),
                ("get_result", GET_RESULT),
                ("cancel_goal", CANCEL_GOAL),
            )
        ]
        self.send_goal, self.get_result, self.cancel_goal = self.parts
        self.feedback: dict[bytes, list[int]] = {}
        topics = (("feedback", FeedbackMessage, self._told), ("status", GoalStatusArray, lambda _: None))
        self._topics = [
            node.reader(f"rt{part}/{topic}", kind, _qos(transient_local=topic == "status"), sink)
            for topic, kind, sink in topics
        ]
        self._node = node
        node.tell()

    def _told(self, message: Any) -> None:
        self.feedback.setdefault(_key(message.goal_id), []).append(len(message.feedback.sequence))

    def available(self) -> bool:
        """All five parts are there."""
        topics = all(self._node.reader_of(one).get_matched_publications() for one in self._topics)
        return topics and all(one.available() for one in self.parts)


class Goals:
    """The clients: goals by number, and what became of each."""

    def __init__(self, node: RmwNode) -> None:
        self._node = node
        self._clients: dict[str, Client] = {}
        self._goals: list[dict[str, Any]] = []

    def available(self, action: str) -> bool:
        """Whether a server is found now."""
        return self._client(action).available()

    def send(self, action: str, order: int, timeout_s: float = 10.0) -> dict[str, Any]:
        """Send a goal; its number, and whether it was accepted (None: nobody said)."""
        client = self._client(action)
        deadline_s = time.monotonic() + _READY_S
        while not client.available():
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"no server of {action}")
            time.sleep(_POLL_S)
        goal_id = Uuid(uuid=list(uuid.uuid4().bytes))
        goal: dict[str, Any] = {"status": None, "sequence": None, "ended_s": None}
        goal |= {"client": client, "id": goal_id}
        number = len(self._goals)
        self._goals.append(goal)
        answer = client.send_goal.ask(SEND_GOAL.request(goal_id=goal_id, goal=Goal(order=order)), timeout_s)
        if answer is None or not answer.accepted:
            return {"goal": number, "accepted": None if answer is None else False}
        client.get_result.send(GET_RESULT.request(goal_id=goal_id), lambda told: _ended(goal, told))
        return {"goal": number, "accepted": True}

    def cancel(self, goal: int, timeout_s: float = 10.0) -> int | None:
        """Ask for its end; how many goals are being cancelled."""
        found = self._goals[goal]
        info = GoalInfo(goal_id=found["id"], stamp=Time())
        answer = found["client"].cancel_goal.ask(CANCEL_GOAL.request(goal_info=info), timeout_s)
        return None if answer is None else len(answer.goals_canceling)

    def outcome(self, goal: int) -> dict[str, Any]:
        """Feedback (as its lengths), status and result so far; when it ended, by the monotonic clock."""
        found = self._goals[goal]
        feedback = found["client"].feedback.get(_key(found["id"]), [])
        return {key: found[key] for key in ("status", "sequence", "ended_s")} | {"feedback": feedback}

    def _client(self, action: str) -> Client:
        if action not in self._clients:
            self._clients[action] = Client(self._node, action)
        return self._clients[action]


def _ended(goal: dict[str, Any], answer: Any) -> None:
    goal.update(status=answer.status, sequence=list(answer.result.sequence), ended_s=time.monotonic())


@contextlib.contextmanager
def main(
    *, name: str = "actions", serves: str = "", period_s: float = 0.01, lease_s: float = 10.0
) -> Iterator[Functions]:
    """A node.

    Args:
        name: of the node.
        serves: name of its action; empty: it has none.
        period_s: between two steps of a goal.
        lease_s: after which others miss it when it dies.
    """
    lease = f"<Discovery><LeaseDuration>{lease_s:g}s</LeaseDuration></Discovery>"
    xml = f'<CycloneDDS><Domain Id="any">{lease}</Domain></CycloneDDS>'
    node = RmwNode(name, int(os.environ["ROS_DOMAIN_ID"]), user_xml=xml)
    counting = Counting(node, serves, period_s) if serves else None
    node.tell()
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
        if counting is not None:
            counting.stop.set()
            for thread in counting.threads:
                thread.join()
        node.close()


if __name__ == "__main__":
    serve(main)
