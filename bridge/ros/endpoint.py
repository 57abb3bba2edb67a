"""What a client and a server on rclpy have in common: a handle that is used by several threads and ends once.

Both work on rclpy's handles instead of its ``Client`` and ``Service``: a server there must answer from its
callback, and ours answers whenever the far side does.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Any

from bridge.errors import WireError
from bridge.ros.types import ServiceType

log = logging.getLogger(__name__)

_BATCH = 64
"""Taken from one endpoint in a row; then it is the others' turn."""


class Endpoint(ABC):
    """Takes what comes, hands it on, and is closed once. Thread: any, but where it says otherwise."""

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

    def gids(self) -> None:  # noqa: B027 - the answer, not a gap
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

    @abstractmethod
    def _receive(self) -> tuple[Any, Any] | None:
        """The next message and rclpy's information about it; the lock is held. Thread: ros-services."""

    @abstractmethod
    def _pass_on(self, message: Any, info: Any) -> None:
        """Hand on what was received. May raise WireError. Thread: ros-services."""

    def _drop(self, cause: str, why: object) -> None:
        self.counts[cause] += 1
        log.debug("service %s: dropped (%s): %s", self._ros_name, cause, why)
