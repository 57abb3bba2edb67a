"""One service each: rclpy's client and server in the form of :mod:`bridge.serviceports`.

Works on rclpy's handles instead of its ``Client`` and ``Service``: a server there must answer from its
callback, and ours answers whenever the far side does. Payloads are checked before rclpy decodes them.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import logging
import os
import threading
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from bridge.core.cdr import HEADER_BYTES
from bridge.core.gid import GID_BYTES, VENDOR_CYCLONE, Gid
from bridge.errors import DdsError, WireError
from bridge.ros.latereplies import LateReplies
from bridge.ros.types import ServiceType
from bridge.serviceports import ServiceRequest

log = logging.getLogger(__name__)

_BATCH = 64
"""Taken from one endpoint in a row; then it is the others' turn."""
_COUNTER_BYTES = 8
_OBJECT_HEAD_BYTES = 2 * ctypes.sizeof(ctypes.c_void_p)


class Endpoint:
    """What client and server have in common: a handle that is used by several threads and ends once."""

    def __init__(
        self,
        *,
        handle: Any,
        ros_name: str,
        service_type: ServiceType,
        max_open: int,
        on_close: Callable[[Any], None],
    ) -> None:
        self.pointer: int = handle.pointer
        self.counts: Counter[str] = Counter()
        """Dropped messages by cause."""
        self._handle = handle
        self._ros_name = ros_name
        self._type = service_type
        self._max_open = max_open
        self._on_close = on_close
        self._lock = threading.Lock()
        self._closed = False

    def take(self, events: int) -> int:
        """See :class:`bridge.ros.ready.Taker`.

        Nothing taken does not mean that nothing is left: what came may have been the reply to another client,
        which the RMW throws away here. So it may fail as often as something came.
        """
        misses = 0
        for _ in range(_BATCH):
            try:
                with self._lock:
                    if self._closed:
                        return 0
                    received = self._receive()
            except Exception as error:  # noqa: BLE001 - whatever rclpy met, the next message may be better
                self._drop("undecodable", error)
                continue
            if received is None:
                misses += 1
                if misses >= events:
                    return 0
                continue
            try:
                self._pass_on(*received)
            except WireError as error:
                self._drop("undecodable", error)
            except Exception:
                log.exception("service %s: a message met a fault", self._ros_name)
        return events - misses

    def gids(self) -> None:
        """See the port: they are those of rclpy's participant."""

    def close(self) -> None:
        """See the port."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._on_close(self)
        with self._lock:  # nobody is inside any more
            self._handle.destroy_when_not_in_use()

    def _receive(self) -> tuple[Any, Any] | None:
        """The next message and rclpy's information about it; the lock is held. Thread: ros-services."""
        raise NotImplementedError

    def _pass_on(self, message: Any, info: Any) -> None:
        raise NotImplementedError

    def _drop(self, cause: str, why: object) -> None:
        self.counts[cause] += 1
        log.debug("service %s: dropped (%s): %s", self._ros_name, cause, why)


class RclpyServer(Endpoint):
    """A proxy server for local clients."""

    kind = "service"

    def __init__(
        self,
        *,
        on_request: Callable[[ServiceRequest], None],
        agent_prefixes: Callable[[], frozenset[bytes]],
        late: LateReplies,
        **endpoint: Any,
    ) -> None:
        super().__init__(**endpoint)
        self._late = late
        self._on_request = on_request
        self._agent_prefixes = agent_prefixes
        self._open: dict[bytes, Any] = {}
        self.last_caller: Gid | None = None
        """Whose request was taken last, as far as it is known."""
        # The 16 bytes of the wire are invented, as a caller's GUID and number are four more: unique among all
        # servers and processes, for the far side may keep the requests of many in one table.
        self._origin = os.urandom(_COUNTER_BYTES)
        self._numbers = itertools.count(1)

    def reply(self, header: bytes, payload: bytes) -> None:
        """See :class:`bridge.serviceports.LocalServer`; a refused reply leaves the request unanswered."""
        with self._lock:
            request_id = self._open.pop(header, None)
        if request_id is None:
            return
        self._type.responses.check(payload)
        self._send(_decoded(payload, self._type.response), request_id)

    def fail(self, header: bytes, first: int) -> None:
        """See :class:`bridge.serviceports.LocalServer`."""
        with self._lock:
            request_id = self._open.pop(header, None)
        if request_id is None:
            return
        response: Any = self._type.response()
        name = next(iter(response.get_fields_and_field_types()))
        setattr(response, name, type(getattr(response, name))(first))
        self._send(response, request_id)

    def _send(self, response: Any, request_id: Any) -> None:
        """Write a response, or leave it for later where its asker's reader is not found yet."""
        if self._written(response, request_id):
            return
        later = self._late.add(lambda: self._written_late(response, request_id), self._unreached)
        if not later:
            raise DdsError(f"service {self._ros_name}: too many replies wait for clients that are not found")

    def _written(self, response: Any, request_id: Any) -> bool:
        """False where the reader of the asker is not found; it is true as well of a closed server's.

        Raises:
            DdsError: refused for good.

        The RMW waits 0.1 s for that reader, so the lock is not held; it knows when the asker is gone.
        """
        with contextlib.ExitStack() as use:
            with self._lock:
                if self._closed:
                    return True
                use.enter_context(self._handle)  # nobody destroys it meanwhile
            try:
                self._handle.service_send_response(response, request_id)
            except Exception as error:
                if isinstance(error.__cause__ or error, RuntimeWarning):
                    return False
                raise DdsError(
                    f"service {self._ros_name}: the reply cannot be written: {error.__cause__ or error}"
                ) from error
            return True

    def _written_late(self, response: Any, request_id: Any) -> bool:
        """The same on `ros-replies`, where nobody hears of an error."""
        try:
            return self._written(response, request_id)
        except DdsError as error:
            self._drop("expired", error)
            return True

    def _unreached(self) -> None:
        self._drop("unreached", "its asker's reader was never found")

    def forget(self, header: bytes) -> None:
        """See :class:`bridge.serviceports.LocalServer`."""
        with self._lock:
            self._open.pop(header, None)

    def _receive(self) -> tuple[Any, Any] | None:
        request, info = self._handle.service_take_request(self._type.request) or (None, None)
        return None if info is None else (request, info)

    def _pass_on(self, message: Any, info: Any) -> None:
        caller = self.last_caller = caller_gid(info.request_id)
        if caller is not None and caller.vendor == VENDOR_CYCLONE:
            self._drop(
                "other_form", caller
            )  # it begins with a request header, which rclpy took for the message
            return
        if caller is not None and caller.prefix in self._agent_prefixes():
            self._drop("own", caller)
            return
        payload = self._type.requests.trimmed(_encoded(message))
        header = self._origin + next(self._numbers).to_bytes(_COUNTER_BYTES, "little")
        with self._lock:
            room = len(self._open) < self._max_open
            if room:
                self._open[header] = info.request_id
        if room:
            self._on_request(ServiceRequest(payload=payload, header=header))
        else:
            self._drop("too_many", f"{self._max_open} requests are open already")


class RclpyClient(Endpoint):
    """Our client of a real server."""

    kind = "client"

    def __init__(self, *, on_reply: Callable[[int, bytes], None], **endpoint: Any) -> None:
        super().__init__(**endpoint)
        self._on_reply = on_reply
        self._open: set[int] = set()

    def ready(self) -> bool:
        """See :class:`bridge.serviceports.LocalClient`."""
        with self._lock:
            return not self._closed and bool(self._handle.service_server_is_available())

    def call(self, payload: bytes) -> int:
        """See :class:`bridge.serviceports.LocalClient`."""
        self._type.requests.check(payload)
        request = _decoded(payload, self._type.request)
        with self._lock:
            if self._closed:
                raise DdsError(f"service {self._ros_name}: the client is closed")
            if len(self._open) >= self._max_open:
                raise DdsError(f"service {self._ros_name}: {self._max_open} calls are open already")
            try:
                number = int(self._handle.send_request(request))
            except Exception as error:
                raise DdsError(f"service {self._ros_name}: the request cannot be written: {error}") from error
            self._open.add(number)
            return number

    def forget(self, number: int) -> None:
        """See :class:`bridge.serviceports.LocalClient`."""
        with self._lock:
            self._open.discard(number)

    def _receive(self) -> tuple[Any, Any] | None:
        info, response = self._handle.take_response(self._type.response) or (None, None)
        return None if info is None or response is None else (response, info)

    def _pass_on(self, message: Any, info: Any) -> None:
        number = int(info.request_id.sequence_number)
        with self._lock:
            known = number in self._open
            self._open.discard(number)
        if known:
            self._on_reply(number, self._type.responses.trimmed(_encoded(message)))
        else:
            self._drop("late", number)


def warn_as_error() -> None:
    """Have rclpy raise where it only warns that the asker's reader is not found; for the whole process."""
    warnings.filterwarnings("error", message="failed to send response", category=RuntimeWarning)


def caller_gid(request_id: Any) -> Gid | None:
    """Who sent a request, by an endpoint of his; None where rclpy's object looks other than it should.

    rclpy shows but the number of an ``rmw_request_id_t``, whose address pybind11 keeps behind the object's
    head. The number is found at its place there, or nothing is believed.

    Source: rmw/types.h (16 bytes GUID, int64 number; Humble to Kilted); pybind11/detail/common.h.
    """
    address = ctypes.c_void_p.from_address(id(request_id) + _OBJECT_HEAD_BYTES).value
    if not address:
        return None
    if ctypes.c_int64.from_address(address + GID_BYTES).value != request_id.sequence_number:
        return None
    return Gid(ctypes.string_at(address, GID_BYTES))


def _decoded(payload: bytes, message: type) -> Any:
    from rclpy.serialization import deserialize_message  # noqa: PLC0415 - without ROS nobody comes here

    # A message without members is a byte without meaning, which plain CDR of other makers leaves out.
    full = payload if len(payload) > HEADER_BYTES else payload + b"\x00"
    try:
        return deserialize_message(full, message)
    except Exception as error:
        raise WireError(
            "service_payload", offset=HEADER_BYTES, expected=f"a {message.__name__}", found=str(error)
        ) from error


def _encoded(value: Any) -> bytes:
    from rclpy.serialization import serialize_message  # noqa: PLC0415 - without ROS nobody comes here

    return bytes(serialize_message(value))
