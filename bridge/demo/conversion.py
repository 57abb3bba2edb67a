"""Payloads in and out of ROS messages, whichever library's classes the messages are made of.

Message classes have the same field names everywhere, so one set of functions serves rclpy and the plain
DDS types. Neither library types them; they are ``Any`` here and in the two modules that hand them in.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge.demo import messages
from bridge.demo.messages import Garbled, Kind, Payload

_NS_PER_S = 1_000_000_000
_ODOMETRY = struct.Struct(f"<{messages.ODOMETRY_VALUES}d")
_TRANSFORM = struct.Struct(f"<{messages.TRANSFORM_VALUES}d")
_FLOAT32 = 7
"""sensor_msgs/PointField.FLOAT32"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """The message classes of one library; each constructs with no arguments."""

    text: Any
    odometry: Any
    image: Any
    cloud: Any
    cloud_field: Any
    transform_stamped: Any
    tf_message: Any = None
    """``None`` where tf2_msgs is missing: a bare TransformStamped goes instead."""
    octets: Callable[[bytes], Any]
    """Bytes as the library takes them fastest for a uint8 sequence."""


class Converter:
    """Writes payloads into messages of one library and reads them back."""

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._cloud_fields = []
        for index, name in enumerate(("x", "y", "z", "intensity")):
            field = classes.cloud_field()
            field.name, field.offset, field.datatype, field.count = name, index * 4, _FLOAT32, 1
            self._cloud_fields.append(field)
        self._writers: dict[Kind, Callable[[Payload], Any]] = {
            Kind.TEXT: self._text,
            Kind.ODOMETRY: self._odometry,
            Kind.IMAGE: self._image,
            Kind.CLOUD: self._cloud,
            Kind.TRANSFORM: self._transform,
        }
        self._readers: dict[Kind, Callable[[Any], Payload]] = {
            Kind.TEXT: _read_text,
            Kind.ODOMETRY: _read_odometry,
            Kind.IMAGE: _read_block,
            Kind.CLOUD: _read_block,
            Kind.TRANSFORM: self._read_transform,
        }

    def message_class(self, kind: Kind) -> Any:
        """The class of a topic's messages."""
        classes = self._classes
        return {
            Kind.TEXT: classes.text,
            Kind.ODOMETRY: classes.odometry,
            Kind.IMAGE: classes.image,
            Kind.CLOUD: classes.cloud,
            Kind.TRANSFORM: classes.tf_message or classes.transform_stamped,
        }[kind]

    def ros_type(self, kind: Kind) -> str:
        """The ROS type those messages have."""
        if kind is Kind.TRANSFORM and self._classes.tf_message is None:
            return "geometry_msgs/msg/TransformStamped"
        return kind.value

    def write(self, kind: Kind, payload: Payload) -> Any:
        """A message that says `payload`."""
        return self._writers[kind](payload)

    def read(self, kind: Kind, message: Any) -> Payload:
        """What a message says.

        Raises:
            Garbled: not even its number can be read.
        """
        return self._readers[kind](message)

    def _text(self, payload: Payload) -> Any:
        message = self._classes.text()
        message.data = messages.text_of(payload)
        return message

    def _odometry(self, payload: Payload) -> Any:
        message = self._classes.odometry()
        _fill_header(message.header, payload)
        values = _ODOMETRY.unpack(payload.body)
        pose, twist = message.pose.pose, message.twist.twist
        _set_axes(pose.position, values[:3])
        _set_rotation(pose.orientation, values[3:7])
        message.pose.covariance = list(values[7:43])
        _set_axes(twist.linear, values[43:46])
        _set_axes(twist.angular, values[46:49])
        message.twist.covariance = list(values[49:])
        return message

    def _image(self, payload: Payload) -> Any:
        message = self._classes.image()
        _fill_header(message.header, payload)
        message.height, message.width = messages.IMAGE_HEIGHT, messages.IMAGE_WIDTH
        message.encoding, message.step = "rgb8", messages.IMAGE_STEP
        message.data = self._classes.octets(payload.body)
        return message

    def _cloud(self, payload: Payload) -> Any:
        message = self._classes.cloud()
        _fill_header(message.header, payload)
        message.height, message.width, message.is_dense = 1, messages.CLOUD_POINTS, True
        message.fields = self._cloud_fields
        message.point_step = messages.CLOUD_POINT_STEP
        message.row_step = messages.CLOUD_POINT_STEP * messages.CLOUD_POINTS
        message.data = self._classes.octets(payload.body)
        return message

    def _transform(self, payload: Payload) -> Any:
        stamped = self._classes.transform_stamped()
        _fill_header(stamped.header, payload)
        stamped.child_frame_id = "base_link"
        values = _TRANSFORM.unpack(payload.body)
        _set_axes(stamped.transform.translation, values[:3])
        _set_rotation(stamped.transform.rotation, values[3:])
        if self._classes.tf_message is None:
            return stamped
        message = self._classes.tf_message()
        message.transforms = [stamped]
        return message

    def _read_transform(self, message: Any) -> Payload:
        stamped = message
        if self._classes.tf_message is not None:
            if not message.transforms:
                raise Garbled("a TFMessage without a transform")
            stamped = message.transforms[0]
        shift, turn = stamped.transform.translation, stamped.transform.rotation
        return _payload(stamped.header, _TRANSFORM.pack(*_axes(shift), *_rotation(turn)))


def _read_text(message: Any) -> Payload:
    return messages.parse_text(message.data)


def _read_odometry(message: Any) -> Payload:
    pose, twist = message.pose.pose, message.twist.twist
    body = _ODOMETRY.pack(
        *_axes(pose.position),
        *_rotation(pose.orientation),
        *message.pose.covariance,
        *_axes(twist.linear),
        *_axes(twist.angular),
        *message.twist.covariance,
    )
    return _payload(message.header, body)


def _read_block(message: Any) -> Payload:
    return _payload(message.header, bytes(message.data))


def _payload(header: Any, body: bytes) -> Payload:
    stamp_ns = header.stamp.sec * _NS_PER_S + header.stamp.nanosec
    return Payload(seq=messages.frame_seq(header.frame_id), stamp_ns=stamp_ns, body=body)


def _fill_header(header: Any, payload: Payload) -> None:
    header.stamp.sec, header.stamp.nanosec = divmod(payload.stamp_ns, _NS_PER_S)
    header.frame_id = messages.frame_id(payload.seq)


def _axes(vector: Any) -> tuple[float, float, float]:
    return vector.x, vector.y, vector.z


def _rotation(turn: Any) -> tuple[float, float, float, float]:
    return turn.x, turn.y, turn.z, turn.w


def _set_axes(vector: Any, values: tuple[float, ...]) -> None:
    vector.x, vector.y, vector.z = values


def _set_rotation(turn: Any, values: tuple[float, ...]) -> None:
    turn.x, turn.y, turn.z, turn.w = values
