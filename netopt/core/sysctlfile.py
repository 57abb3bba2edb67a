"""Files that set sysctls at start: read those that are there, write ours, and choose its place among them.

systemd sorts the files of all folders by their base name, and the last assignment wins (sysctl.d(5)). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from netopt.core.observed import SysctlFile

DEFAULT_NAME = "60-zenlink.conf"
"""60 to 90 is the range of /etc in sysctl.d(5)."""
_OURS = re.compile(r".*zenlink\.conf")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line that sets something."""

    number: int
    """Line in its file, from 1."""
    key: str
    """With dots; may hold wildcards."""
    value: str

    def covers(self, key: str) -> bool:
        """Whether it sets that key."""
        return fnmatchcase(key, self.key)


def assignments(file: SysctlFile) -> Iterator[Assignment]:
    """Every line that sets something, in order."""
    for number, line in enumerate(file.text.splitlines(), start=1):
        name, equals, value = line.strip().partition("=")
        key = name.strip().removeprefix("-")
        if not equals or key.startswith(("#", ";")):
            continue
        yield Assignment(number, _dotted(key), value.strip())


def _dotted(key: str) -> str:
    """``net/ipv4/conf/eth0.1/x`` and ``net.ipv4.conf.eth0/1.x`` are the same (sysctl.d(5))."""
    first = re.search(r"[./]", key)
    if first is None or first[0] == ".":
        return key
    return key.translate(str.maketrans("./", "/."))


def base_name(path: str) -> str:
    """What stands behind the last slash."""
    return path.rpartition("/")[2]


def is_ours(path: str) -> bool:
    """Whether a file is one that we write."""
    return _OURS.fullmatch(base_name(path)) is not None


def overriding(
    files: Sequence[SysctlFile], wanted: Mapping[str, str], *, name: str = DEFAULT_NAME
) -> tuple[tuple[SysctlFile, Assignment], ...]:
    """Lines of others that are applied after a file of that name and set one of `wanted` to something else.

    Args:
        files: As they are applied at start.
        wanted: Value by key.
        name: Base name of our file.
    """
    return tuple(
        (file, line)
        for file in files
        if not is_ours(file.path) and base_name(file.path) > name
        for line in assignments(file)
        for key, value in wanted.items()
        if line.covers(key) and line.value.split() != value.split()
    )


def file_name(files: Sequence[SysctlFile], wanted: Mapping[str, str]) -> str:
    """The base name for our file: the usual one, or one after whoever sets the same differently."""
    after = [base_name(file.path) for file, _ in overriding(files, wanted)]
    if not after:
        return DEFAULT_NAME
    last = max(after)
    name = "99-zenlink.conf"
    return name if name > last else f"{last.removesuffix('.conf')}.zenlink.conf"


def render(wanted: Mapping[str, str], reasons: Mapping[str, str], *, title: str) -> str:
    """The text of our file.

    Args:
        wanted: Value by key, in the order in which they are written.
        reasons: One line by key.
        title: What made it, e.g. ``profile robot``.
    """
    lines = [
        f"# Written by `zenlink tune apply` ({title}); `zenlink tune rollback` removes it.",
        "# Applied at start by systemd-sysctl; what is set here was lower or absent before.",
    ]
    for key, value in wanted.items():
        if key in reasons:
            lines.append(f"# {reasons[key]}")
        lines.append(f"{key} = {' '.join(value.split())}")
    return "\n".join(lines) + "\n"
