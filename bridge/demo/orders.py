"""Where robot and station hear their runner: words on standard input, and its end."""

from __future__ import annotations

import contextlib
import sys
import threading

from bridge.demo.lines import Order, Published, Ready, Report, encode


class Orders:
    """The orders received so far, as events to wait on."""

    def __init__(self) -> None:
        self.quiet = threading.Event()
        """Set by QUIET, and by STOP."""
        self.stop = threading.Event()
        # A daemon, for nothing can interrupt a read of standard input; it owns nothing that needs closing.
        threading.Thread(target=self._listen, name="demo-orders", daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            if line.strip() == Order.QUIET.value:
                self.quiet.set()
            elif line.strip() == Order.STOP.value:
                break
        self.stop.set()
        self.quiet.set()


def tell(line: Ready | Published | Report) -> None:
    """Send one line to the runner. That it is gone is told by the end of standard input alone."""
    with contextlib.suppress(BrokenPipeError):
        print(encode(line), flush=True)
