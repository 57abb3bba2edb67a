"""Our client of a real server on rclpy; see :class:`bridge.serviceports.LocalClient`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.errors import DdsError
from bridge.ros.endpoint import Endpoint
from bridge.ros.payload import decoded, encoded


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
        request = decoded(payload, self._type.request)
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
            self._on_reply(number, self._type.responses.trimmed(encoded(message)))
        else:
            self._drop("late", number)
