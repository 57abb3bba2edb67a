"""Independent lists of zenoh-bridge-ros2dds as one list of ours, in which the first rule alone decides.

Pure. There, allow or deny says whether a publisher crosses, the first matching frequency how often, the first
matching priority how urgently, each by itself. Here one rule says all, so each frequency is combined with
each priority, more special rules first.

Source: wire specification 7.1 and 7.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from bridge.config_faults import Path
from bridge.config_import_regex import ANYTHING, both, neither


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """`allow` or `deny` for one direction."""

    allows: bool
    """Whether the list is that of `allow`, which denies everything else."""
    name: str | None
    """Regular expression over the whole name; ``None`` for an empty list."""
    source: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item of `pub_max_frequencies` or `pub_priorities`."""

    name: str
    """Regular expression over the whole name."""
    sets: Mapping[str, object]
    """Keys of a rule of ours."""
    source: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRule:
    """One rule as it stands in our file."""

    source: Path
    """What it is made from."""
    direction: str
    kind: str = ""
    """``topic``, ``service`` or ``action``; empty: whatever it is."""
    name: str = ANYTHING
    sets: Mapping[str, object] = field(default_factory=dict)

    def data(self) -> dict[str, object]:
        """As YAML has it."""
        name = {} if self.name == ANYTHING else {"name": self.name}
        kind = {"kind": self.kind} if self.kind else {}
        match = {**name, "direction": self.direction, **kind}
        return {"match": match, **(self.sets or {"allow": True})}


def egress_rules(
    gate: Gate | None, frequencies: Sequence[Entry], priorities: Sequence[Entry]
) -> Iterator[MadeRule]:
    """What decides over local publishers, and remote subscribers.

    Args:
        gate: `publishers` of allow or deny.
        frequencies: First match first.
        priorities: First match first.
    """
    settings = list(_until_all(_combined(frequencies, priorities)))
    gate_rules = _gate_rules(gate, "egress", "topic", settings_follow=bool(settings))
    yield from _until_all(chain(gate_rules, settings))


def ingress_rules(gate: Gate | None) -> Iterator[MadeRule]:
    """What decides over local subscribers, and remote publishers.

    Args:
        gate: `subscribers` of allow or deny.
    """
    yield from _until_all(_gate_rules(gate, "ingress", "topic", settings_follow=False))


def call_rules(gate: Gate | None, *, kind: str, servers: bool) -> Iterator[MadeRule]:
    """What decides over services or actions; to come before those of topics, whose settings know no kind.

    Args:
        gate: of allow or deny.
        kind: ``service`` or ``action``.
        servers: whether the list is of local servers (and remote clients), or the reverse.
    """
    direction = "egress" if servers else "ingress"
    yield from _until_all(_gate_rules(gate, direction, kind, settings_follow=False))


def _gate_rules(gate: Gate | None, direction: str, kind: str, *, settings_follow: bool) -> Iterator[MadeRule]:
    """Rules that deny what the gate denies, and where no settings follow may decide over all else."""
    if gate is None:
        return

    def rule(name: str, *, allow: bool) -> MadeRule:
        return MadeRule(source=gate.source, direction=direction, kind=kind, name=name, sets={"allow": allow})

    if gate.name is None:
        if gate.allows:
            yield rule(ANYTHING, allow=False)
    elif not gate.allows:
        yield rule(gate.name, allow=False)
    elif gate.name == ANYTHING:
        return
    elif settings_follow:
        yield rule(neither(gate.name), allow=False)
    else:
        yield rule(gate.name, allow=True)
        yield rule(ANYTHING, allow=False)


def _combined(frequencies: Sequence[Entry], priorities: Sequence[Entry]) -> Iterator[MadeRule]:
    """Frequencies in their order; of each, first what has a priority as well, in the order of those."""
    for frequency in frequencies:
        for priority in priorities:
            name = both(frequency.name, priority.name)
            if name is None:
                continue
            yield _setting(name, {**frequency.sets, **priority.sets}, frequency.source)
            if name == frequency.name:
                break  # all of this frequency has a priority: what follows is never reached
        else:
            yield _setting(frequency.name, frequency.sets, frequency.source)
    for priority in priorities:
        yield _setting(priority.name, priority.sets, priority.source)


def _setting(name: str, sets: Mapping[str, object], source: Path) -> MadeRule:
    return MadeRule(source=source, direction="egress", name=name, sets=sets)


def _until_all(rules: Iterable[MadeRule]) -> Iterator[MadeRule]:
    """Without what is never reached: a name seen before, and all behind a rule that matches everything."""
    seen: set[str] = set()
    for rule in rules:
        if rule.name not in seen:
            yield rule
        if rule.name == ANYTHING:
            return
        seen.add(rule.name)
