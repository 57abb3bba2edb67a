"""Every error that netopt raises on purpose, drawn as one tree.

NetoptError
├── CannotMeasure   the link cannot be measured from here: nobody answers, a port is refused       (exit 3)
├── CannotTune      the host cannot be read or changed from here: permission, read-only, absent    (exit 3)
├── UsageError      a value that a caller gave makes no sense                                      (exit 2)
└── FrameError      bytes from a peer are no probe frame; the adapter counts and drops them
"""

from __future__ import annotations


class NetoptError(Exception):
    """Base of everything that netopt raises on purpose.

    Args:
        problem: what is wrong, and where.
        remedy: what to do about it.
    """

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}" if self.remedy else self.problem


class CannotMeasure(NetoptError):
    """The link cannot be measured from here."""


class CannotTune(NetoptError):
    """The host cannot be read or changed from here."""


class UsageError(NetoptError):
    """A value that a caller gave makes no sense."""


class FrameError(NetoptError):
    """A peer sent something that is no probe frame; never a reason to stop."""
