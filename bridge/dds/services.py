"""Services in the form of rmw_cyclonedds, over plain DDS: a :class:`bridge.serviceports.LocalServices`.

For nodes on Cyclone DDS alone: any other RMW keeps the identity of a request where Cyclone DDS cannot see it
(design, fact 8).
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable
from typing import Any

from bridge.core.gid import Gid
from bridge.core.names import reply_topic, request_topic
from bridge.core.qos import History, HistoryKind, Qos, Reliability
from bridge.core.requests import client_user_data, server_user_data
from bridge.core.typenames import request_dds_type, response_dds_type
from bridge.dds.messagesink import MessageSink
from bridge.dds.participant import CycloneSide
from bridge.dds.patience import Patience, PatientWriter
from bridge.dds.serviceends import CycloneClient, CycloneServer, ServiceEnd, all_gids
from bridge.errors import DdsError, InvalidName
from bridge.serviceports import ServiceForm, ServiceRequest

log = logging.getLogger(__name__)

MAX_OPEN = 1000
"""Requests of one service that wait for an answer: far more than a node can serve, and each holds memory."""
_DEPTH = 10
_ids = itertools.count()
"""Of the whole process: a participant may have several of us (wire specification 3.5)."""


class CycloneServices:
    """Clients and servers under one participant."""

    form = ServiceForm.CYCLONE

    def __init__(
        self,
        side: CycloneSide,
        *,
        agent_prefixes: Callable[[], frozenset[bytes]] = frozenset,
        max_open: int = MAX_OPEN,
    ) -> None:
        """Nothing is opened yet.

        Args:
            side: our participant; started before the first message can come.
            agent_prefixes: participants of agents, ours included, whose requests are not passed on.
            max_open: requests of one service that may wait for an answer; more are refused.
        """
        self._side = side
        self._agent_prefixes = agent_prefixes
        self._max_open = max_open
        self._patience = Patience()
        self._ends: dict[ServiceEnd, None] = {}
        self._closed = False

    def open_server(
        self, *, ros_name: str, ros_type: str, on_request: Callable[[ServiceRequest], None]
    ) -> CycloneServer:
        """See :class:`bridge.serviceports.LocalServices`."""
        requests, replies = _topics(ros_name, ros_type)
        server = CycloneServer(on_request=on_request, **self._common(ros_name))
        user_data = server_user_data(self._side.participant, next(_ids))
        self._open(server, reads=requests, writes=replies, user_data=user_data)
        return server

    def open_client(
        self, *, ros_name: str, ros_type: str, on_reply: Callable[[int, bytes], None]
    ) -> CycloneClient:
        """See :class:`bridge.serviceports.LocalServices`."""
        requests, replies = _topics(ros_name, ros_type)
        client = CycloneClient(on_reply=on_reply, **self._common(ros_name))
        user_data = client_user_data(self._side.participant, next(_ids))
        self._open(client, reads=replies, writes=requests, user_data=user_data)
        return client

    def _common(self, ros_name: str) -> dict[str, Any]:
        """Arguments of both kinds of ends."""
        return {
            "ros_name": ros_name,
            "max_open": self._max_open,
            "agent_prefixes": self._agent_prefixes,
            "on_close": self._forget,
        }

    def _open(
        self, end: ServiceEnd, *, reads: tuple[str, str], writes: tuple[str, str], user_data: bytes
    ) -> None:
        if self._closed:
            raise DdsError("services are closed")
        history = History(kind=HistoryKind.KEEP_LAST, depth=_DEPTH)
        qos = Qos(reliability=Reliability.RELIABLE, history=history, user_data=user_data)
        writer = self._side.open_writer(dds_topic=writes[0], dds_type=writes[1], keyed=False, qos=qos)
        sink = MessageSink(end.take, end.counts)
        try:
            reader = self._side.open_reader(
                dds_topic=reads[0], dds_type=reads[1], keyed=False, qos=qos, sink=sink
            )
        except DdsError:
            writer.close()
            raise
        self._ends[end] = None
        end.start(reader, PatientWriter(writer, self._patience, counts=end.counts, topic=writes[0]))

    def endpoint_gids(self) -> tuple[Iterable[Gid], Iterable[Gid]]:
        """See :class:`bridge.serviceports.LocalServices`."""
        return all_gids(list(self._ends))

    def close(self) -> None:
        """See :class:`bridge.serviceports.LocalServices`. Thread: engine."""
        self._closed = True
        for end in list(self._ends):
            end.close()
        self._patience.close()

    def _forget(self, end: ServiceEnd) -> None:
        self._ends.pop(end, None)


def _topics(ros_name: str, ros_type: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """(topic, type) of requests and of replies."""
    try:
        return (
            (request_topic(ros_name), request_dds_type(ros_type)),
            (reply_topic(ros_name), response_dds_type(ros_type)),
        )
    except InvalidName as error:
        raise DdsError(f"service {ros_name[:80]!r}: {error}") from error
