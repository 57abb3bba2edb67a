"""Payloads through messages and through their wire form."""

from __future__ import annotations

import pytest

from bridge.demo import dds_types
from bridge.demo.conversion import Classes, Converter
from bridge.demo.messages import TOPICS, Contents, Garbled, Kind, Payload, Topic

CLASSES = {
    "text": dds_types.String,
    "odometry": dds_types.Odometry,
    "image": dds_types.Image,
    "cloud": dds_types.PointCloud2,
    "cloud_field": dds_types.PointField,
    "transform_stamped": dds_types.TransformStamped,
    "octets": bytes,
}
WITH_TF = Converter(Classes(tf_message=dds_types.TFMessage, **CLASSES))
WITHOUT_TF = Converter(Classes(**CLASSES))
STAMP_NS = 1_700_000_000_123_456_789


@pytest.mark.parametrize("converter", [WITH_TF, WITHOUT_TF], ids=["tf2_msgs", "no tf2_msgs"])
@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_payload_survives_its_message_and_the_wire(topic: Topic, converter: Converter):
    said = Payload(seq=5, stamp_ns=STAMP_NS, body=Contents(topic).body(5))
    wire = converter.write(topic.kind, said).serialize()
    assert converter.read(topic.kind, converter.message_class(topic.kind).deserialize(wire)) == said


def test_a_transform_goes_bare_where_tf2_msgs_is_missing():
    assert WITH_TF.ros_type(Kind.TRANSFORM) == "tf2_msgs/msg/TFMessage"
    assert WITHOUT_TF.ros_type(Kind.TRANSFORM) == "geometry_msgs/msg/TransformStamped"


def test_a_tf_message_without_transforms_is_garbled():
    with pytest.raises(Garbled):
        WITH_TF.read(Kind.TRANSFORM, dds_types.TFMessage())


@pytest.mark.parametrize("kind", [Kind.ODOMETRY, Kind.IMAGE])
def test_a_foreign_message_is_garbled(kind: Kind):
    with pytest.raises(Garbled):
        WITH_TF.read(kind, WITH_TF.message_class(kind)())


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_the_plain_types_have_the_wire_form_of_the_ros_types(topic: Topic):
    """Judged by rclpy's own reader, which knows the ROS definitions."""
    pytest.importorskip("rclpy")
    pytest.importorskip("nav_msgs.msg")
    from rclpy.serialization import deserialize_message

    from bridge.demo.ros_nodes import CONVERTER

    converter = WITHOUT_TF if CONVERTER.ros_type(Kind.TRANSFORM).startswith("geometry_msgs/") else WITH_TF
    said = Payload(seq=6, stamp_ns=STAMP_NS, body=Contents(topic).body(6))
    wire = converter.write(topic.kind, said).serialize(use_version_2=False)
    message = deserialize_message(wire, CONVERTER.message_class(topic.kind))
    assert CONVERTER.read(topic.kind, message) == said
