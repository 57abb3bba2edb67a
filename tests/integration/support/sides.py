"""Two domains with a linked agent in each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.integration.support.agents import Agent, agent
from tests.integration.support.domains import domains


@contextlib.contextmanager
def two_sides(*, rules: tuple[dict[str, Any], ...] = (), **settings: Any) -> Iterator[tuple[Agent, Agent]]:
    """The agents; settings by section of the configuration file, the same for both."""
    with (
        domains(2) as (one, two),
        agent(domain=one, settings=settings, rules=rules) as left,
        agent(domain=two, connect=[left], settings=settings, rules=rules) as right,
    ):
        yield left, right
