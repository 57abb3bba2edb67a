"""A look into the DDS domain: join it as an agent would, listen until it is quiet, leave."""

from __future__ import annotations

import queue
import re
import secrets
import time
from collections.abc import Iterable

from bridge.core.events import EndpointDiscovered, Event
from bridge.core.graph import Graph
from bridge.core.naming import Naming
from bridge.dds.echo import echo_ms
from bridge.dds.participant import CycloneSide
from bridge.dds.xmlconfig import DdsNetwork
from bridge.doctor.facts import Domain
from bridge.errors import BridgeError, CannotRun, DdsError

_ECHO_S = 5.0
_QUIET_S = 1.0
"""Without anything new that long, everybody who is there has answered."""
_LISTEN_S = 5.0
_SERVICE = re.compile(r"(\w+)::(srv|action)::dds_::(\w+)_(?:Request|Response)_")


def look(*, domain_id: int, network: DdsNetwork, namespace: str, with_types: bool) -> Domain:
    """Who is on a domain. Blocks for some seconds.

    Args:
        domain_id: DDS domain.
        network: as the agent would join it.
        namespace: ``ros.namespace``.
        with_types: try to load the types of the services there; needs rclpy.
    """
    zid = secrets.token_hex(8)
    try:
        took_ms = echo_ms(domain_id=domain_id, network=network, zid=zid, timeout_s=_ECHO_S)
        graph, types = _listen(domain_id=domain_id, network=network, zid=zid, namespace=namespace)
    except CannotRun as error:
        return Domain(error=error.problem, remedy=error.remedy)
    except BridgeError as error:
        return Domain(error=str(error), remedy="install the locked versions")
    foreign = graph.foreign_bridges()
    here = graph.participants
    others = here.prefixes() - here.agent_prefixes - here.companions
    return Domain(
        echo_ms=took_ms,
        participants=max(0, len(others) - len(foreign)),
        agents=len(here.agent_zids() - {zid}),
        foreign=foreign,
        missing_types=tuple(_missing(types)) if with_types else (),
    )


def _listen(*, domain_id: int, network: DdsNetwork, zid: str, namespace: str) -> tuple[Graph, set[str]]:
    """What is there, and the DDS types of all endpoints."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    graph, types = Graph(naming=Naming(namespace=namespace)), set[str]()
    side = CycloneSide(domain_id=domain_id, network=network, zid=zid, namespace=namespace)
    try:
        side.start(events.put)
        deadline_s = time.monotonic() + _LISTEN_S
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                event = events.get(timeout=min(left_s, _QUIET_S))
            except queue.Empty:
                break
            graph.fold(event)
            if isinstance(event, EndpointDiscovered):
                types.add(event.endpoint.dds_type)
    finally:
        side.close()
    return graph, types


def service_types(dds_types: Iterable[str]) -> tuple[str, ...]:
    """ROS names of the service types among DDS types, e.g. ``std_srvs/srv/SetBool``."""
    found = (_SERVICE.fullmatch(text) for text in dds_types)
    return tuple(sorted({f"{one[1]}/{one[2]}/{one[3]}" for one in found if one is not None}))


def _missing(dds_types: Iterable[str]) -> Iterable[tuple[str, str]]:
    from bridge.ros.types import service_type  # noqa: PLC0415 - needs rclpy

    for ros_type in service_types(dds_types):
        try:
            service_type(ros_type)
        except DdsError as error:
            yield ros_type, str(error)
