"""When a request may be asked again, and why one came to nothing."""

from __future__ import annotations

import pytest

from bridge.core.routespec import DropCause
from bridge.routes.asked import Asked
from bridge.serviceports import REFUSED

ONE, OTHER = "a1", "b2"


def asked(*, of: frozenset[str] = frozenset({ONE}), safe: bool = True) -> Asked:
    return Asked(payload=b"", asked_s=10.0, asked_of=of, safe=safe)


@pytest.mark.parametrize(
    ("entry", "offering", "agents", "repeatable"),
    [
        (asked(), {ONE}, {ONE, OTHER}, True),
        (asked(), set(), {ONE}, False),
        (asked(), {OTHER}, {ONE, OTHER}, False),
        (asked(), {ONE, OTHER}, {ONE, OTHER}, False),
        (asked(), {ONE}, {OTHER}, False),
        (asked(safe=False), {ONE}, {ONE}, False),
    ],
)
def test_only_those_who_know_a_request_again_are_asked_again(
    entry: Asked, offering: set[str], agents: set[str], repeatable: bool
) -> None:
    assert entry.repeatable(frozenset(offering), frozenset(agents)) is repeatable


@pytest.mark.parametrize(
    ("why", "now_s", "cause"),
    [
        (f"{REFUSED}: too long", 15.0, DropCause.REFUSED),
        ("", 14.6, DropCause.TIMEOUT),
        ("", 14.4, DropCause.NO_SERVER),
    ],
)
def test_silence_for_most_of_the_time_is_a_time_out(why: str, now_s: float, cause: DropCause) -> None:
    assert asked().cause(why, now_s, timeout_s=5.0) is cause
