"""What a node of either form can ask others: the same calls, over the clients that it has.

Needs nothing but Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tests.integration.nodes.callers import Caller, outcome
from tests.integration.nodes.serving import Functions

READY_S = 30.0
STRING = 4
"""``rcl_interfaces.msg.ParameterType.PARAMETER_STRING``."""


class Client(Protocol):
    """One client of one service; the node spins elsewhere."""

    strange: int
    """Answers to questions that were not open, where the client is told of them."""

    def available(self) -> bool:
        """Whether it finds a server now, matched both ways."""

    def wait(self, timeout_s: float) -> bool:
        """Until it is available; whether it is."""

    def ask(self, request: Any, timeout_s: float) -> Any:
        """The answer; None when none came in time."""

    def send(self, request: Any, answered: Callable[[Any], None]) -> object:
        """Ask, and wait for nothing."""

    def close(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """How requests are made in a form."""

    basic_types: Any
    set_bool: Any
    set_parameters: Any
    get_parameters: Any
    echo: Callable[[int, str], Any]
    """A request with a number and a text."""
    switch: Callable[[bool], Any]
    label: Callable[[str], Any]
    """Sets the parameter ``label``."""
    names: Callable[[list[str]], Any]
    """Gets parameters."""


class Clients:
    """Each client lives for its calls alone."""

    def __init__(self, opened: Callable[[Any, str], Client], kinds: Kinds) -> None:
        """A node's.

        Args:
            opened: a new client: its kind, the service's name.
            kinds: the form's.
        """
        self._opened = opened
        self._kinds = kinds
        self._watched: dict[str, Client] = {}

    def functions(self) -> Functions:
        """All that can be asked from outside."""
        return {
            "available": self.available,
            "call": self.call,
            "call_set_bool": self.call_set_bool,
            "churn": self.churn,
            "get_label": self.get_label,
            "set_label": self.set_label,
        }

    def call(
        self, service: str, clients: int, count: int, timeout_s: float = 10.0, chars: int = 8
    ) -> dict[str, Any]:
        """``count`` calls of an echo by each client, all clients at once; what came of them."""
        made = [self._opened(self._kinds.basic_types, service) for _ in range(clients)]
        if not all(one.wait(READY_S) for one in made):
            raise RuntimeError(f"no server of {service}")
        callers = [
            Caller(
                lambda number, text, one=one: self._echoed(one, number, text, timeout_s),
                first=1 + index * count,
                count=count,
                chars=chars,
            )
            for index, one in enumerate(made)
        ]
        found = outcome(callers)
        strange = sum(one.strange for one in made)
        for client in made:
            client.close()
        return found | {"strange": strange}

    def churn(self, service: str, clients: int, timeout_s: float = 10.0) -> dict[str, int]:
        """One client after the other, each with one call, half of them gone before its answer."""
        counts: Counter[str] = Counter()
        for number in range(clients):
            client = self._opened(self._kinds.basic_types, service)
            if not client.wait(READY_S):
                raise RuntimeError(f"no server of {service}")
            if number % 2:
                client.send(self._kinds.echo(number, ""), lambda _answer: None)
                counts["left"] += 1
            else:
                answer = self._echoed(client, number, "", timeout_s)
                counts["answered" if answer == (number, "") else "unanswered"] += 1
            client.close()
        return dict(counts)

    def call_set_bool(self, service: str, data: bool, timeout_s: float = 10.0) -> list[Any] | None:
        """Success and message."""
        answer = self._once(self._kinds.set_bool, service, self._kinds.switch(data), timeout_s)
        return None if answer is None else [answer.success, answer.message]

    def set_label(self, of: str, text: str, timeout_s: float = 10.0) -> bool | None:
        """Set the parameter ``label`` of a node."""
        request = self._kinds.label(text)
        answer = self._once(self._kinds.set_parameters, f"{of}/set_parameters", request, timeout_s)
        return None if answer is None else answer.results[0].successful

    def get_label(self, of: str, timeout_s: float = 10.0) -> str | None:
        """The parameter ``label`` of a node."""
        request = self._kinds.names(["label"])
        answer = self._once(self._kinds.get_parameters, f"{of}/get_parameters", request, timeout_s)
        return None if answer is None else answer.values[0].string_value

    def available(self, service: str) -> bool:
        """Whether a client of an echo finds a server now, matched both ways."""
        if service not in self._watched:
            self._watched[service] = self._opened(self._kinds.basic_types, service)
        return self._watched[service].available()

    def _echoed(self, client: Client, number: int, text: str, timeout_s: float) -> tuple[int, str] | None:
        answer = client.ask(self._kinds.echo(number, text), timeout_s)
        return None if answer is None else (answer.int64_value, answer.string_value)

    def _once(self, kind: Any, service: str, request: Any, timeout_s: float) -> Any:
        client = self._opened(kind, service)
        try:
            return client.ask(request, timeout_s) if client.wait(READY_S) else None
        finally:
            client.close()
