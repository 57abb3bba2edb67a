"""The demo's ends as plain Cyclone DDS participants under ROS 2's names, for machines without ROS."""

from __future__ import annotations

import os
import threading
from importlib.metadata import version
from typing import Any

from cyclonedds.core import InstanceState, Policy, Qos, ReadCondition, SampleState, ViewState, WaitSet
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic as DdsTopic
from cyclonedds.util import duration

from bridge.demo import dds_types
from bridge.demo.conversion import Classes, Converter
from bridge.demo.dds_calls import DdsCalls, DdsServing
from bridge.demo.lines import TopicType
from bridge.demo.messages import TOPICS, Garbled, Payload, Topic
from bridge.demo.nodes import Lights, Receive

_TAKE_MAX = 64
_WAIT = duration(milliseconds=200)
_BLOCKING = duration(seconds=1)
"""How long a write may wait for a slow reader before it fails."""

# Loopback only, found by unicast as ROS's LOCALHOST range does it; large datagrams, for nothing gets
# lost on the way.
_XML = """<Domain id="any">
  <General>
    <Interfaces><NetworkInterface name="lo" multicast="false"/></Interfaces>
    <AllowMulticast>false</AllowMulticast>
    <MaxMessageSize>65500B</MaxMessageSize>
    <FragmentSize>65000B</FragmentSize>
  </General>
  <Discovery>
    <ParticipantIndex>auto</ParticipantIndex>
    <Peers><Peer address="127.0.0.1"/></Peers>
  </Discovery>
</Domain>"""

CONVERTER = Converter(
    Classes(
        text=dds_types.String,
        odometry=dds_types.Odometry,
        image=dds_types.Image,
        cloud=dds_types.PointCloud2,
        cloud_field=dds_types.PointField,
        transform_stamped=dds_types.TransformStamped,
        tf_message=dds_types.TFMessage,
        octets=bytes,
    )
)


class _Node:
    """A participant in the domain that ROS_DOMAIN_ID names."""

    def __init__(self) -> None:
        domain_id = int(os.environ.get("ROS_DOMAIN_ID", "0"))
        self._domain = Domain(domain_id, _XML)
        self._participant = DomainParticipant(domain_id)
        self.details = f"plain DDS nodes, Cyclone DDS {version('cyclonedds')}"
        self.types = tuple(
            TopicType(topic=topic.name, ros_type=CONVERTER.ros_type(topic.kind)) for topic in TOPICS
        )

    def _topic(self, topic: Topic) -> Any:
        return DdsTopic(self._participant, f"rt{topic.name}", CONVERTER.message_class(topic.kind))

    def close(self) -> None:
        """Leave the domain: the last reference to an entity deletes it."""
        del self._participant
        del self._domain


class DdsRobot(_Node):
    """A writer for every topic."""

    def __init__(self) -> None:
        super().__init__()
        self._writers = {
            topic.name: DataWriter(self._participant, self._topic(topic), qos=_qos(topic)) for topic in TOPICS
        }

        self._serving: DdsServing | None = None

    def publish(self, topic: Topic, payload: Payload) -> None:
        """Send one message."""
        self._writers[topic.name].write(CONVERTER.write(topic.kind, payload))

    def serve(self, lights: Lights) -> None:
        """Offer the service and the action."""
        self._serving = DdsServing(self._participant, lights)

    def close(self) -> None:
        """Leave the domain."""
        if self._serving is not None:
            self._serving.close()
            self._serving = None
        self._writers.clear()
        super().close()


class DdsStation(_Node):
    """A reader for every topic."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = DdsCalls(self._participant)
        self._readers = [
            (topic, DataReader(self._participant, self._topic(topic), qos=_qos(topic))) for topic in TOPICS
        ]

    def run(self, receive: Receive, stop: threading.Event) -> None:
        """Hand over messages until `stop` is set."""
        wakeups = WaitSet(self._participant)
        fresh = SampleState.NotRead | ViewState.Any | InstanceState.Any
        for _, reader in self._readers:
            wakeups.attach(ReadCondition(reader, fresh))
        while not stop.is_set():
            wakeups.wait(_WAIT)
            for topic, reader in self._readers:
                for message in reader.take(_TAKE_MAX):
                    _hand_over(receive, topic, message)

    def close(self) -> None:
        """Leave the domain."""
        self.calls.close()
        self._readers.clear()
        super().close()


def _hand_over(receive: Receive, topic: Topic, message: Any) -> None:
    if not message.sample_info.valid_data:
        return
    try:
        payload = CONVERTER.read(topic.kind, message)
    except Garbled as error:
        receive(topic, None, str(error))
    else:
        receive(topic, payload, "")


def _qos(topic: Topic) -> Qos:
    return Qos(
        Policy.Reliability.Reliable(_BLOCKING),
        Policy.Durability.TransientLocal if topic.latched else Policy.Durability.Volatile,
        Policy.History.KeepLast(topic.depth),
        Policy.DataRepresentation(use_cdrv0_representation=True),
    )
