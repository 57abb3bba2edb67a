"""SIGINT, SIGTERM and SIGHUP as events, without the traps of Python's signal handlers."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType

EXIT_HARD = 130  # 128 + SIGINT
_STOP = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stop_signals(stop: threading.Event, hangup: threading.Event | None = None) -> Iterator[None]:
    """Within it the first SIGINT or SIGTERM sets `stop`; the second ends the process at once.

    A Python handler runs in the main thread between two of its instructions: there, ``Event.set`` can wait
    for a lock that the main thread itself holds inside ``Event.wait``, and while the main thread is in a
    library nothing runs at all. So the handlers do nothing, and a thread reads the wake-up pipe.

    Args:
        stop: Set by the first signal to stop.
        hangup: Set by each SIGHUP. It also comes when the terminal goes away; then it sets `stop`, as
            nobody is left to stop the process by hand. ``None``: SIGHUP keeps its meaning.

    Thread: main, as Python demands of signal handling.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    watched = _STOP if hangup is None else (*_STOP, signal.SIGHUP)
    before = {number: signal.signal(number, _ignore) for number in watched}
    wakeup_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    watch = _Watch(reader=reader, stop=stop, hangup=hangup)
    thread = threading.Thread(target=watch.run, name="signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        writer.close()  # ends the thread
        thread.join(1.0)
        reader.close()


def _ignore(number: int, frame: FrameType | None) -> None:
    """Keeps the default action away; the work is done by `_Watch`."""


class _Watch:
    """Turns the numbers in the wake-up pipe into events."""

    def __init__(
        self, *, reader: socket.socket, stop: threading.Event, hangup: threading.Event | None
    ) -> None:
        self._reader = reader
        self._stop = stop
        self._hangup = hangup
        self._had_terminal = _has_terminal()

    def run(self) -> None:
        """Thread: signals."""
        while numbers := self._reader.recv(16):
            for number in numbers:
                if number in _STOP:
                    self._end()
                elif number == signal.SIGHUP and self._hangup is not None:
                    self._hung_up(self._hangup)

    def _end(self) -> None:
        if self._stop.is_set():
            print("zenlink: stopped at once by a second signal", file=sys.stderr, flush=True)
            os._exit(EXIT_HARD)
        self._stop.set()

    def _hung_up(self, hangup: threading.Event) -> None:
        terminal_lost = self._had_terminal and not _has_terminal()
        (self._stop if terminal_lost else hangup).set()


def _has_terminal() -> bool:
    """Whether the process has a controlling terminal, whatever its standard streams are."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
