"""The managed node again and again in one process: a new one whenever the last was shut down."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from bridge.lifecycle.main import finalized, linger
from bridge.lifecycle.node import BridgeNode
from tests.integration.nodes.serving import Functions, serve


@contextlib.contextmanager
def main(*, parameters: dict[str, object]) -> Iterator[Functions]:
    """Nodes with these parameters."""
    stop, made = threading.Event(), []

    def run() -> None:
        while not stop.is_set():
            executor = SingleThreadedExecutor()
            overrides = [Parameter(name, value=value) for name, value in parameters.items()]
            node = BridgeNode(stop=stop, parameter_overrides=overrides)
            executor.add_node(node)
            made.append(node.get_name())
            while not stop.is_set() and not finalized(node):
                executor.spin_once(timeout_sec=0.2)
            linger(executor)
            node.drain()
            executor.shutdown()
            node.destroy_node()
            del node, executor
            gc.collect()  # a node of rclpy is a cycle of references

    rclpy.init()
    thread = threading.Thread(target=run, name="nodes")
    thread.start()
    try:
        yield {"made": lambda: len(made)}
    finally:
        stop.set()
        thread.join()
        rclpy.try_shutdown()


if __name__ == "__main__":
    serve(main)
