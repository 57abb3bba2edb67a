"""`services`, as a node on rmw_cyclonedds would be: the same functions, without ROS."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tests.integration.nodes.clients import STRING, Clients, Kinds
from tests.integration.nodes.rmw import RmwNode, RmwServer
from tests.integration.nodes.rmw_types import (
    BASIC_TYPES,
    GET_PARAMETERS,
    SET_BOOL,
    SET_PARAMETERS,
    Parameter,
    ParameterValue,
    SetParametersResult,
    basic,
)
from tests.integration.nodes.serving import Functions, serve


class Echo:
    """A server that answers with what it was asked, and counts."""

    def __init__(self, node: RmwNode, name: str, delay_s: float) -> None:
        self._delay_s = delay_s
        self.seen: Counter[int] = Counter()
        self.server = node.server(name, BASIC_TYPES, self._answer)

    def _answer(self, request: Any) -> Any:
        self.seen[request.int64_value] += 1
        time.sleep(self._delay_s)
        return basic(BASIC_TYPES.response, number=request.int64_value, text=request.string_value)


class Label:
    """The parameter ``label`` of the node."""

    def __init__(self, node: RmwNode, name: str) -> None:
        self._text = "none"
        node.server(f"/{name}/set_parameters", SET_PARAMETERS, self._set)
        node.server(f"/{name}/get_parameters", GET_PARAMETERS, self._get)

    def _set(self, request: Any) -> Any:
        (parameter,) = request.parameters
        self._text = parameter.value.string_value
        return SET_PARAMETERS.response(results=[SetParametersResult(successful=True, reason="")])

    def _get(self, request: Any) -> Any:
        values = [ParameterValue(type=STRING, string_value=self._text) for _ in request.names]
        return GET_PARAMETERS.response(values=values)


KINDS = Kinds(
    basic_types=BASIC_TYPES,
    set_bool=SET_BOOL,
    set_parameters=SET_PARAMETERS,
    get_parameters=GET_PARAMETERS,
    echo=lambda number, text: basic(BASIC_TYPES.request, number=number, text=text),
    switch=lambda data: SET_BOOL.request(data=data),
    label=lambda text: SET_PARAMETERS.request(
        parameters=[Parameter(name="label", value=ParameterValue(type=STRING, string_value=text))]
    ),
    names=lambda names: GET_PARAMETERS.request(names=names),
)


@contextlib.contextmanager
def main(
    *, name: str = "services", echo: Sequence[str] = (), set_bool: Sequence[str] = (), delay_s: float = 0.0
) -> Iterator[Functions]:
    """A node with two parameter services and a server for each name; arguments as of `services`."""
    node = RmwNode(name, int(os.environ["ROS_DOMAIN_ID"]))
    Label(node, name)
    echoes = {one: Echo(node, one, delay_s) for one in echo}
    servers: list[RmwServer] = [node.server(one, SET_BOOL, _set_bool) for one in set_bool]
    clients = Clients(lambda kind, service: node.client(service, kind), KINDS)

    def executed(service: str) -> dict[str, int]:
        """Requests that an echo answered, and how many of them differ."""
        seen = echoes[service].seen
        return {"calls": sum(seen.values()), "different": len(seen)}

    try:
        yield {
            **clients.functions(),
            "executed": executed,
            "stop_echo": lambda service: echoes[service].server.close(),
        }
    finally:
        del servers
        node.close()


def _set_bool(request: Any) -> Any:
    return SET_BOOL.response(success=request.data, message=f"data was {request.data}")


if __name__ == "__main__":
    serve(main)
