"""A node of the real rclpy with servers that echo, and with clients that know their question again.

The echo service is test_msgs/srv/BasicTypes: a number and a text, which come back as they went.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.node import Node
from std_srvs.srv import SetBool
from test_msgs.srv import BasicTypes

from tests.integration.nodes.clients import STRING, Clients, Kinds
from tests.integration.nodes.rclpy_node import spinning
from tests.integration.nodes.serving import Functions, serve


class Echo:
    """A server that answers with what it was asked, and counts."""

    def __init__(self, node: Node, name: str, delay_s: float) -> None:
        self._delay_s = delay_s
        self.seen: Counter[int] = Counter()
        self.service = node.create_service(BasicTypes, name, self._answer)

    def _answer(self, request: Any, response: Any) -> Any:
        self.seen[request.int64_value] += 1
        time.sleep(self._delay_s)
        response.int64_value, response.string_value = request.int64_value, request.string_value
        return response


class RclpyClient:
    """See :class:`Client`."""

    strange = 0
    """rclpy keeps them to itself."""

    def __init__(self, node: Node, kind: Any, service: str) -> None:
        self._node = node
        self._client = node.create_client(kind, service)

    def available(self) -> bool:
        """See the protocol."""
        return bool(self._client.service_is_ready())

    def wait(self, timeout_s: float) -> bool:
        """See the protocol."""
        return bool(self._client.wait_for_service(timeout_s))

    def ask(self, request: Any, timeout_s: float) -> Any:
        """See the protocol."""
        done = threading.Event()
        future = self.send(request, lambda _: done.set())
        if not done.wait(timeout_s):
            self._client.remove_pending_request(future)
            return None
        return future.result()

    def send(self, request: Any, answered: Callable[[Any], None]) -> Any:
        """See the protocol."""
        future = self._client.call_async(request)
        future.add_done_callback(answered)
        return future

    def close(self) -> None:
        """See the protocol."""
        self._node.destroy_client(self._client)


KINDS = Kinds(
    basic_types=BasicTypes,
    set_bool=SetBool,
    set_parameters=SetParameters,
    get_parameters=GetParameters,
    echo=lambda number, text: BasicTypes.Request(int64_value=number, string_value=text),
    switch=lambda data: SetBool.Request(data=data),
    label=lambda text: SetParameters.Request(
        parameters=[Parameter(name="label", value=ParameterValue(type=STRING, string_value=text))]
    ),
    names=lambda names: GetParameters.Request(names=names),
)


@contextlib.contextmanager
def main(
    *, name: str = "services", echo: Sequence[str] = (), set_bool: Sequence[str] = (), delay_s: float = 0.0
) -> Iterator[Functions]:
    """A node with its parameter services, a parameter ``label``, and a server for each name.

    Args:
        name: of the node.
        echo: names of servers of BasicTypes.
        set_bool: names of servers of SetBool, which answer whether data was true.
        delay_s: before each answer of an echo.
    """
    with spinning(name=name) as node:
        node.declare_parameter("label", "none")
        echoes = {one: Echo(node, one, delay_s) for one in echo}
        for one in set_bool:
            node.create_service(SetBool, one, _set_bool)
        clients = Clients(lambda kind, service: RclpyClient(node, kind, service), KINDS)

        def executed(service: str) -> dict[str, int]:
            """Requests that an echo answered, and how many of them differ."""
            seen = echoes[service].seen
            return {"calls": sum(seen.values()), "different": len(seen)}

        yield {
            **clients.functions(),
            "executed": executed,
            "stop_echo": lambda service: node.destroy_service(echoes[service].service),
        }


def _set_bool(request: Any, response: Any) -> Any:
    response.success, response.message = request.data, f"data was {request.data}"
    return response


if __name__ == "__main__":
    serve(main)
