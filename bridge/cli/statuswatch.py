"""`zenlink status --watch`: asks the agent again and again without keeping Ctrl-C or the screen waiting."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import Self

from bridge.cli import views
from bridge.cli.output import print_json
from bridge.cli.signals import stop_signals
from bridge.core.jsonform import Json
from bridge.errors import BridgeError

PERIOD_S = 1.0
_LOOK_S = 0.1
"""How soon a signal, a new size of the terminal and an answer are seen."""
_JOIN_S = 0.5
"""An agent that hangs may keep the thread for longer; it ends with the process then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the agent said, or why it did not."""

    info: Json = None
    routes: Json = None
    taken_s: float = 0.0
    """Monotonic."""
    error: BridgeError | None = None


class Asker:
    """Asks once a second on a thread of its own (``status-ask``). Use as a context manager.

    Args:
        ask: Command to answer. Thread: status-ask.
        with_routes: Ask for the routes, too.
    """

    def __init__(self, ask: Callable[[str], Json], *, with_routes: bool) -> None:
        self._ask = ask
        self._with_routes = with_routes
        self._stop = threading.Event()
        self._answers: queue.Queue[Answer] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._run, name="status-ask", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join(_JOIN_S)

    def answer(self, within_s: float) -> Answer | None:
        """The next answer; None: not yet."""
        try:
            return self._answers.get(timeout=within_s)
        except queue.Empty:
            return None

    def _run(self) -> None:
        """Thread: status-ask."""
        while not self._stop.is_set():
            answer = self._once()
            while not self._stop.is_set():
                try:
                    self._answers.put(answer, timeout=PERIOD_S)
                    break
                except queue.Full:
                    continue
            self._stop.wait(PERIOD_S)

    def _once(self) -> Answer:
        try:
            info = self._ask("status")
            routes = self._ask("routes") if self._with_routes else None
        except BridgeError as error:
            return Answer(error=error, taken_s=time.monotonic())
        return Answer(info=info, routes=routes, taken_s=time.monotonic())


def watch(ask: Callable[[str], Json], *, as_json: bool) -> None:
    """Show the agent until SIGINT or SIGTERM: live on a terminal, else line by line.

    Raises:
        BridgeError: No agent answers; on a terminal only where none ever did.
    """
    stop, live = threading.Event(), not as_json and _has_screen()
    with stop_signals(stop), Asker(ask, with_routes=live) as asker:
        first = _first(asker, stop)
        if first is None:
            return
        if live:
            from bridge.cli.statusscreen import show

            show(first, asker, stop)
        else:
            _lines(first, asker, stop, as_json=as_json)


def _first(asker: Asker, stop: threading.Event) -> Answer | None:
    while not stop.is_set():
        if (answer := asker.answer(_LOOK_S)) is not None:
            if answer.error is not None:
                raise answer.error
            return answer
    return None


def _lines(answer: Answer, asker: Asker, stop: threading.Event, *, as_json: bool) -> None:
    latest: Answer | None = answer
    while not stop.is_set():
        if latest is not None:
            if latest.error is not None:
                raise latest.error
            print_json(latest.info, one_a_line=True) if as_json else views.print_status(latest.info)
        latest = asker.answer(_LOOK_S)


def _has_screen() -> bool:
    if not sys.stdout.isatty():
        return False
    from rich.console import Console

    return not Console().is_dumb_terminal
