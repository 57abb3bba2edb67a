"""A proxy server for local clients on rclpy; see :class:`bridge.serviceports.LocalServer`."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import warnings
from collections.abc import Callable
from typing import Any

from bridge.core.gid import GID_BYTES, VENDOR_CYCLONE, Gid
from bridge.errors import DdsError
from bridge.ros.endpoint import Endpoint
from bridge.ros.latereplies import LateReplies
from bridge.ros.payload import decoded, encoded
from bridge.serviceports import ServiceRequest

_COUNTER_BYTES = 8
_OBJECT_HEAD_BYTES = 2 * ctypes.sizeof(ctypes.c_void_p)


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
        self._send(decoded(payload, self._type.response), request_id)

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
        payload = self._type.requests.trimmed(encoded(message))
        header = self._origin + next(self._numbers).to_bytes(_COUNTER_BYTES, "little")
        with self._lock:
            room = len(self._open) < self._max_open
            if room:
                self._open[header] = info.request_id
        if room:
            self._on_request(ServiceRequest(payload=payload, header=header))
        else:
            self._drop("too_many", f"{self._max_open} requests are open already")


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
