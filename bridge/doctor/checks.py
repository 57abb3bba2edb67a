"""The judgement: facts in, one verdict a hop out, in the order a message takes. Pure."""

from __future__ import annotations

from bridge.doctor import domainhops, hosthops, linkhops
from bridge.doctor.check import Check
from bridge.doctor.facts import Facts

_HOPS = (
    hosthops.permission,
    hosthops.kernel,
    hosthops.container,
    hosthops.interfaces,
    domainhops.domain,
    domainhops.participants,
    domainhops.bridges,
    domainhops.rmw,
    domainhops.packages,
    linkhops.neighbours,
    linkhops.certificates,
    linkhops.clock,
    linkhops.agent,
)


def judge(facts: Facts) -> tuple[Check, ...]:
    """Every hop, in order; a hop with several faults has a check for each."""
    return tuple(check for hop in _HOPS for check in hop(facts))
