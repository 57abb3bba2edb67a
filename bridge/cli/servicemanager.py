"""What systemd is told: that the agent is ready, that it still works, that it stops.

The protocol of sd_notify(3): lines of ``NAME=VALUE`` in one datagram to the socket that NOTIFY_SOCKET names.
Without that variable nothing is told.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

log = logging.getLogger(__name__)

_US_PER_S = 1_000_000


class ServiceManager:
    """Tells the service manager, where there is one. Thread: main.

    Args:
        env: of this process.
    """

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        self._address = env.get("NOTIFY_SOCKET", "")
        self._watchdog_s = _watchdog_s(env)
        self._due_s = 0.0

    def ready(self) -> None:
        """The agent is up: units ordered after it may start."""
        self._tell("READY=1\nSTATUS=running; see zenlink status")

    def alive(self) -> None:
        """The engine has just answered. Told twice a watchdog's period, however often this is called."""
        now_s = time.monotonic()
        if self._watchdog_s and now_s >= self._due_s:
            self._due_s = now_s + self._watchdog_s / 2
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The agent drains."""
        self._tell("STOPPING=1\nSTATUS=passing on what was taken")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        # An abstract address begins with @ in the variable, and with a zero byte on the socket.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto(text.encode(), address)
        except OSError as error:
            log.debug("the service manager at %s was not told: %s", self._address, error)


def _watchdog_s(env: Mapping[str, str]) -> float:
    """How long systemd waits for a sign of life; 0: it waits for none of this process."""
    period, pid = env.get("WATCHDOG_USEC", ""), env.get("WATCHDOG_PID", "")
    if not period.isdigit() or (pid and pid != str(os.getpid())):
        return 0.0
    return int(period) / _US_PER_S
