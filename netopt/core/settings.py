"""What can be set on a host, and what would be good enough: the values that a plan is made of.

A :class:`Rule` never asks for less than what is already there: it is given the words that a setting has
and answers with the words it should have, element by element. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What sort of thing a setting is, and so which part of the kernel reads and writes it."""

    SYSCTL = "sysctl"
    """A file below /proc/sys; its text is one or more words."""
    LINK = "link"
    """An attribute of a network interface: ``multicast`` (on, off), ``txqueuelen`` (packets)."""
    RING = "ring"
    """Descriptors of a network card: ``rx``, ``tx``."""
    FEATURE = "feature"
    """An offload of a network card, by its ethtool name: on, off."""
    FILE = "file"
    """A whole file, by its path."""


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One thing that can be read and written; ``str()`` names it to people."""

    kind: Kind
    name: str
    """Sysctl key with dots, attribute of the interface, or path of the file."""
    interface: str = ""

    def __str__(self) -> str:
        match self.kind:
            case Kind.SYSCTL | Kind.FILE:
                return self.name
            case Kind.LINK:
                return f"{self.interface} {self.name}"
            case Kind.RING | Kind.FEATURE:
                return f"{self.interface} {self.kind.value} {self.name}"


def sysctl(key: str) -> Target:
    """The target of a sysctl."""
    return Target(Kind.SYSCTL, key)


class Scope(Enum):
    """Where a setting lives, and so who can change it."""

    NAMESPACE = "namespace"
    """Each network namespace has its own: a container can set it for itself."""
    HOST = "host"
    """One for all: only the host can set it; inside a container it is read-only or hidden."""


Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Each number no smaller than its bound; a ``None`` is left as it is."""

    bounds: tuple[int | None, ...]

    def apply(self, words: Words) -> Words:
        """The words that it should have."""
        return tuple(
            word if bound is None or int(word) >= bound else str(bound)
            for word, bound in zip(words, self.bounds, strict=True)
        )

    @property
    def words(self) -> Words:
        """What to ask for where the present value is hidden; ``None`` bounds are left out."""
        return tuple(str(bound) for bound in self.bounds if bound is not None)

    def __str__(self) -> str:
        return f"at least {' '.join('*' if bound is None else str(bound) for bound in self.bounds)}"


@dataclass(frozen=True, slots=True)
class AtMost:
    """A number between the least that makes sense and a bound."""

    bound: int
    least: int = 1

    def apply(self, words: Words) -> Words:
        """The words that it should have."""
        (word,) = words
        return words if self.least <= int(word) <= self.bound else (str(self.bound),)

    @property
    def words(self) -> Words:
        """What to ask for where the present value is hidden."""
        return (str(self.bound),)

    def __str__(self) -> str:
        return f"at most {self.bound}"


@dataclass(frozen=True, slots=True)
class Exactly:
    """One word."""

    word: str

    def apply(self, words: Words) -> Words:
        """The words that it should have."""
        return (self.word,)

    @property
    def words(self) -> Words:
        """What to ask for where the present value is hidden."""
        return (self.word,)

    def __str__(self) -> str:
        return self.word


@dataclass(frozen=True, slots=True)
class Prefer:
    """A word, unless another good one is there."""

    word: str
    good: frozenset[str] = frozenset()

    def apply(self, words: Words) -> Words:
        """The words that it should have."""
        return words if len(words) == 1 and words[0] in self.good else (self.word,)

    @property
    def words(self) -> Words:
        """What to ask for where the present value is hidden."""
        return (self.word,)

    def __str__(self) -> str:
        others = sorted(self.good - {self.word})
        return f"{self.word} (or {', '.join(others)})" if others else self.word


Rule = AtLeast | AtMost | Exactly | Prefer


class Weight(Enum):
    """What it means when a setting is off."""

    ESSENTIAL = "essential"
    """Messages are lost or late: `check` says no."""
    USEFUL = "useful"
    """It works, but slower or less steadily than it could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One wanted setting, with all that a person needs to agree to it."""

    target: Target
    rule: Rule
    scope: Scope
    weight: Weight
    reason: str
    """Why it helps."""
    formula: str
    """Where the number is from, with the figures put in."""
    effect: str
    """What will be different."""
    cost: str
    source: str
    since: tuple[int, int] = (0, 0)
    """First Linux version that has it; (0, 0): all that we run on."""
    on_request: bool = False
    """Changed only where the interface was named; else it is a piece of advice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something that is not set here: not a kernel setting, without effect, or not ours to change."""

    subject: str
    text: str
    """What is the case."""
    remedy: str
    """What to do instead; may span lines."""
    source: str
    harmful: bool = False
    """What was found on this host makes things worse."""


def words_of(text: str) -> Words:
    """The words of what the kernel shows, which separates them by tabs."""
    return tuple(text.split())
