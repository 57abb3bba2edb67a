"""`zenlink demo`: one call that plays the demo, shows it and says how it went."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.live import Live
from rich.text import Text
from typing_extensions import Self

from bridge.core.jsonform import Json
from bridge.demo import places, report
from bridge.demo.identities import IDENTITIES
from bridge.demo.lines import NodeFlavour, Report
from bridge.demo.play import Play
from bridge.demo.report import Outcome
from bridge.demo.stage import ChildFailed, Interrupted, Stage
from bridge.errors import CannotRun, ConfigError

FLAVOUR_VARIABLE = "ZENLINK_DEMO_NODES"
"""Environment variable that forces ``rclpy`` or ``cyclonedds`` nodes."""
_EXIT_SIGNAL = 128
"""Plus the signal's number: what shells report for a process ended by one."""
_REFRESH_HZ = 4


def run_demo(*, seconds: float, json_output: bool, log_dir: Path | None, direct: bool = False) -> int:
    """Run robot, agents and station on this machine and judge what arrived.

    Args:
        seconds: how long the station listens.
        json_output: print one JSON document instead of a table.
        log_dir: folder for the children's logs; without it they are kept only after a failure.
        direct: leave out the agents, for the floor of all numbers.

    Returns:
        The exit code: 0 everything arrived once and intact; 1 something did not; 3 the demo could not run;
        128 and the signal's number when interrupted.

    Raises:
        ConfigError: the environment names unknown nodes.
    """
    demo = _Demo(json_output=json_output, log_dir=log_dir)
    with demo.signals():
        return demo.run(seconds=seconds, direct=direct)


class _Demo:
    """One call: its folders, its signals and its output."""

    def __init__(self, *, json_output: bool, log_dir: Path | None) -> None:
        self._json = json_output
        self._signal: signal.Signals | None = None
        """The one that asked for the end; a plain field, for no lock may be taken in a handler."""
        self._keep_logs = log_dir is not None
        self._scratch = Path(tempfile.mkdtemp(prefix="zenlink-demo-"))
        self._logs = log_dir if log_dir is not None else self._scratch / "logs"
        self._out = Console()
        self._err = Console(stderr=True)

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Note the signals that mean "end" instead of ending; only the main thread may."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signal = signal.Signals(number)

    def run(self, *, seconds: float, direct: bool) -> int:
        """Play, show, clean up; the exit code."""
        stage = Stage(scratch=self._scratch, logs=self._logs, interrupted=lambda: self._signal is not None)
        try:
            self._make_logs()
            with contextlib.ExitStack() as undo:
                domains = undo.enter_context(places.claimed_domains(1 if direct else 2))
                undo.callback(stage.end)
                view = undo.enter_context(_View(self._out)) if self._live() else _Silence()
                outcome = Play(stage, view, domains=domains, seconds=seconds, flavour=_flavour()).run()
            return self._show(outcome)
        except ChildFailed as error:
            return self._fail(error)
        except CannotRun as error:
            self._say(
                report.failure_document(
                    error.problem, verdict="cannot_run", exit_code=3, remedy=error.remedy
                ),
                (str(error),),
            )
            return 3
        except Interrupted:
            exit_code = _EXIT_SIGNAL + (self._signal or signal.SIGINT)
            self._say(
                report.failure_document("interrupted", verdict="interrupted", exit_code=exit_code),
                ("interrupted: no verdict; every process was ended",),
            )
            return exit_code
        finally:
            self._clean_up()

    def _make_logs(self) -> None:
        try:
            self._logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotRun(
                f"no folder for logs at {self._logs}: {error.strerror}", remedy="name another one"
            ) from error

    def _live(self) -> bool:
        return self._out.is_terminal and not self._json

    def _show(self, outcome: Outcome) -> int:
        exit_code = 1 if outcome.problems else 0
        self._keep_logs = self._keep_logs or exit_code != 0
        logs = self._logs if self._keep_logs else None
        if self._json:
            _print_json(report.document(outcome, exit_code=exit_code, logs=logs))
            return exit_code
        self._out.print(report.final_table(outcome.results, outcome.calls))
        for line in report.verdict_lines(outcome):
            self._out.print(Text(line), soft_wrap=True)
        if exit_code:
            self._out.print(Text(f"logs: {self._logs}"), soft_wrap=True)
        return exit_code

    def _fail(self, error: ChildFailed) -> int:
        self._keep_logs = True
        self._say(
            report.failure_document(
                str(error), verdict="cannot_run", exit_code=3, failed=error, logs=self._logs
            ),
            (*report.failure_lines(error), f"logs: {self._logs}"),
        )
        return 3

    def _say(self, document: dict[str, Json], lines: tuple[str, ...]) -> None:
        if self._json:
            _print_json(document)
            return
        for line in lines:
            self._err.print(Text(line), soft_wrap=True)

    def _clean_up(self) -> None:
        shutil.rmtree(self._scratch / IDENTITIES, ignore_errors=True)  # no key outlives its demo
        if self._keep_logs and self._logs.is_relative_to(self._scratch):
            for leftover in self._scratch.iterdir():
                if leftover != self._logs and not leftover.is_dir():
                    leftover.unlink()
        else:
            shutil.rmtree(self._scratch, ignore_errors=True)


class _Silence:
    """No terminal: only the end is shown."""

    def step(self, text: str) -> None:
        """Nothing to see."""

    def measured(self, report: Report, left_s: float) -> None:
        """Nothing to see."""


class _View:
    """A table on the terminal that follows the run."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=_REFRESH_HZ, transient=True)
        self._before: Report | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._live.stop()

    def step(self, text: str) -> None:
        """Say what happens now."""
        self._live.update(Text(f"{text} ..."))

    def measured(self, now: Report, left_s: float) -> None:
        """Show the counts so far."""
        self._live.update(report.live_table(self._before, now, f"{max(left_s, 0):.0f} s to go"))
        self._before = now


def _flavour() -> NodeFlavour | None:
    text = os.environ.get(FLAVOUR_VARIABLE, "")
    if not text:
        return None
    try:
        return NodeFlavour(text)
    except ValueError:
        allowed = " or ".join(flavour.value for flavour in NodeFlavour)
        raise ConfigError(
            f"no such kind of nodes: {text!r}",
            remedy=f"set it to {allowed}, or not at all",
            key=FLAVOUR_VARIABLE,
        ) from None


def _print_json(document: dict[str, Json]) -> None:
    json.dump(document, sys.stdout, indent=2)
    print()
