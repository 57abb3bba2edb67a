"""Whoever manages a node from elsewhere: its transitions, parameters and services."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters
from rclpy.parameter import Parameter, parameter_value_to_python
from std_srvs.srv import Trigger

from tests.integration.nodes.rclpy_node import spinning
from tests.integration.nodes.serving import Functions, serve

_ANSWER_S = 50.0
_TRANSITIONS = {
    "configure": Transition.TRANSITION_CONFIGURE,
    "activate": Transition.TRANSITION_ACTIVATE,
    "deactivate": Transition.TRANSITION_DEACTIVATE,
    "cleanup": Transition.TRANSITION_CLEANUP,
    "shutdown": Transition.TRANSITION_ACTIVE_SHUTDOWN,
    "shutdown inactive": Transition.TRANSITION_INACTIVE_SHUTDOWN,
    "shutdown unconfigured": Transition.TRANSITION_UNCONFIGURED_SHUTDOWN,
}


class Manager:
    """Clients for the services of one managed node."""

    def __init__(self, node: Any, managed: str) -> None:
        self._node, self._managed = node, managed
        self._clients: dict[str, Any] = {}

    def change(self, transition: str) -> bool:
        """Whether the node took the transition."""
        request = ChangeState.Request(transition=Transition(id=_TRANSITIONS[transition]))
        return bool(self._call(ChangeState, "change_state", request).success)

    def state(self) -> str:
        return str(self._call(GetState, "get_state", GetState.Request()).current_state.label)

    def set(self, name: str, value: Any) -> dict[str, Any]:
        """Whether it was accepted, and what was said."""
        kind = Parameter.Type.STRING_ARRAY if isinstance(value, list) else None
        parameter = Parameter(name, kind, value).to_parameter_msg()
        request = SetParameters.Request(parameters=[parameter])
        (result,) = self._call(SetParameters, "set_parameters", request).results
        return {"successful": result.successful, "reason": result.reason}

    def get(self, name: str) -> Any:
        (value,) = self._call(GetParameters, "get_parameters", GetParameters.Request(names=[name])).values
        found = parameter_value_to_python(value)
        return list(found) if isinstance(found, (list, tuple)) else found

    def describe(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        request = DescribeParameters.Request(names=list(names))
        found = self._call(DescribeParameters, "describe_parameters", request).descriptors
        return {
            one.name: {
                "type": one.type,
                "description": one.description,
                "constraints": one.additional_constraints,
                "read_only": one.read_only,
                "range": [
                    [span.from_value, span.to_value]
                    for span in (*one.integer_range, *one.floating_point_range)
                ],
            }
            for one in found
        }

    def reload(self) -> dict[str, Any]:
        answer = self._call(Trigger, "reload", Trigger.Request())
        return {"success": answer.success, "message": answer.message}

    def explain(self, names: Sequence[str]) -> list[str]:
        request = GetParameters.Request(names=list(names))
        return [value.string_value for value in self._call(GetParameters, "explain", request).values]

    def present(self) -> bool:
        """Whether the node is there."""
        return self._managed.lstrip("/") in self._node.get_node_names()

    def _call(self, kind: Any, service: str, request: Any) -> Any:
        if service not in self._clients:
            self._clients[service] = self._node.create_client(kind, f"{self._managed}/{service}")
        client, done = self._clients[service], threading.Event()
        if not client.wait_for_service(_ANSWER_S):
            raise RuntimeError(f"no service {client.srv_name}")
        future = client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        if not done.wait(_ANSWER_S):
            raise RuntimeError(f"no answer of {client.srv_name}")
        return future.result()


@contextlib.contextmanager
def main(*, managed: str) -> Iterator[Functions]:
    """A node that manages another.

    Args:
        managed: name of the other, in full.
    """
    with spinning(name="manager") as node:
        manager = Manager(node, managed)
        names = [name for name in dir(Manager) if not name.startswith("_")]
        yield {name: getattr(manager, name) for name in names}


if __name__ == "__main__":
    serve(main)
