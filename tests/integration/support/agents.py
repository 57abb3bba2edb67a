"""`zenlink run` as a process, asked through its control socket."""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge import control
from bridge.errors import CannotRun
from tests.integration.support.clocks import SteppedClock
from tests.integration.support.processes import Process, log_shown_on_failure, scratch_folder
from tests.integration.support.waiting import eventually

_numbers = itertools.count(1)


class Agent:
    """One agent, which can be stopped and started again in place."""

    def __init__(
        self, *, folder: Path, domain: int, configuration: dict[str, Any], clock: SteppedClock | None = None
    ) -> None:
        self.domain = domain
        self.socket = folder / "s"
        self._name = f"agent-{next(_numbers)}-domain-{domain}"
        self._folder = folder
        self._configuration = configuration
        self._clock = clock
        self._file = folder / "zenlink.yaml"
        self.endpoint = ""
        """What it listens on, with its real port; kept over a restart."""
        self.process = self._spawn()

    def _spawn(self) -> Process:
        self._file.write_text(json.dumps(self._configuration))  # JSON is YAML
        module, env = ("bridge", {}) if self._clock is None else (self._clock.module, self._clock.env)
        command = [sys.executable, "-m", module, "run", "-c", str(self._file), "--socket", str(self.socket)]
        return Process(self._name, command, domain=self.domain, env=env, folder=self._folder)

    def wait_until_active(self) -> None:
        """Both sides are up and samples may cross; also learns the port."""
        status = eventually(
            lambda: (found := self.status()) and found["state"] in ("active", "standby") and found
        )
        if status["listen"]:
            self.endpoint = status["listen"][0]
            self._configuration["zenoh"]["listen"] = [self.endpoint]

    def stop(self) -> None:
        """SIGTERM, which drains; fails unless it ends well."""
        self.process.signal(signal.SIGTERM)
        code = self.process.wait()
        assert code == 0, f"{self._name} ended with exit code {code}:\n{self.process.last_lines()}"

    def kill(self) -> None:
        """No farewell."""
        self.process.close()

    def start(self) -> None:
        """Again, after `stop` or `kill`: same domain, same port, a new Zenoh id."""
        self.process.close()
        self.process = self._spawn()
        self.wait_until_active()

    def reload(self, rules: Sequence[Mapping[str, Any]]) -> Any:
        """Write other rules to the file and let the agent take them; its answer."""
        self._configuration["rules"] = list(rules)
        self._file.write_text(json.dumps(self._configuration))
        return self.ask("reload")

    def ask(self, command: str, **args: Any) -> Any:
        """The answer on the control socket; None while nobody listens there yet."""
        self.process.check()
        try:
            return control.call(self.socket, command, **args)
        except CannotRun as error:
            if "no agent answers" not in str(error):
                raise
            return None

    def status(self) -> Any:
        """As `zenlink status --json`."""
        return self.ask("status")

    def page(self) -> str:
        """Address of its status page, which comes up when the agent routes already."""
        return str(eventually(lambda: self.status()["page"]))

    def routes(self, name: str) -> list[dict[str, Any]]:
        """The routes of one ROS name, as `zenlink routes --json`."""
        return [route for route in self.ask("routes") or () if route["spec"]["ros_name"] == name]

    def route(self, name: str, direction: str) -> dict[str, Any] | None:
        """The ``egress`` or ``ingress`` route of a name, if there is one."""
        found = [route for route in self.routes(name) if route["spec"]["direction"] == direction]
        return found[0] if found else None

    def tally(self) -> list[str]:
        """A line for each service, and each topic that did something: what passed, waits, was dropped."""
        found = []
        for route in self.ask("routes") or ():
            spec, counters = route["spec"], route["counters"]
            told = [
                f"{counters[key]} {key}"
                for key in ("messages", "queue_messages", "drops", "lost")
                if counters[key]
            ]
            if told or spec["kind"] != "topic":
                state = "active" if route["active"] else f"idle ({route['idle_reason'] or route['status']})"
                found.append(
                    f"{spec['direction']} {spec['kind']} {spec['ros_name']}: {state}; {', '.join(told)}"
                )
        return found

    def crosses(self, name: str) -> bool:
        """Whether samples of the name cross this agent now, so a publisher may begin."""
        return bool(self.ask("explain", name=name)["crossing"])


@contextlib.contextmanager
def agent(
    *,
    domain: int,
    connect: Sequence[Agent] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    rules: Sequence[Mapping[str, Any]] = (),
    clock: SteppedClock | None = None,
) -> Iterator[Agent]:
    """A running agent, active when the context begins, on a free TCP port of loopback.

    Zenoh's shared memory is off: it would carry large payloads past the link that is tested. So is
    /diagnostics, a node more in every graph.

    Args:
        domain: DDS domain.
        connect: agents to link to.
        settings: by section of the configuration file, e.g. ``{"ros": {"namespace": "/robot1"}}``.
        rules: as in the configuration file.
        clock: what its wall clock shows; this host's where there is none.
    """
    configuration: dict[str, Any] = {
        "http": {"listen": None},
        "rules": list(rules),
        "ros": {"domain_id": domain, "discovery_range": "localhost", "diagnostics": False},
        "zenoh": {
            "mode": "router",
            "listen": ["tcp/127.0.0.1:0"],
            "connect": [other.endpoint for other in connect],
            "shared_memory": False,
        },
    }
    for section, values in (settings or {}).items():
        configuration[section] = configuration.get(section, {}) | dict(values)
    with scratch_folder() as folder:
        started = Agent(folder=folder, domain=domain, configuration=configuration, clock=clock)
        try:
            with log_shown_on_failure(started.process):
                started.wait_until_active()
                with tally_shown_on_failure(started):
                    yield started
                if started.process.exit_code is None:
                    started.stop()
        finally:
            started.process.close()


@contextlib.contextmanager
def tally_shown_on_failure(of: Agent) -> Iterator[None]:
    """Print what crossed the agent, and what did not, where the test fails."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # it may be what died
            print("\n".join([f"--- routes of {of.process.name}", *of.tally()]), file=sys.stderr)
        raise
