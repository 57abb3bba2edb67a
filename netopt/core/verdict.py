"""Whether a link meets its target: yes, no, and on which figure that stands.

The target speaks of the delay one way, since that is what a command or a picture waits for. Where the
clocks leave that open, the round trip decides: it is longer, so "met" still holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from netopt.core.probeframe import MIN_FRAME_BYTES
from netopt.core.tally import OneWay, Summary
from netopt.errors import UsageError

CLASSES = {"local": 10.0, "cloud": 100.0}
"""Name to limit in ms: inside a site, and to the cloud (design, section 1)."""


class Basis(Enum):
    """Which figure a verdict stands on."""

    ONE_WAY = "one-way"
    ROUND_TRIP = "round-trip"


class Answer(Enum):
    """What came of the question, with its exit code."""

    MET = "met"
    MISSED = "missed"
    UNREACHABLE = "unreachable"

    @property
    def exit_code(self) -> int:
        """As the command line has it: 0 good, 1 no, 3 cannot run."""
        return {Answer.MET: 0, Answer.MISSED: 1, Answer.UNREACHABLE: 3}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a link should do."""

    name: str = "local"
    """``local``, ``cloud`` or ``own``."""
    limit_ms: float = CLASSES["local"]
    percentile: float = 99.0
    payload_bytes: int = MIN_FRAME_BYTES
    """Of the messages that it speaks of."""

    def __post_init__(self) -> None:
        if not 0.0 < self.limit_ms <= 60_000.0:
            raise UsageError(f"{self.limit_ms:g} ms is no target", remedy="choose above 0, at most 60000 ms")
        if not 0.0 < self.percentile <= 100.0:
            raise UsageError(f"{self.percentile:g} is no percentile", remedy="choose above 0, at most 100")

    def __str__(self) -> str:
        return f"{self.name}: p{self.percentile:g} <= {self.limit_ms:g} ms at {self.payload_bytes} B"


def target_of(name: str, *, percentile: float, payload_bytes: int) -> Target:
    """The target of a class by its name, or of a number of ms.

    Raises:
        UsageError: neither.
    """
    limit_ms = CLASSES.get(name)
    if limit_ms is not None:
        return Target(name=name, limit_ms=limit_ms, percentile=percentile, payload_bytes=payload_bytes)
    try:
        limit_ms = float(name)
    except ValueError as error:
        classes = ", ".join(f"{one} ({limit:g} ms)" for one, limit in CLASSES.items())
        raise UsageError(
            f"{name!r} is no class of targets", remedy=f"give {classes} or a number of ms"
        ) from error
    return Target(name="own", limit_ms=limit_ms, percentile=percentile, payload_bytes=payload_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer, and why."""

    answer: Answer
    basis: Basis
    value_ms: float | None
    """At the target's percentile; None: lost."""
    bound_ms: float
    """How uncertain ``value_ms`` is."""
    text: str
    """One sentence."""


def judge(summary: Summary, target: Target, basis: Basis = Basis.ONE_WAY) -> Verdict:
    """Whether ``summary`` meets ``target``.

    Args:
        summary: what was measured; its ``asked`` percentile is that of the target.
        target: what was wanted.
        basis: ``ROUND_TRIP`` asks for the longer figure, whatever the clocks allow.
    """
    if not summary.received:
        return Verdict(
            answer=Answer.UNREACHABLE,
            basis=basis,
            value_ms=None,
            bound_ms=0.0,
            text=f"none of {summary.sent} messages was answered",
        )
    why_not = ""
    if basis is Basis.ONE_WAY:
        if summary.one_way is None:
            why_not = summary.one_way_void
        else:
            verdict = _one_way(summary.one_way, target)
            if verdict is not None:
                return verdict
            bound_ms = summary.one_way.bound_ms
            why_not = f"± {bound_ms:g} ms between the clocks is too much for a verdict one way"
    value_ms = summary.latency.asked_ms
    met = value_ms is not None and value_ms <= target.limit_ms
    text = _sentence("there and back", value_ms, 0.0, target, met=met)
    return Verdict(
        answer=Answer.MET if met else Answer.MISSED,
        basis=Basis.ROUND_TRIP,
        value_ms=value_ms,
        bound_ms=0.0,
        text=f"{text} ({why_not})" if why_not else text,
    )


def _one_way(one_way: OneWay, target: Target) -> Verdict | None:
    """By the slower direction; None where the bound lets both answers be true."""
    there, back = one_way.forward.asked_ms, one_way.back.asked_ms
    value_ms = None if there is None or back is None else max(there, back)
    if value_ms is None or value_ms - one_way.bound_ms > target.limit_ms:
        met = False
    elif value_ms + one_way.bound_ms <= target.limit_ms:
        met = True
    else:
        return None
    return Verdict(
        answer=Answer.MET if met else Answer.MISSED,
        basis=Basis.ONE_WAY,
        value_ms=value_ms,
        bound_ms=one_way.bound_ms,
        text=_sentence("one way", value_ms, one_way.bound_ms, target, met=met),
    )


def _sentence(way: str, value_ms: float | None, bound_ms: float, target: Target, *, met: bool) -> str:
    wanted = f"the target {target.limit_ms:g} ms ({target.name}, {target.payload_bytes} B)"
    if value_ms is None:
        late = (
            f"more than {round(100.0 - target.percentile, 6):g} % lost"
            if target.percentile < 100
            else "some lost"
        )
        return f"missed: {late}, so p{target.percentile:g} {way} is unknown, {wanted}"
    figure = f"{value_ms:g} ms" + (f" ± {bound_ms:g} ms" if bound_ms else "")
    return f"{'met' if met else 'missed'}: p{target.percentile:g} {way} is {figure}, {wanted}"
