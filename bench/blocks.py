"""The arithmetic of the bench: turns of arms in blocks A B B A, and what their ratios say.

A machine is never still: it warms up, and others use it. Within a block the outer arms take two turns, one
as early as the other is late, and those in the middle take one: a drift meets all of them alike. A ratio
is taken within a block, and the blocks tell how far it spreads. Pure.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Figures = dict[str, float]
SHARES = {"p50": 0.5, "p99": 0.99}
TAIL, _TAIL_SHARE = "p99.9", 0.999
TAIL_SAMPLES = 1000
"""Of fewer samples the slowest one of a thousand is only the slowest."""


@dataclass(slots=True)
class Turn:
    """What one turn of one arm gave."""

    arm: str
    figures: Figures = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=dict)
    """Figure → its samples; pooled over the turns of a block, since percentiles need many."""
    counts: dict[str, int] = field(default_factory=dict)
    """What must not happen (losses, doubles), summed over all turns."""

    def count(self, what: str, more: int) -> None:
        """So many more; 0 says that it was looked for."""
        self.counts[what] = self.counts.get(what, 0) + more


Block = Sequence[Turn]


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure of one arm to that of another: the median of the blocks, and their extremes."""

    median: float
    low: float
    high: float
    blocks: int

    def beyond(self, limit: float) -> bool:
        """Whether the blocks are agreed on which side of the limit it is."""
        return self.low > limit or self.high < limit


def order(outer: Sequence[str], middle: Sequence[str] = ()) -> tuple[str, ...]:
    """The turns of a block: A B B A, with what needs less care in between."""
    return (*outer, *middle, *reversed(outer))


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least that share of them do not exceed (nearest rank)."""
    ranked = sorted(values)
    if not ranked:
        return math.inf
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def of_block(block: Block) -> dict[str, Figures]:
    """Per arm: medians of its turns, and percentiles of their samples together."""
    return {name: _together([turn for turn in block if turn.arm == name]) for name in names([block])}


def _together(turns: Sequence[Turn]) -> Figures:
    found: Figures = {}
    for key in dict.fromkeys(key for turn in turns for key in turn.samples):
        pooled = [value for turn in turns for value in turn.samples.get(key, ())]
        for word, share in SHARES.items():
            found[with_share(key, word)] = percentile(pooled, share)
    for key in dict.fromkeys(key for turn in turns for key in turn.figures):
        found[key] = statistics.median(turn.figures[key] for turn in turns if key in turn.figures)
    return found


def _tails(turns: Sequence[Turn]) -> Figures:
    """p99.9 of all samples of an arm, where they are enough; those of one block are not."""
    found: Figures = {}
    for key in dict.fromkeys(key for turn in turns for key in turn.samples):
        pooled = [value for turn in turns for value in turn.samples.get(key, ())]
        if len(pooled) >= TAIL_SAMPLES:
            found[with_share(key, TAIL)] = percentile(pooled, _TAIL_SHARE)
    return found


def with_share(key: str, word: str) -> str:
    """``RTT 64 B, ms`` → ``RTT 64 B p50, ms``."""
    name, _, unit = key.rpartition(", ")
    return f"{name} {word}, {unit}"


def names(blocks: Sequence[Block]) -> list[str]:
    """The arms, in the order of their first turns."""
    return list(dict.fromkeys(turn.arm for block in blocks for turn in block))


def medians(blocks: Sequence[Block]) -> dict[str, Figures]:
    """Per arm and figure the median of the blocks; counts are sums, and tails those, of all turns."""
    made = [of_block(block) for block in blocks]
    found: dict[str, Figures] = {}
    for name in names(blocks):
        own = [one[name] for one in made if name in one]
        keys = dict.fromkeys(key for one in own for key in one)
        found[name] = {key: statistics.median(one[key] for one in own if key in one) for key in keys}
        turns = [turn for block in blocks for turn in block if turn.arm == name]
        found[name] |= _tails(turns)
        for key in dict.fromkeys(key for turn in turns for key in turn.counts):
            found[name][key] = sum(turn.counts.get(key, 0) for turn in turns)
    return found


def paired(blocks: Sequence[Block], ours: str, theirs: str) -> dict[str, Ratio]:
    """Our figures to theirs, block by block; endless where theirs is 0 and ours is not."""
    found: dict[str, list[float]] = {}
    for block in blocks:
        made = of_block(block)
        _divide(made.get(ours, {}), made.get(theirs, {}), found)
    return {key: _ratio(values) for key, values in found.items()}


def null(blocks: Sequence[Block]) -> dict[str, Ratio]:
    """Of blocks with one arm alone, A A A A: the outer turns to the inner ones.

    Whatever they differ by, the machine did.
    """
    found: dict[str, list[float]] = {}
    for block in blocks:
        quarter = len(block) // 4
        outer = [*block[:quarter], *block[len(block) - quarter :]]
        _divide(_together(outer), _together(block[quarter : len(block) - quarter]), found)
    return {key: _ratio(values) for key, values in found.items()}


def _divide(ours: Mapping[str, float], theirs: Mapping[str, float], into: dict[str, list[float]]) -> None:
    for key, value in ours.items():
        other = theirs.get(key)
        if other is None or math.isinf(other):
            continue
        into.setdefault(key, []).append(value / other if other else math.inf if value else 1.0)


def _ratio(values: Sequence[float]) -> Ratio:
    return Ratio(statistics.median(values), min(values), max(values), len(values))
