"""The messages of the demo's service and action as Cyclone DDS types, for machines without ROS.

Requests and responses begin with the 16 bytes by which rmw_cyclonedds tells them apart. The action is the
Fibonacci of example_interfaces.
"""
# No `from __future__ import annotations` here: cyclonedds evaluates annotations itself and fails on
# aliased modules.

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cyclonedds.idl import IdlStruct
from cyclonedds.idl.types import array, int8, int32, int64, sequence, uint8, uint64

from bridge.demo.dds_types import Time

if TYPE_CHECKING:
    Numbers = list[int]
    Octets = list[int]
else:
    Numbers = sequence[int32]
    Octets = array[uint8, 16]


def _id() -> list[int]:
    return [0] * 16


@dataclass
class Uuid(IdlStruct, typename="unique_identifier_msgs.msg.dds_.UUID_"):
    """unique_identifier_msgs/msg/UUID."""

    uuid: Octets = field(default_factory=_id)


@dataclass
class SetBoolRequest(IdlStruct, typename="std_srvs.srv.dds_.SetBool_Request_"):
    """std_srvs/srv/SetBool."""

    guid: uint64 = 0
    seq: int64 = 0
    data: bool = False


@dataclass
class SetBoolResponse(IdlStruct, typename="std_srvs.srv.dds_.SetBool_Response_"):
    """std_srvs/srv/SetBool."""

    guid: uint64 = 0
    seq: int64 = 0
    success: bool = False
    message: str = ""


@dataclass
class SendGoalRequest(IdlStruct, typename="example_interfaces.action.dds_.Fibonacci_SendGoal_Request_"):
    """Of example_interfaces/action/Fibonacci; its goal has one member."""

    guid: uint64 = 0
    seq: int64 = 0
    goal_id: Uuid = field(default_factory=Uuid)
    order: int32 = 0


@dataclass
class SendGoalResponse(IdlStruct, typename="example_interfaces.action.dds_.Fibonacci_SendGoal_Response_"):
    """Of example_interfaces/action/Fibonacci."""

    guid: uint64 = 0
    seq: int64 = 0
    accepted: bool = False
    stamp: Time = field(default_factory=Time)


@dataclass
class GetResultRequest(IdlStruct, typename="example_interfaces.action.dds_.Fibonacci_GetResult_Request_"):
    """Of example_interfaces/action/Fibonacci."""

    guid: uint64 = 0
    seq: int64 = 0
    goal_id: Uuid = field(default_factory=Uuid)


@dataclass
class GetResultResponse(IdlStruct, typename="example_interfaces.action.dds_.Fibonacci_GetResult_Response_"):
    """Of example_interfaces/action/Fibonacci; its result has one member."""

    guid: uint64 = 0
    seq: int64 = 0
    status: int8 = 0
    sequence: Numbers = field(default_factory=list)


@dataclass
class FeedbackMessage(IdlStruct, typename="example_interfaces.action.dds_.Fibonacci_FeedbackMessage_"):
    """Of example_interfaces/action/Fibonacci; its feedback has one member."""

    goal_id: Uuid = field(default_factory=Uuid)
    sequence: Numbers = field(default_factory=list)


@dataclass
class GoalInfo(IdlStruct, typename="action_msgs.msg.dds_.GoalInfo_"):
    """action_msgs/msg/GoalInfo."""

    goal_id: Uuid = field(default_factory=Uuid)
    stamp: Time = field(default_factory=Time)


@dataclass
class GoalStatus(IdlStruct, typename="action_msgs.msg.dds_.GoalStatus_"):
    """action_msgs/msg/GoalStatus."""

    goal_info: GoalInfo = field(default_factory=GoalInfo)
    status: int8 = 0


if TYPE_CHECKING:
    States = list[GoalStatus]
    Goals = list[GoalInfo]
else:
    States = sequence[GoalStatus]
    Goals = sequence[GoalInfo]


@dataclass
class GoalStatusArray(IdlStruct, typename="action_msgs.msg.dds_.GoalStatusArray_"):
    """action_msgs/msg/GoalStatusArray."""

    status_list: States = field(default_factory=list)


@dataclass
class CancelGoalRequest(IdlStruct, typename="action_msgs.srv.dds_.CancelGoal_Request_"):
    """action_msgs/srv/CancelGoal."""

    guid: uint64 = 0
    seq: int64 = 0
    goal_info: GoalInfo = field(default_factory=GoalInfo)


@dataclass
class CancelGoalResponse(IdlStruct, typename="action_msgs.srv.dds_.CancelGoal_Response_"):
    """action_msgs/srv/CancelGoal."""

    guid: uint64 = 0
    seq: int64 = 0
    return_code: int8 = 0
    goals_canceling: Goals = field(default_factory=list)
