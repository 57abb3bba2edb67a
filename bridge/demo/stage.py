"""The cast of the demo: starts all processes, hears them, notices who ends early, and ends them all."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from bridge import control
from bridge.core.jsonform import Json
from bridge.demo import places
from bridge.demo.children import Child, Heard, Inbox
from bridge.demo.identities import IDENTITIES, make_identities
from bridge.demo.lines import NodeFlavour, Published, Ready, Report
from bridge.errors import BridgeError, CannotRun

_READY_S = 30.0
"""A process on a busy machine, its imports and DDS discovery included."""
_POLL_S = 0.1
_END_NODE_S = 10.0
_END_AGENT_S = 15.0
_ASK_S = 2.0
_LAST_LINES = 15

_Line = TypeVar("_Line", Ready, Published, Report)


class Interrupted(BridgeError):
    """Somebody asked the demo to end."""


class ChildFailed(BridgeError):
    """A process of the demo ended, or fell silent, before its time."""

    def __init__(self, child: Child, problem: str) -> None:
        super().__init__(f"{child.name} {problem}")
        self.child = child
        self.exit_code = child.exit_code
        self.last_lines = child.last_lines(_LAST_LINES)


class Agent:
    """One `zenlink run`, and where it answers."""

    def __init__(self, child: Child, socket: Path) -> None:
        self.child = child
        self._socket = socket

    def ask(self, command: str, **args: Json) -> Json:
        """The answer on its control socket.

        Raises:
            CannotRun: it does not answer.
        """
        return control.call(self._socket, command, within_s=_ASK_S, **args)

    def silence(self) -> str:
        """Why it does not answer; empty when it is up, its session open."""
        try:
            self.ask("status")
        except CannotRun as error:
            return error.problem
        return ""


class Stage:
    """Everything that runs during one demo.

    Args:
        scratch: folder for sockets, gone afterwards.
        logs: folder for the children's logs.
        interrupted: whether the demo is to end at once.
    """

    def __init__(self, *, scratch: Path, logs: Path, interrupted: Callable[[], bool]) -> None:
        self._scratch = scratch
        self._logs = logs
        self._interrupted = interrupted
        self._inbox: Inbox = queue.SimpleQueue()
        self._children: list[Child] = []
        self._log_names: set[str] = set()
        self._identities: dict[str, Path] = {}

    def start_node(self, part: str, domain_id: int, flavour: NodeFlavour | None) -> Child:
        """Start "robot" or "station" in a domain; without a flavour it chooses."""
        arguments = [sys.executable, "-m", f"bridge.demo.{part}", *([flavour.value] if flavour else [])]
        return self._start(f"the {part}", part, arguments, domain_id, self._inbox)

    def start_agent(self, side: str, domain_id: int, *link: str) -> Agent:
        """Start the agent of the "robot" or the "station" side with its --listen or --connect."""
        return self.start_configured(side, domain_id, self._identity(side), *link)

    def start_configured(self, side: str, domain_id: int, configuration: Path, *link: str) -> Agent:
        """The same on a configuration that is already there."""
        socket = self._scratch / f"{side}.sock"
        python = [sys.executable, "-m"]
        arguments = [*python, "bridge.leash", *python, "bridge", "run", "--domain", str(domain_id)]
        arguments += [
            "--config",
            str(configuration),
            "--mode",
            "router",
            *link,
            "--socket",
            str(socket),
        ]
        child = self._start(f"the agent on the {side}'s side", f"agent-{side}", arguments, domain_id, None)
        return Agent(child, socket)

    def _identity(self, side: str) -> Path:
        """The configuration that gives a side its certificates, made for this demo."""
        if not self._identities:
            self._identities = make_identities(self._scratch / IDENTITIES)
        return self._identities[side]

    def _start(self, name: str, log: str, arguments: list[str], domain_id: int, inbox: Inbox | None) -> Child:
        environment = places.child_environment(os.environ, domain_id=domain_id, scratch=str(self._scratch))
        path = self._logs / f"{log}.log"
        if log not in self._log_names:
            path.unlink(missing_ok=True)  # of an earlier demo; a second try of this one adds to the first
        self._log_names.add(log)
        child = Child(name, arguments, environment=environment, log=path, inbox=inbox)
        self._children.append(child)
        return child

    def forget(self, child: Child) -> None:
        """End a child whose end is expected, and watch it no longer."""
        self._children.remove(child)
        child.end(within_s=_END_NODE_S)

    def hear(self, within_s: float) -> Heard | None:
        """The next line of any child, or ``None`` after a while.

        Raises:
            ChildFailed: one ended.
            Interrupted: the demo is to end.
        """
        if self._interrupted():
            raise Interrupted("interrupted")
        for child in self._children:
            if child.exit_code is not None:
                raise ChildFailed(child, f"ended with exit code {child.exit_code}")
        with contextlib.suppress(queue.Empty):
            return self._inbox.get(timeout=min(within_s, _POLL_S))
        return None

    def lines(self, within_s: float) -> Iterator[Heard]:
        """Every line until the time is over."""
        end = time.monotonic() + within_s
        while (left := end - time.monotonic()) > 0:
            heard = self.hear(left)
            if heard is not None:
                yield heard

    def expect(self, child: Child, kind: type[_Line], within_s: float = _READY_S) -> _Line:
        """The next line of one kind from one child; others' lines are dropped.

        Raises:
            ChildFailed: it did not come in time.
        """
        for heard in self.lines(within_s):
            if heard.child is child and isinstance(heard.line, kind):
                return heard.line
        raise ChildFailed(child, f"said nothing within {within_s:.0f} s")

    def expect_agent(self, agent: Agent) -> None:
        """Wait until an agent is up."""
        end = time.monotonic() + _READY_S
        while reason := agent.silence():
            if time.monotonic() > end:
                raise ChildFailed(agent.child, f"was not up within {_READY_S:.0f} s: {reason}")
            self.hear(_POLL_S)

    def last_line(self, child: Child, kind: type[_Line]) -> _Line:
        """The last line of one kind that a child sent before it ended."""
        found = None
        with contextlib.suppress(queue.Empty):
            while True:
                heard = self._inbox.get_nowait()
                if heard.child is child and isinstance(heard.line, kind):
                    found = heard.line
        if found is None:
            raise ChildFailed(child, "ended without its last report")
        return found

    def end(self) -> tuple[str, ...]:
        """End everybody, the last one first; what was wrong with the way they went. Idempotent."""
        problems = []
        while self._children:
            child = self._children.pop()
            ended_early = child.exit_code is not None
            child.end(within_s=_END_AGENT_S)
            if child.killed:
                problems.append(f"{child.name} did not end when asked and was killed")
            elif child.exit_code != 0 and not ended_early:
                problems.append(f"{child.name} ended with exit code {child.exit_code}")
        return tuple(problems)
