"""How one check of the doctor ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Grade(Enum):
    """How a check ended."""

    GOOD = "good"
    WARNING = "warning"
    """Works, but worse than it could; or nobody can tell."""
    FAULT = "fault"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the report."""

    hop: str
    grade: Grade
    seen: str
    wanted: str = ""
    remedy: str = ""
    """Empty where nothing is to be done."""


def good(hop: str, seen: str) -> Check:
    """All is well."""
    return Check(hop=hop, grade=Grade.GOOD, seen=seen)


def skipped(hop: str, seen: str) -> Check:
    """Nothing was looked at; ``seen`` says why."""
    return Check(hop=hop, grade=Grade.SKIPPED, seen=seen)


def bad(hop: str, seen: str, *, wanted: str, remedy: str, grade: Grade = Grade.FAULT) -> Check:
    """Something is to be done."""
    return Check(hop=hop, grade=grade, seen=seen, wanted=wanted, remedy=remedy)
