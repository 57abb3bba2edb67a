"""The demo's service and action over plain Cyclone DDS, in the form of rmw_cyclonedds.

A request carries its client's handle and a number, which the response repeats. Both ends of a client or
server carry one id in USER_DATA, by which the other side knows that it has found both.
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from cyclonedds.core import DDSException, Policy, Qos
from cyclonedds.domain import DomainParticipant
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic
from cyclonedds.util import duration

from bridge.demo.calls import COUNT, FEEDBACK_S, LIGHTS, STEP_S, Counted
from bridge.demo.dds_call_types import (
    CancelGoalRequest,
    CancelGoalResponse,
    FeedbackMessage,
    GetResultRequest,
    GetResultResponse,
    GoalStatusArray,
    SendGoalRequest,
    SendGoalResponse,
    SetBoolRequest,
    SetBoolResponse,
    Uuid,
)

_POLL_S = 0.005
_TAKE_MAX = 16
_CLIENT_WAIT_S = 1.0
"""For the reader of a client that has asked already."""
_BLOCKING = duration(seconds=1)
_HANDLE_MASK = (1 << 64) - 1
_DEPTH = 100
"""More than the feedback of the one goal: it is read after the result."""
_SUCCEEDED = 4
"""``action_msgs/msg/GoalStatus``."""
_SET_BOOL = (SetBoolRequest, SetBoolResponse)
_PARTS = {
    "send_goal": (SendGoalRequest, SendGoalResponse),
    "get_result": (GetResultRequest, GetResultResponse),
    "cancel_goal": (CancelGoalRequest, CancelGoalResponse),
}
_ids = itertools.count()
_lock = threading.Lock()
"""cyclonedds reads the QoS of a match through buffers that all threads share."""


def _qos(*, latched: bool = False, user_data: str = "") -> Qos:
    policies = [
        Policy.Reliability.Reliable(_BLOCKING),
        Policy.Durability.TransientLocal if latched else Policy.Durability.Volatile,
        Policy.History.KeepLast(1 if latched else _DEPTH),
        Policy.DataRepresentation(use_cdrv0_representation=True),
    ]
    if user_data:
        policies.append(Policy.Userdata(user_data.encode()))
    return Qos(*policies)


class _Pair:
    """The two endpoints of a client or server."""

    def __init__(
        self,
        participant: DomainParticipant,
        role: str,
        *,
        reads: tuple[str, type[Any]],
        writes: tuple[str, type[Any]],
    ) -> None:
        octets = participant.guid.bytes[:12] + next(_ids).to_bytes(4, "big")
        qos = _qos(user_data=f"{role}= {'.'.join(f'{octet:x}' for octet in octets)};")
        self.writer: Any = DataWriter(participant, Topic(participant, *writes), qos=qos)
        self.reader: Any = DataReader(participant, Topic(participant, *reads), qos=qos)

    def matched(self) -> bool:
        """Somebody's reader and writer are both found."""
        with _lock:
            try:
                readers = [
                    self.writer.get_matched_subscription_data(handle)
                    for handle in self.writer.get_matched_subscriptions()
                ]
                writers = [
                    self.reader.get_matched_publication_data(handle)
                    for handle in self.reader.get_matched_publications()
                ]
            except (DDSException, IndexError):  # one more was matched while it looked
                return False
            found = [
                {bytes(end.qos[Policy.Userdata].data) for end in ends if end is not None}
                for ends in (readers, writers)
            ]
        return bool(found[0] & found[1])

    def take(self) -> list[Any]:
        """What has come."""
        return [one for one in self.reader.take(_TAKE_MAX) if one.sample_info.valid_data]


class _Server(_Pair):
    def __init__(self, participant: DomainParticipant, name: str, kinds: tuple[type[Any], type[Any]]) -> None:
        super().__init__(
            participant,
            "serviceid",
            reads=(f"rq{name}Request", kinds[0]),
            writes=(f"rr{name}Reply", kinds[1]),
        )

    def send(self, request: Any, response: Any) -> None:
        """Answer a request."""
        response.guid, response.seq = request.guid, request.seq
        end_s = time.monotonic() + _CLIENT_WAIT_S
        while not self.matched() and time.monotonic() < end_s:
            time.sleep(_POLL_S)
        self.writer.write(response)


class _Client(_Pair):
    def __init__(self, participant: DomainParticipant, name: str, kinds: tuple[type[Any], type[Any]]) -> None:
        super().__init__(
            participant,
            "clientid",
            reads=(f"rr{name}Reply", kinds[1]),
            writes=(f"rq{name}Request", kinds[0]),
        )
        self._guid = self.writer.instance_handle & _HANDLE_MASK
        self._numbers = itertools.count(1)

    def ask(self, request: Any, timeout_s: float) -> Any:
        """The answer; None when none came in time. Thread: one at a time."""
        request.guid, request.seq = self._guid, next(self._numbers)
        self.writer.write(request)
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            for response in self.take():
                if (response.guid, response.seq) == (request.guid, request.seq):
                    return response
            time.sleep(_POLL_S)
        return None


class DdsServing:
    """The robot's service and action, and the thread that serves both."""

    def __init__(self, participant: DomainParticipant, lights: Callable[[bool], tuple[bool, str]]) -> None:
        self._lights = lights
        self._light_server = _Server(participant, LIGHTS, _SET_BOOL)
        base = f"{COUNT}/_action"
        self._parts = {part: _Server(participant, f"{base}/{part}", kinds) for part, kinds in _PARTS.items()}
        self._feedback: Any = DataWriter(
            participant, Topic(participant, f"rt{base}/feedback", FeedbackMessage), qos=_qos()
        )
        self._status: Any = DataWriter(
            participant, Topic(participant, f"rt{base}/status", GoalStatusArray), qos=_qos(latched=True)
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-serving")
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(_POLL_S):
            for request in self._light_server.take():
                success, message = self._lights(request.data)
                self._light_server.send(request, SetBoolResponse(success=success, message=message))
            for request in self._parts["send_goal"].take():
                self._parts["send_goal"].send(request, SendGoalResponse(accepted=True))
                self._count(request)
            for request in self._parts["get_result"].take():
                # A goal is counted before anything else is looked at, so its result is there.
                self._parts["get_result"].send(request, self._result)
            for request in self._parts["cancel_goal"].take():
                self._parts["cancel_goal"].send(request, CancelGoalResponse(return_code=1))

    def _count(self, request: Any) -> None:
        numbers: list[int] = []
        for number in range(request.order):
            numbers.append(number)
            self._feedback.write(FeedbackMessage(goal_id=request.goal_id, sequence=list(numbers)))
            time.sleep(STEP_S)
        self._result = GetResultResponse(status=_SUCCEEDED, sequence=numbers)

    def close(self) -> None:
        """Serve no more."""
        self._stop.set()
        self._thread.join()
        self.__dict__.clear()  # the last reference to an entity deletes it


class DdsCalls:
    """The station's clients. See :class:`bridge.demo.nodes.Calls`."""

    has_action = True

    def __init__(self, participant: DomainParticipant) -> None:
        self._lights = _Client(participant, LIGHTS, _SET_BOOL)
        base = f"{COUNT}/_action"
        self._parts = {part: _Client(participant, f"{base}/{part}", kinds) for part, kinds in _PARTS.items()}
        self._feedback: Any = DataReader(
            participant, Topic(participant, f"rt{base}/feedback", FeedbackMessage), qos=_qos()
        )
        self._status: Any = DataReader(
            participant, Topic(participant, f"rt{base}/status", GoalStatusArray), qos=_qos(latched=True)
        )

    def lights_ready(self) -> bool:
        """See the protocol."""
        return self._lights.matched()

    def set_lights(self, on: bool, timeout_s: float) -> tuple[bool, str] | None:  # noqa: FBT001 - as asked
        """See the protocol."""
        answer = self._lights.ask(SetBoolRequest(data=on), timeout_s)
        return None if answer is None else (answer.success, answer.message)

    def count_ready(self) -> bool:
        """See the protocol."""
        topics = all(one.get_matched_publications() for one in (self._feedback, self._status))
        return topics and all(part.matched() for part in self._parts.values())

    def count(self, order: int, timeout_s: float) -> Counted | None:
        """See the protocol."""
        goal_id = Uuid(uuid=list(uuid.uuid4().bytes))
        sent = self._parts["send_goal"].ask(SendGoalRequest(goal_id=goal_id, order=order), timeout_s)
        if sent is None or not sent.accepted:
            return None
        feedback: list[list[int]] = []
        answer = self._parts["get_result"].ask(GetResultRequest(goal_id=goal_id), timeout_s)
        if answer is None:
            return None
        end_s = time.monotonic() + FEEDBACK_S
        while len(feedback) < order and time.monotonic() < end_s:
            feedback += [list(one.sequence) for one in self._feedback.take(_TAKE_MAX)]
            time.sleep(_POLL_S)
        return Counted(feedback=feedback, result=answer.sequence if answer.status == _SUCCEEDED else [])

    def close(self) -> None:
        """See the protocol."""
        self.__dict__.clear()  # the last reference to an entity deletes it
