"""Every error the bridge raises on purpose, drawn as one tree.

BridgeError
├── ConfigError     the configuration is wrong: file, line, key, problem, remedy      (exit 2)
├── CannotRun       right configuration, wrong place: port taken, no permission       (exit 3)
│   └── AgentSilent an agent is there, but nothing can be asked of it
├── InvalidName     a ROS name, type name, namespace or key expression is malformed
├── WireError       bytes or keys from a peer are malformed; the adapter counts and drops them
├── UsageError      our own code called something it must not
├── DdsError        Cyclone DDS refused; raised ``from`` its exception
└── ZenohError      Zenoh refused; raised ``from`` its exception
"""

from __future__ import annotations


class BridgeError(Exception):
    """Base of everything the bridge raises on purpose."""


class ConfigError(BridgeError):
    """One fault in the configuration, as one line a person can act on."""

    def __init__(self, problem: str, *, remedy: str, file: str = "", line: int = 0, key: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.file = file
        self.line = line
        self.key = key

    def __str__(self) -> str:
        """``FILE:LINE: KEY: PROBLEM; REMEDY``, without the parts that are unknown."""
        where = f"{self.file}:{self.line}" if self.file and self.line else self.file
        head = ": ".join(part for part in (where, self.key) if part)
        return f"{head + ': ' if head else ''}{self.problem}; {self.remedy}"


class CannotRun(BridgeError):
    """The agent cannot run on this host as it is; says what to change."""

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"


class AgentSilent(CannotRun):
    """An agent runs, and this process gets no answer of it: it hangs, or belongs to somebody else."""


class InvalidName(BridgeError):
    """A ROS name, type name, namespace or key expression that breaks its grammar."""


class WireError(BridgeError):
    """A peer sent something malformed; never a reason to stop."""

    def __init__(self, codec: str, *, offset: int, expected: str, found: str) -> None:
        super().__init__(codec, offset, expected, found)
        self.codec = codec
        self.offset = offset
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return f"{self.codec}: at offset {self.offset} expected {self.expected}, found {self.found}"


class UsageError(BridgeError):
    """A caller inside the project broke a contract."""


class DdsError(BridgeError):
    """Cyclone DDS refused an operation."""


class ZenohError(BridgeError):
    """Zenoh refused an operation."""
