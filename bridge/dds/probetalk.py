"""Frames of the probe on two topics of a DDS domain, one for each direction.

The endpoints are plain ROS ones of a participant of their own, without the mark of an agent, so that agents
carry their messages as they carry anybody's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from cyclonedds.domain import DomainParticipant

from bridge.core import ddsprobe
from bridge.core.qos import Qos, Reliability
from bridge.dds.endpoints import CycloneReader, CycloneWriter
from bridge.dds.rawtopic import create_topic
from bridge.dds.waitset import IndexedWaitSet
from bridge.errors import DdsError, WireError

log = logging.getLogger(__name__)

USER_DATA = "enclave=/;"
"""Of the participant: that of any ROS node."""
_FAULT_PAUSE_S = 0.1
_TAKE = 16
_WAIT_NS = 1_000_000_000
_JOIN_S = 3.0
_QOS = Qos(reliability=Reliability.RELIABLE)
"""What most topics of a robot have."""

OnFrame = Callable[[bytes], None]


class Talk:
    """Frames in from one topic, frames out to another, until it is closed. Owns the participant."""

    def __init__(self, participant: DomainParticipant, *, listen: str, speak: str, thread: str) -> None:
        self._participant = participant
        self._on_frame: OnFrame = lambda _frame: None
        self.malformed = 0
        """Messages that hold no frame."""
        topics = {
            name: create_topic(
                participant, dds_topic=ddsprobe.topic_of(name), dds_type=ddsprobe.DDS_TYPE, keyed=False
            )
            for name in (listen, speak)
        }
        self._reader = CycloneReader(participant, topics[listen], keyed=False, qos=_QOS)
        self.writer = CycloneWriter(participant, topics[speak], qos=_QOS)
        self._waitset = IndexedWaitSet(participant)
        self._waitset.attach(self._reader.condition_ref, 1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=thread, daemon=True)

    def start(self, on_frame: OnFrame) -> None:
        """Begin to listen; ``on_frame`` is called on the thread of this talk."""
        self._on_frame = on_frame
        self._thread.start()

    def send(self, frame: bytes) -> None:
        """Write one frame; what DDS cannot take now is lost. Thread: any."""
        try:
            self.writer.write(ddsprobe.encode(frame), time.time_ns())
        except DdsError:
            log.debug("a probe was refused", exc_info=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._waitset.wait(_WAIT_NS)
                for sample in self._reader.take(_TAKE):
                    self._take(sample.payload)
            except Exception:
                # Nothing from the network may end the thread; a lasting fault must not take the core.
                log.exception("a message of the probe could not be taken")
                self._stop.wait(_FAULT_PAUSE_S)

    def _take(self, payload: bytes) -> None:
        try:
            frame = ddsprobe.decode(payload)
        except WireError as error:
            self.malformed += 1
            log.debug("dropped: %s", error)
        else:
            self._on_frame(frame)

    def close(self) -> None:
        """End; idempotent."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._waitset.wake()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
        self._waitset.close()
        self._reader.close()
        self.writer.close()
        self._participant.__del__()
