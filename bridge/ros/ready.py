"""Which clients and servers have something to take, without rclpy's wait sets.

A wait set is filled anew for every wait: 0.6 ms with 700 services, half of it under the GIL, for each single
request. The RMW's own listeners know better. Their callback runs on a thread of the RMW that holds its locks,
where Python must not run: it would wait for the GIL there while we hold the GIL and wait for that lock. So it
is C alone: ``eventfd_write(fd, count)`` has just the signature of ``rcl_event_callback_t(user_data, count)``.
Endpoints share 32 descriptors, for a process may have no more than 1024; what shares one is looked at
together, 3 µs each.

Linux only. Source: rcl/event_callback.h, rcl/service.h, rcl/client.h (Humble to Kilted); eventfd(3).
"""

from __future__ import annotations

import ctypes
import os
import select
import threading
from typing import Protocol

from bridge.errors import DdsError

_GROUPS = 32
_FLAGS = os.EFD_NONBLOCK | os.EFD_CLOEXEC


class Taker(Protocol):
    """A client or a server of rclpy."""

    @property
    def pointer(self) -> int:
        """Address of its ``rcl_client_t`` or ``rcl_service_t``."""

    kind: str
    """``client`` or ``service``."""

    def take(self, events: int) -> int:
        """Take at most that many messages; answers how many may be left. Thread: ros-services."""


class ReadyGroups:
    """Descriptors that wake one thread, and who is behind each."""

    def __init__(self, library_path: str) -> None:
        """Find the functions.

        Args:
            library_path: rclpy's extension module, which is linked to the rcl that it uses.

        Raises:
            DdsError: this rcl has no listeners.
        """
        library = ctypes.CDLL(library_path)
        try:
            self._listen = {
                "service": library.rcl_service_set_on_new_request_callback,
                "client": library.rcl_client_set_on_new_response_callback,
            }
        except AttributeError as error:
            raise DdsError(f"rclpy's rcl is older than ROS 2 Humble: {error}; update ROS") from error
        for function in self._listen.values():
            function.argtypes = [ctypes.c_void_p] * 3
            function.restype = ctypes.c_int
        self._signal = ctypes.cast(ctypes.CDLL(None).eventfd_write, ctypes.c_void_p)
        self._wake = os.eventfd(0, _FLAGS)
        self._members: dict[int, frozenset[Taker]] = {
            os.eventfd(0, _FLAGS): frozenset() for _ in range(_GROUPS)
        }
        self._group_of: dict[Taker, int] = {}
        self._lock = threading.Lock()
        self._epoll = select.epoll()
        for descriptor in (self._wake, *self._members):
            self._epoll.register(descriptor, select.EPOLLIN)

    def add(self, taker: Taker) -> None:
        """Watch it; what has come already counts. Raises DdsError. Thread: engine."""
        with self._lock:
            group = min(self._members, key=lambda one: len(self._members[one]))
            self._members[group] |= {taker}
            self._group_of[taker] = group
        code = self._listen[taker.kind](taker.pointer, self._signal, group)
        if code != 0:
            self.remove(taker)
            raise DdsError(f"this RMW tells of no new requests (rcl error {code}); use rmw_fastrtps_cpp")

    def remove(self, taker: Taker) -> None:
        """Watch it no more; before its end. Idempotent. Thread: engine."""
        with self._lock:
            group = self._group_of.pop(taker, None)
            if group is None:
                return
            self._members[group] -= {taker}
        self._listen[taker.kind](taker.pointer, None, None)

    def again(self, taker: Taker, events: int) -> None:
        """It was not emptied. Thread: ros-services."""
        with self._lock:
            group = self._group_of.get(taker)
        if group is not None:
            os.eventfd_write(group, events)

    def wait(self) -> list[tuple[Taker, int]]:
        """Block until somebody may have something: who, and how many at most; nobody when woken.

        Thread: ros-services.
        """
        found: list[tuple[Taker, int]] = []
        for descriptor, _ in self._epoll.poll():
            events = os.eventfd_read(descriptor)
            found += [(taker, events) for taker in self._members.get(descriptor, ())]
        return found

    def wake(self) -> None:
        """End a wait. Thread: any."""
        os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """When no endpoint is watched and nobody waits any more."""
        self._epoll.close()
        for descriptor in (self._wake, *self._members):
            os.close(descriptor)
