"""Services through rclpy: a :class:`bridge.serviceports.LocalServices` for nodes on any RMW but Cyclone's.

Owns one context with one node and the thread ``ros-services``, all of them from the first service on; also
``ros-replies``, once a reply waits for its asker. The participant says whose it is: its enclave is
``/zenlink/z<zid>`` (an enclave's name cannot begin with a digit), so that no agent takes its endpoints for a
node's. No parameters, no ``/rosout``, no signal handlers.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from bridge.core.gid import Gid
from bridge.errors import DdsError
from bridge.ros.client import RclpyClient
from bridge.ros.endpoint import Endpoint
from bridge.ros.latereplies import LateReplies
from bridge.ros.ready import ReadyGroups, Taker
from bridge.ros.server import RclpyServer, warn_as_error
from bridge.ros.types import service_type
from bridge.serviceports import ServiceForm, ServiceRequest

log = logging.getLogger(__name__)

_DEPTH = 1000
"""Of all four endpoints, and no peer sees it: ROS's own 10 would lose requests while the thread is busy."""
MAX_OPEN = 1000
"""Requests of one service that wait for an answer: far more than a node can serve, and each holds memory."""
_JOIN_S = 5.0
_UNUSED = "rclpy: not loaded, no service needs it"


class RclpyServices:
    """Clients and servers of one domain."""

    form = ServiceForm.RCLPY

    def __init__(
        self,
        *,
        domain_id: int,
        zid: str,
        agent_prefixes: Callable[[], frozenset[bytes]] = frozenset,
        max_open: int = MAX_OPEN,
    ) -> None:
        """Nothing is loaded yet.

        Args:
            domain_id: DDS domain.
            zid: our Zenoh id; the enclave and the node's name are made of it.
            agent_prefixes: participants of agents, ours included, whose requests are not passed on.
            max_open: requests of one service that may wait for an answer; more are refused.
        """
        self._domain_id = domain_id
        self._zid = zid
        self._agent_prefixes = agent_prefixes
        self._max_open = max_open
        self._lock = threading.Lock()
        self._node: _Node | None = None
        self._closed = False
        self._state = _UNUSED

    def open_server(
        self, *, ros_name: str, ros_type: str, on_request: Callable[[ServiceRequest], None]
    ) -> RclpyServer:
        """See :class:`bridge.serviceports.LocalServices`."""
        with self._lock:
            node = self._started()
            server = RclpyServer(
                on_request=on_request,
                agent_prefixes=self._agent_prefixes,
                late=node.late,
                **self._common(node, "Service", ros_name, ros_type),
            )
            node.add(server)
            return server

    def open_client(
        self, *, ros_name: str, ros_type: str, on_reply: Callable[[int, bytes], None]
    ) -> RclpyClient:
        """See :class:`bridge.serviceports.LocalServices`."""
        with self._lock:
            node = self._started()
            client = RclpyClient(on_reply=on_reply, **self._common(node, "Client", ros_name, ros_type))
            node.add(client)
            return client

    def _common(self, node: _Node, kind: str, ros_name: str, ros_type: str) -> dict[str, Any]:
        """Arguments of both kinds of endpoints. Raises DdsError."""
        found = service_type(ros_type)
        return {
            "handle": node.handle(kind, ros_name, found.service),
            "ros_name": ros_name,
            "service_type": found,
            "max_open": self._max_open,
            "on_close": node.remove,
        }

    def endpoint_gids(self) -> tuple[Iterable[Gid], Iterable[Gid]]:
        """None: rclpy's own node claims them."""
        return (), ()

    def describe(self) -> str:
        """One line for people: which RMW, or why there is none. Thread: any."""
        return self._state

    def close(self) -> None:
        """See :class:`bridge.serviceports.LocalServices`. Thread: any but ros-services."""
        with self._lock:
            self._closed = True
            node, self._node = self._node, None
        if node is not None:
            node.close()

    def _started(self) -> _Node:
        if self._closed:
            raise DdsError("services are closed")
        if self._node is None:
            try:
                self._node = _Node(domain_id=self._domain_id, zid=self._zid)
            except DdsError as error:
                self._state = f"rclpy: {error}"
                raise
            self._state = f"rclpy with {self._node.rmw}"
            log.info("services of nodes that are not on Cyclone DDS: %s", self._state)
        return self._node


class _Node:
    """Context, node, and the threads that its endpoints need."""

    def __init__(self, *, domain_id: int, zid: str) -> None:
        try:
            from rclpy.context import Context  # noqa: PLC0415 - a machine without ROS must not load it
            from rclpy.impl.implementation_singleton import rclpy_implementation  # noqa: PLC0415
        except ImportError as error:
            raise DdsError(
                f"services of nodes that are not on Cyclone DDS need rclpy, which is not here ({error}); "
                "start the agent where ROS is sourced, or pip install 'zenlink[ros]'"
            ) from error
        warn_as_error()
        self._rclpy: Any = rclpy_implementation
        self._context = Context()
        self._stop = threading.Event()
        self._endpoints: set[Endpoint] = set()
        self.late = LateReplies()
        with contextlib.ExitStack() as undo:
            try:
                self.rmw = str(rclpy_implementation.rclpy_get_rmw_implementation_identifier())
                enclave = f"/zenlink/z{zid}"
                # No logging: rcl would open a file, and the node would publish on /rosout.
                self._context.init(
                    args=["--ros-args", "--enclave", enclave], initialize_logging=False, domain_id=domain_id
                )
                undo.callback(self._context.try_shutdown)
                self._node = self._bare_node(f"_zenlink_{zid[:8]}")
                undo.callback(self._node.destroy_when_not_in_use)
            except Exception as error:
                raise DdsError(f"rclpy cannot join domain {domain_id}: {_one_line(error)}") from error
            self._ready = ReadyGroups(rclpy_implementation.__file__)
            undo.callback(self._ready.close)
            self._thread = threading.Thread(target=self._run, name="ros-services", daemon=True)
            self._thread.start()
            self._undo = undo.pop_all()

    def _bare_node(self, name: str) -> Any:
        """A node without what rclpy's ``Node`` adds: parameters with six services, events, a clock."""
        arguments: tuple[Any, ...] = (
            name,
            "/",
            self._context.handle,
            [],
            False,
            False,
        )  # no global arguments, no /rosout
        try:
            return self._rclpy.Node(*arguments)
        except TypeError:
            return self._rclpy.Node(*arguments, None)  # since Kilted also the QoS of /rosout

    def handle(self, kind: str, ros_name: str, service: Any) -> Any:
        """A new client or service of rclpy's lower layer. Raises DdsError. Thread: engine."""
        from rclpy.qos import QoSProfile, qos_profile_services_default  # noqa: PLC0415

        profile = QoSProfile(
            history=qos_profile_services_default.history,
            depth=_DEPTH,
            reliability=qos_profile_services_default.reliability,
            durability=qos_profile_services_default.durability,
        )
        try:
            return getattr(self._rclpy, kind)(self._node, service, ros_name, profile.get_c_qos_profile())
        except Exception as error:
            raise DdsError(f"service {ros_name}: rclpy refused: {_one_line(error)}") from error

    def add(self, endpoint: RclpyClient | RclpyServer) -> None:
        """Take what comes for it. Raises DdsError. Thread: engine."""
        self._endpoints.add(endpoint)
        try:
            self._ready.add(endpoint)
        except DdsError:
            endpoint.close()
            raise

    def remove(self, endpoint: RclpyClient | RclpyServer) -> None:
        """Before its end. Thread: engine."""
        self._endpoints.discard(endpoint)
        self._ready.remove(endpoint)

    def close(self) -> None:
        """End the threads, then everything they stood on."""
        self._stop.set()
        self.late.close()
        self._ready.wake()
        self._thread.join(_JOIN_S)
        if self._thread.is_alive():
            log.error("ros-services did not end in %.0f s; rclpy is left to the end of the process", _JOIN_S)
            return
        for endpoint in list(self._endpoints):
            endpoint.close()
        self._undo.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._take(self._ready.wait())

    def _take(self, ready: list[tuple[Taker, int]]) -> None:
        for taker, events in ready:
            if self._stop.is_set():
                return
            try:
                left = taker.take(events)
                if left:
                    self._ready.again(taker, left)
            except Exception:
                log.exception("ros-services met a fault; it goes on")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
