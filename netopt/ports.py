"""What measuring and tuning need of the world, as Protocols.

``probe`` and ``kernel`` implement them with real sockets, libraries and files, ``tests/fakes`` in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from netopt.core.kernelview import Ends, KernelFigures

OnReply = Callable[[bytes], None]
"""Takes one frame that came back; never blocks, never raises. Thread: the transport's."""
AskKernel = Callable[[Sequence[Ends]], tuple[KernelFigures, ...]]
"""What the kernel knows about each of these sockets, in their order.

Raises CannotMeasure where it does not tell.
"""


class MonotonicClock(Protocol):
    """Time of a measurement."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that never go back."""

    def wall_ns(self) -> int:
        """Wall clock, ns since the Unix epoch."""

    def wait_until(self, deadline_ns: int, stop: threading.Event) -> None:
        """Return at the monotonic time, or as soon as ``stop`` is set."""


class Transport(Protocol):
    """One way to a far echo: frames go out, frames come back. Zenoh, TCP and UDP have this one signature."""

    name: str
    """For reports, e.g. ``zenoh tcp/10.0.0.7:7447``."""

    def open(self, on_reply: OnReply) -> None:
        """Reach the far side.

        Raises:
            CannotMeasure: it cannot be reached.
        """

    def send(self, frame: bytes) -> None:
        """Send one frame. What the path cannot take now is lost, not waited for.

        Thread: the runner's.
        """

    def sockets(self) -> tuple[Ends, ...]:
        """The sockets that the frames go through on this host, as far as it has any that can be told.

        Thread: the runner's, while it is open.
        """

    def close(self) -> None:
        """End what :meth:`open` began; idempotent."""
