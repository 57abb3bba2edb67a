"""Messages of services and actions as rmw_cyclonedds has them on DDS: its header, then the message."""
# No `from __future__ import annotations` here: cyclonedds evaluates annotations itself.

import types
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cyclonedds.idl import IdlStruct
from cyclonedds.idl.types import (
    array,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    sequence,
    uint8,
    uint16,
    uint32,
    uint64,
)


class ServiceIdl(NamedTuple):
    """The two messages of a service."""

    request: type
    response: type


def service(ros_type: str, request: dict[str, Any], response: dict[str, Any]) -> ServiceIdl:
    """A service of these members; each message begins with the 16 bytes of the RMW."""
    folders, _, name = ros_type.rpartition("/")
    made = []
    for part, members in (("Request", request), ("Response", response)):
        fields = [("guid", uint64, field(default=0)), ("seq", int64, field(default=0))]
        fields += [(key, kind, field(default=None)) for key, kind in members.items()]
        typename = f"{folders.replace('/', '.')}.dds_.{name}_{part}_"
        made.append(_struct(f"{name}_{part}", typename, fields))
    return ServiceIdl(*made)


def _struct(name: str, typename: str, fields: list[Any]) -> type:
    body = {
        "__annotations__": {key: kind for key, kind, _ in fields},
        "__module__": __name__,
        **{key: default for key, _, default in fields},
    }
    made: type = dataclass(
        types.new_class(name, (IdlStruct,), {"typename": typename}, lambda space: space.update(body))
    )
    globals()[name] = made
    return made


@dataclass
class Uuid(IdlStruct, typename="unique_identifier_msgs.msg.dds_.UUID_"):
    uuid: array[uint8, 16]


@dataclass
class Time(IdlStruct, typename="builtin_interfaces.msg.dds_.Time_"):
    sec: int32 = 0
    nanosec: uint32 = 0


@dataclass
class GoalInfo(IdlStruct, typename="action_msgs.msg.dds_.GoalInfo_"):
    goal_id: Uuid
    stamp: Time


@dataclass
class GoalStatus(IdlStruct, typename="action_msgs.msg.dds_.GoalStatus_"):
    goal_info: GoalInfo
    status: int8


@dataclass
class GoalStatusArray(IdlStruct, typename="action_msgs.msg.dds_.GoalStatusArray_"):
    status_list: sequence[GoalStatus]


@dataclass
class Goal(IdlStruct, typename="test_msgs.action.dds_.Fibonacci_Goal_"):
    order: int32


@dataclass
class Sequence(IdlStruct, typename="test_msgs.action.dds_.Fibonacci_Result_"):
    sequence: sequence[int32]


@dataclass
class Feedback(IdlStruct, typename="test_msgs.action.dds_.Fibonacci_Feedback_"):
    sequence: sequence[int32]


@dataclass
class FeedbackMessage(IdlStruct, typename="test_msgs.action.dds_.Fibonacci_FeedbackMessage_"):
    goal_id: Uuid
    feedback: Feedback


@dataclass
class ParameterValue(IdlStruct, typename="rcl_interfaces.msg.dds_.ParameterValue_"):
    type: uint8
    bool_value: bool = False
    integer_value: int64 = 0
    double_value: float64 = 0.0
    string_value: str = ""
    byte_array_value: sequence[uint8] = field(default_factory=list)
    bool_array_value: sequence[bool] = field(default_factory=list)
    integer_array_value: sequence[int64] = field(default_factory=list)
    double_array_value: sequence[float64] = field(default_factory=list)
    string_array_value: sequence[str] = field(default_factory=list)


@dataclass
class Parameter(IdlStruct, typename="rcl_interfaces.msg.dds_.Parameter_"):
    name: str
    value: ParameterValue


@dataclass
class SetParametersResult(IdlStruct, typename="rcl_interfaces.msg.dds_.SetParametersResult_"):
    successful: bool
    reason: str


_BASIC = {
    "bool_value": bool,
    "byte_value": uint8,
    "char_value": uint8,
    "float32_value": float32,
    "float64_value": float64,
    "int8_value": int8,
    "uint8_value": uint8,
    "int16_value": int16,
    "uint16_value": uint16,
    "int32_value": int32,
    "uint32_value": uint32,
    "int64_value": int64,
    "uint64_value": uint64,
    "string_value": str,
}
BASIC_TYPES = service("test_msgs/srv/BasicTypes", _BASIC, _BASIC)
SET_BOOL = service("std_srvs/srv/SetBool", {"data": bool}, {"success": bool, "message": str})
SET_PARAMETERS = service(
    "rcl_interfaces/srv/SetParameters",
    {"parameters": sequence[Parameter]},
    {"results": sequence[SetParametersResult]},
)
GET_PARAMETERS = service(
    "rcl_interfaces/srv/GetParameters", {"names": sequence[str]}, {"values": sequence[ParameterValue]}
)
SEND_GOAL = service(
    "test_msgs/action/Fibonacci_SendGoal",
    {"goal_id": Uuid, "goal": Goal},
    {"accepted": bool, "stamp": Time},
)
GET_RESULT = service(
    "test_msgs/action/Fibonacci_GetResult", {"goal_id": Uuid}, {"status": int8, "result": Sequence}
)
CANCEL_GOAL = service(
    "action_msgs/srv/CancelGoal",
    {"goal_info": GoalInfo},
    {"return_code": int8, "goals_canceling": sequence[GoalInfo]},
)


def basic(kind: type, *, number: int, text: str) -> Any:
    """An echo's request or response; what is not given is zero."""
    zeros = {key: False if of is bool else 0.0 if "float" in key else 0 for key, of in _BASIC.items()}
    return kind(**zeros | {"int64_value": number, "string_value": text})
