"""``bridge_node``: the node in a process, until SIGINT or SIGTERM, or until it is shut down.

Exit codes as of ``zenlink``: 0 good; 2 the configuration is faulty; 3 cannot run here.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from bridge.cli.signals import stop_signals
from bridge.errors import BridgeError, CannotRun
from bridge.lifecycle.node import BridgeNode
from bridge.lifecycle.process import AgentEnded

EXIT_USAGE, EXIT_CANNOT_RUN = 2, 3
_FAREWELL_S = 0.5
"""How long a node that was shut down stays, so that whoever asked for it gets the answer."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the node; its exit code.

    Args:
        args: the command line after the program, ``--ros-args`` included; ``None``: this process's.

    Thread: main.
    """
    stop = threading.Event()
    with stop_signals(stop):
        command = None if args is None else [sys.argv[0], *args]
        try:
            rclpy.init(args=command, signal_handler_options=SignalHandlerOptions.NO)
            return _run(stop)
        except (BridgeError, rclpy_implementation.RCLError) as error:  # of rcl: its arguments, a broken RMW
            print(f"zenlink: {' '.join(str(error).split())}", file=sys.stderr)
            return _exit_code(error)
        finally:
            rclpy.try_shutdown()


def run() -> None:
    """The entry point."""
    sys.exit(main())


def _run(stop: threading.Event) -> int:
    executor = SingleThreadedExecutor()
    node = BridgeNode(stop=stop, on_end=stop.set)
    executor.add_node(node)
    waker = threading.Thread(target=_wake, args=(stop, executor), name="stop-waker", daemon=True)
    waker.start()
    try:
        if node.parameters.autostart and not _started(node):
            return 0 if stop.is_set() else _exit_code(node.failure)
        while not stop.is_set() and not finalized(node):
            executor.spin_once()
        if finalized(node):
            linger(executor)
            return 0
        ended = node.agent_exit_code()
        if ended is not None:
            node.get_logger().fatal(f"the agent ended by itself, with exit code {ended}")
        node.trigger_shutdown()
        return 0 if ended is None else max(1, ended)
    finally:
        node.drain()
        stop.set()
        waker.join()
        executor.shutdown()
        node.destroy_node()


def _started(node: BridgeNode) -> bool:
    return all(
        transition() is TransitionCallbackReturn.SUCCESS
        for transition in (node.trigger_configure, node.trigger_activate)
    )


def finalized(node: BridgeNode) -> bool:
    """Whether it was shut down: no transition leads out of that."""
    return bool(node._state_machine.current_state[1] == "finalized")  # noqa: SLF001  # rclpy has no other way


def linger(executor: SingleThreadedExecutor) -> None:
    """Let the answer to whoever shut it down get there."""
    until_s = time.monotonic() + _FAREWELL_S
    while (left_s := until_s - time.monotonic()) > 0:
        executor.spin_once(timeout_sec=left_s)


def _wake(stop: threading.Event, executor: SingleThreadedExecutor) -> None:
    """Thread: stop-waker. An executor at rest sees no event, and sleeps on when it is only woken."""
    stop.wait()
    executor.create_task(lambda: None)


def _exit_code(error: Exception | None) -> int:
    if isinstance(error, AgentEnded) and error.exit_code in (EXIT_USAGE, EXIT_CANNOT_RUN):
        return error.exit_code
    return EXIT_CANNOT_RUN if isinstance(error, CannotRun) else EXIT_USAGE


if __name__ == "__main__":
    run()
