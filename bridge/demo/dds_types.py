"""The demo's ROS message types as Cyclone DDS types, for machines without ROS.

Field names, order, type names and bytes on the wire are those of the ``.msg`` files. Every field has a
default: messages are made empty and filled, as with rclpy.

One liberty: image and cloud data, ``uint8[]`` in ROS, is here a length and an array of that fixed
length. The bytes are the same, but cyclonedds copies an array whole and makes a Python int of every
element of a sequence.
"""
# No `from __future__ import annotations` here: cyclonedds evaluates annotations itself and fails on
# aliased modules.

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cyclonedds.idl import IdlStruct
from cyclonedds.idl.types import array, float64, int32, sequence, uint8, uint32

from bridge.demo.messages import CLOUD_POINT_STEP, CLOUD_POINTS, IMAGE_HEIGHT, IMAGE_STEP

_IMAGE_BYTES = IMAGE_STEP * IMAGE_HEIGHT
_CLOUD_BYTES = CLOUD_POINT_STEP * CLOUD_POINTS

if TYPE_CHECKING:
    Covariance = list[float]
    ImageData = bytes
    CloudData = bytes
else:
    Covariance = array[float64, 36]
    ImageData = array[uint8, _IMAGE_BYTES]
    CloudData = array[uint8, _CLOUD_BYTES]


def _zeros() -> list[float]:
    return [0.0] * 36


@dataclass
class Time(IdlStruct, typename="builtin_interfaces.msg.dds_.Time_"):
    """builtin_interfaces/msg/Time."""

    sec: int32 = 0
    nanosec: uint32 = 0


@dataclass
class Header(IdlStruct, typename="std_msgs.msg.dds_.Header_"):
    """std_msgs/msg/Header."""

    stamp: Time = field(default_factory=Time)
    frame_id: str = ""


@dataclass
class String(IdlStruct, typename="std_msgs.msg.dds_.String_"):
    """std_msgs/msg/String."""

    data: str = ""


@dataclass
class Point(IdlStruct, typename="geometry_msgs.msg.dds_.Point_"):
    """geometry_msgs/msg/Point."""

    x: float64 = 0.0
    y: float64 = 0.0
    z: float64 = 0.0


@dataclass
class Vector3(IdlStruct, typename="geometry_msgs.msg.dds_.Vector3_"):
    """geometry_msgs/msg/Vector3."""

    x: float64 = 0.0
    y: float64 = 0.0
    z: float64 = 0.0


@dataclass
class Quaternion(IdlStruct, typename="geometry_msgs.msg.dds_.Quaternion_"):
    """geometry_msgs/msg/Quaternion."""

    x: float64 = 0.0
    y: float64 = 0.0
    z: float64 = 0.0
    w: float64 = 1.0


@dataclass
class Pose(IdlStruct, typename="geometry_msgs.msg.dds_.Pose_"):
    """geometry_msgs/msg/Pose."""

    position: Point = field(default_factory=Point)
    orientation: Quaternion = field(default_factory=Quaternion)


@dataclass
class PoseWithCovariance(IdlStruct, typename="geometry_msgs.msg.dds_.PoseWithCovariance_"):
    """geometry_msgs/msg/PoseWithCovariance."""

    pose: Pose = field(default_factory=Pose)
    covariance: Covariance = field(default_factory=_zeros)


@dataclass
class Twist(IdlStruct, typename="geometry_msgs.msg.dds_.Twist_"):
    """geometry_msgs/msg/Twist."""

    linear: Vector3 = field(default_factory=Vector3)
    angular: Vector3 = field(default_factory=Vector3)


@dataclass
class TwistWithCovariance(IdlStruct, typename="geometry_msgs.msg.dds_.TwistWithCovariance_"):
    """geometry_msgs/msg/TwistWithCovariance."""

    twist: Twist = field(default_factory=Twist)
    covariance: Covariance = field(default_factory=_zeros)


@dataclass
class Odometry(IdlStruct, typename="nav_msgs.msg.dds_.Odometry_"):
    """nav_msgs/msg/Odometry."""

    header: Header = field(default_factory=Header)
    child_frame_id: str = ""
    pose: PoseWithCovariance = field(default_factory=PoseWithCovariance)
    twist: TwistWithCovariance = field(default_factory=TwistWithCovariance)


@dataclass
class Image(IdlStruct, typename="sensor_msgs.msg.dds_.Image_"):
    """sensor_msgs/msg/Image."""

    header: Header = field(default_factory=Header)
    height: uint32 = 0
    width: uint32 = 0
    encoding: str = ""
    is_bigendian: uint8 = 0
    step: uint32 = 0
    data_length: uint32 = _IMAGE_BYTES
    data: ImageData = bytes(_IMAGE_BYTES)


@dataclass
class PointField(IdlStruct, typename="sensor_msgs.msg.dds_.PointField_"):
    """sensor_msgs/msg/PointField."""

    name: str = ""
    offset: uint32 = 0
    datatype: uint8 = 0
    count: uint32 = 0


if TYPE_CHECKING:
    PointFields = list[PointField]
else:
    PointFields = sequence[PointField]


@dataclass
class PointCloud2(IdlStruct, typename="sensor_msgs.msg.dds_.PointCloud2_"):
    """sensor_msgs/msg/PointCloud2."""

    header: Header = field(default_factory=Header)
    height: uint32 = 0
    width: uint32 = 0
    fields: PointFields = field(default_factory=list)
    is_bigendian: bool = False
    point_step: uint32 = 0
    row_step: uint32 = 0
    data_length: uint32 = _CLOUD_BYTES
    data: CloudData = bytes(_CLOUD_BYTES)
    is_dense: bool = False


@dataclass
class Transform(IdlStruct, typename="geometry_msgs.msg.dds_.Transform_"):
    """geometry_msgs/msg/Transform."""

    translation: Vector3 = field(default_factory=Vector3)
    rotation: Quaternion = field(default_factory=Quaternion)


@dataclass
class TransformStamped(IdlStruct, typename="geometry_msgs.msg.dds_.TransformStamped_"):
    """geometry_msgs/msg/TransformStamped."""

    header: Header = field(default_factory=Header)
    child_frame_id: str = ""
    transform: Transform = field(default_factory=Transform)


if TYPE_CHECKING:
    Transforms = list[TransformStamped]
else:
    Transforms = sequence[TransformStamped]


@dataclass
class TFMessage(IdlStruct, typename="tf2_msgs.msg.dds_.TFMessage_"):
    """tf2_msgs/msg/TFMessage."""

    transforms: Transforms = field(default_factory=list)
