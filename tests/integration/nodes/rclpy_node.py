"""A node of the real rclpy, spinning on a thread beside the one that answers calls."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Iterator
from typing import Any

import rclpy
from rclpy.duration import Duration
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

_JOIN_S = 10.0


@contextlib.contextmanager
def spinning(*, name: str = "node", namespace: str = "/") -> Iterator[Node]:
    """A node that serves its subscriptions until the context ends."""
    rclpy.init()
    node = rclpy.create_node(name, namespace=namespace)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=_spin, args=(executor,), name="spin")
    thread.start()
    try:
        yield node
    finally:
        executor.shutdown(timeout_sec=_JOIN_S)
        thread.join(_JOIN_S)
        node.destroy_node()
        rclpy.try_shutdown()


def _spin(executor: SingleThreadedExecutor) -> None:
    with contextlib.suppress(ExternalShutdownException):
        executor.spin()


def message_class(ros_type: str) -> Any:
    """``std_msgs/msg/String`` to its class."""
    package, _, name = ros_type.split("/")
    return getattr(importlib.import_module(f"{package}.msg"), name)


def profile(
    *,
    reliable: bool = True,
    transient_local: bool = False,
    depth: int = 10,
    keep_all: bool = False,
    deadline_s: float = 0.0,
) -> QoSProfile:
    """A QoS profile from plain values."""
    return QoSProfile(
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if transient_local else DurabilityPolicy.VOLATILE,
        history=HistoryPolicy.KEEP_ALL if keep_all else HistoryPolicy.KEEP_LAST,
        depth=depth,
        deadline=Duration(seconds=deadline_s),  # 0: none
    )
