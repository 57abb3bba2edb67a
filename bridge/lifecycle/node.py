"""The managed node: configured it has checked its configuration, active it bridges, inactive it has drained.

Whatever fails in a transition is logged with its remedy, and the node stays in the state before.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

from rcl_interfaces.msg import ParameterType, ParameterValue, SetParametersResult
from rcl_interfaces.srv import GetParameters
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import Trigger

from bridge import config_io
from bridge.config_io import LoadedConfig
from bridge.config_parameters import to_text
from bridge.core.jsonform import Json
from bridge.errors import BridgeError, CannotRun, ConfigError
from bridge.lifecycle.parameters import NodeParameters, values_of
from bridge.lifecycle.process import AgentProcess, LogLine

READY_S = 60.0
"""Seconds that an agent has to come up; it needs one."""
CLIENT_READY_S = 5.0
"""The same for a client of Zenoh: it is active then, and waits on for its router."""
_SUCCESS, _FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class BridgeNode(LifecycleNode):  # type: ignore[misc]  # rclpy's own annotations are not followed
    """A node with an agent while it is active. Thread: the executor's, but where it says otherwise.

    Args:
        stop: set when the process is to end; ends the wait of a transition.
        on_end: called when the agent of an active node ended by itself. Thread: agent-log, or the executor's.
        options: for rclpy's node.

    Raises:
        ConfigError: a parameter is unknown, or of another type.
    """

    def __init__(
        self, *, stop: threading.Event, on_end: Callable[[], None] = lambda: None, **options: Any
    ) -> None:
        super().__init__("zenlink_bridge", automatically_declare_parameters_from_overrides=True, **options)
        self._stop = stop
        self._on_end = on_end
        self._loaded: LoadedConfig | None = None
        """From configure to cleanup."""
        self._agent: AgentProcess | None = None
        """While active."""
        self.failure: BridgeError | None = None
        """Why the last transition was refused."""
        self.parameters = NodeParameters(self)
        self.add_on_set_parameters_callback(self._on_set)
        self.create_service(Trigger, "~/reload", self._on_reload)
        self.create_service(GetParameters, "~/explain", self._on_explain)

    # rclpy names these

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read and check the configuration, with the files that it names."""
        return self._attempt("not configured", self._read)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start the agent and wait until it is up."""
        return self._attempt("not activated", self._start)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let the agent pass on what it took, and end."""
        self.drain()
        return _SUCCESS

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget the configuration."""
        self._loaded = None
        return _SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """From any state: drain."""
        self.drain()
        return _SUCCESS

    def drain(self) -> None:
        """End the agent, if there is one."""
        agent, self._agent = self._agent, None
        if agent is None:
            return
        code = agent.stop()
        if code:
            self.get_logger().error(f"the agent did not end well: exit code {code}")

    def agent_exit_code(self) -> int | None:
        """Of an agent that ended by itself; ``None``: there is none. Thread: any."""
        return None if self._agent is None else self._agent.exit_code

    def _attempt(self, refused: str, step: Callable[[], None]) -> TransitionCallbackReturn:
        self.failure = None
        try:
            step()
        except BridgeError as error:
            self.failure = error
            self.get_logger().error(f"{refused}: {error}")
            return _FAILURE
        except Exception:
            # rclpy would take it for an error of the node, and say nothing.
            self.get_logger().error(f"{refused}, by a fault of ours:\n{traceback.format_exc()}")
            raise
        return _SUCCESS

    def _read(self) -> None:
        loaded = config_io.load(self.parameters.config_file, self.parameters.flags())
        if faults := config_io.check_files(loaded):
            raise faults[0]
        self._loaded = loaded
        self.parameters.show(loaded.config)
        for note in loaded.notes:
            self.get_logger().warning(str(note))

    def _start(self) -> None:
        self._read()  # what was set, or written to the file, since
        loaded = self._loaded
        assert loaded is not None  # noqa: S101  # just read
        debug = self.get_logger().get_effective_level().name == "DEBUG"
        agent = AgentProcess(
            config_file=self.parameters.config_file,
            parameters=self._layer(),
            control_socket=loaded.socket,
            log_level="debug" if debug else "info",
            on_line=self._log,
            on_end=self._on_agent_end,
        )
        is_client = loaded.config.zenoh.mode == "client"
        try:
            ready = agent.wait_until_ready(
                timeout_s=CLIENT_READY_S if is_client else READY_S, stop=self._stop
            )
            if not ready and not is_client:
                raise CannotRun(f"the agent was not up within {READY_S:g} s", remedy="see its log above")
        except BridgeError:
            agent.stop()
            raise
        if not ready:
            self.get_logger().warning("active, and still waiting for its router; see `zenlink status`")
        self._agent = agent
        if agent.exit_code is not None:  # just now
            self._on_end()

    def _on_agent_end(self) -> None:
        """Thread: agent-log."""
        if self._agent is not None:  # else the transition that started it tells
            self._on_end()

    def _layer(self) -> str:
        return to_text(self.parameters.flags().node, insecure=self.parameters.insecure)

    def _on_set(self, parameters: list[Any]) -> SetParametersResult:
        """Refuse what is wrong, and let a running agent take over what is right."""
        new = values_of(parameters)
        changed = {name: value for name, value in new.items() if self.parameters.is_news(name, value)}
        if not changed:
            return SetParametersResult(successful=True)
        given = {**self.parameters.given, **changed}
        try:
            self._accept(given, changed)
        except BridgeError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.parameters.given = given
        return SetParametersResult(successful=True)  # rclpy drops the reason of a success: it is in the log

    def _accept(self, given: dict[str, Any], changed: dict[str, Any]) -> None:
        """See whether these would do, and let a running agent take them over.

        Raises:
            ConfigError, CannotRun: it is wrong, or the agent did not take it.
        """
        flags = self.parameters.flags(given)
        faults = config_io.check(self.parameters.config_file, flags)
        if self._loaded is None:  # what else is wrong is told by configure
            places = {f"parameter {name}" for name in changed}
            faults = tuple(fault for fault in faults if fault.file in places)
        if faults:
            raise faults[0]
        if self._agent is None:
            return
        before = self._agent.replace_parameters(to_text(flags.node, insecure=self.parameters.insecure))
        try:
            self._reload()
        except BridgeError:
            self._agent.replace_parameters(before)
            raise

    def _reload(self) -> list[str]:
        """What a running agent took over, and what it cannot."""
        if self._agent is None:
            raise CannotRun("the node is not active", remedy="activate it")
        answer = self._agent.ask("reload")
        changes, restart = _texts(answer, "changes"), _texts(answer, "restart_needed")
        for line in changes:
            self.get_logger().info(f"reloaded: {line}")
        for line in restart:
            self.get_logger().warning(f"counts after deactivate and activate: {line}")
        return [*changes, *(f"counts after deactivate and activate: {line}" for line in restart)]

    def _on_reload(self, request: Any, response: Any) -> Any:
        """``~/reload``: the file and what it names, again."""
        try:
            if self._agent is None:
                self._read()
                lines = ["the configuration is good; it counts from activate on"]
            else:
                lines = self._reload() or ["no route changed"]
                self._loaded = config_io.load(self.parameters.config_file, self.parameters.flags())
                self.parameters.show(self._loaded.config)
        except BridgeError as error:
            response.success, response.message = False, str(error)
        else:
            response.success, response.message = True, "\n".join(lines)
        return response

    def _on_explain(self, request: Any, response: Any) -> Any:
        """``~/explain``: for each name in the request a text that says whether it crosses, and why."""
        for name in request.names:
            value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=self._explained(name))
            response.values.append(value)
        return response

    def _explained(self, name: str) -> str:
        if self._agent is None:
            return f"{name} does not cross: the node is not active"
        try:
            found = self._agent.ask("explain", name=name if name.startswith("/") else f"/{name}")
        except (CannotRun, ConfigError) as error:
            return str(error)
        verdict = found.get("verdict", "") if isinstance(found, dict) else ""
        remedy = found.get("remedy", "") if isinstance(found, dict) else ""
        lines = [str(verdict), *(f"  - {fact}" for fact in _texts(found, "facts"))]
        return "\n".join([*lines, *([f"  => {remedy}"] if remedy else [])])

    def _log(self, line: LogLine) -> None:
        """Thread: agent-log."""
        logger = self.get_logger()
        # rclpy remembers a severity for each place that logs, so that each needs a line of its own.
        match line.level:
            case "debug":
                logger.debug(line.text)
            case "info":
                logger.info(line.text)
            case "warning":
                logger.warning(line.text)
            case _:
                logger.error(line.text)


def _texts(answer: Json, key: str) -> list[str]:
    found = answer.get(key) if isinstance(answer, dict) else None
    return [str(one) for one in found] if isinstance(found, list) else []
