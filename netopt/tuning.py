"""Takes a plan to the host and back: journal, write, read back, undo.

Knows ports, not the kernel. The order makes it safe to be killed at any point: the old values are on the
disk before the first write, and whatever holds one of our values can be told from what others set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from netopt.core.observed import Access
from netopt.core.plan import Plan, State, Step, persistent, persistent_name
from netopt.core.records import Entry, Journal, extended
from netopt.core.settings import Kind, Target, words_of
from netopt.core.sysctlfile import is_ours, render
from netopt.errors import CannotTune
from netopt.tuneports import JournalStore, Knobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One write: what was there, what comes."""

    target: Target
    old: str | None
    """Exactly as read; ``None``: no such file."""
    new: str | None
    """``None``: the file goes."""

    @property
    def is_none(self) -> bool:
        """Nothing would be different."""
        return same(self.target, self.old, self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What a rollback did."""

    restored: tuple[Change, ...]
    already: tuple[Target, ...]
    """Held their old value before."""
    foreign: tuple[Change, ...]
    """Somebody else changed them since; ``new`` is what they have now. Left as they are."""


def same(target: Target, one: str | None, other: str | None) -> bool:
    """Whether two texts of a setting mean the same; the kernel shows spaces as tabs."""
    if one is None or other is None or target.kind is Kind.FILE:
        return one == other
    return words_of(one) == words_of(other)


class Tuner:
    """Applies plans to one network namespace and undoes them.

    Args:
        knobs: What can be set.
        store: Where the old values are kept.
        now: The time as text, for people.
        sysctl_folder: Folder of the file that keeps the sysctls over a restart; empty: no such file.
    """

    def __init__(
        self, *, knobs: Knobs, store: JournalStore, now: Callable[[], str], sysctl_folder: str
    ) -> None:
        self._knobs = knobs
        self._store = store
        self._now = now
        self._sysctl_folder = sysctl_folder

    def changes(self, plan: Plan) -> tuple[Change, ...]:
        """What `apply` would write now, in its order; empty: the host is as the plan wants it."""
        return tuple(change for change in self._all_changes(plan) if not change.is_none)

    def obstacles(self, plan: Plan) -> tuple[str, ...]:
        """Everything that keeps `apply` from running, each as ``WHAT: WHY``; nothing is changed."""
        found = [f"{step.target}: {step.note}" for step in plan.having(State.BLOCKED)]
        changes = self.changes(plan)
        for change in changes:
            reading = self._knobs.read(change.target)
            if reading.problem:
                found.append(f"{change.target}: {reading.problem}")
        journal = self._store.obstacle() if changes or found else ""
        return (*found, *([journal] if journal else []))

    def interrupted(self) -> bool:
        """Whether an `apply` never came to its end."""
        journal = self._store.load()
        return journal is not None and not journal.complete

    def apply(self, plan: Plan) -> tuple[Change, ...]:
        """Write what the plan wants, and verify it.

        Returns:
            What was changed.

        Raises:
            CannotTune: Something cannot be written; nothing is changed then, or all of it is undone.
        """
        obstacles = self.obstacles(plan)
        if obstacles:
            raise CannotTune(
                f"cannot apply the plan, and nothing was changed: {'; '.join(obstacles)}",
                remedy="run it as root on the host, or take `zenlink tune plan --print sysctl` there",
            )
        if not self.changes(plan):
            return ()
        with self._store.locked():
            return self._apply(plan, self.changes(plan))

    def _apply(self, plan: Plan, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        before = self._store.load()
        journal = Journal(
            place=self._store.place,
            host=f"Linux {plan.host.kernel[0]}.{plan.host.kernel[1]}, profile {plan.profile.name}",
            written=self._now(),
            complete=False,
            entries=extended(
                before.entries if before else (), ((one.target, one.old, one.new) for one in changes)
            ),
        )
        self._store.save(journal)
        written: list[Change] = []
        try:
            for change in changes:
                written.append(change)  # first: a refused write may have changed a part
                self._write(change)
        except KeyboardInterrupt:
            self._take_back(written, before)
            raise
        except CannotTune as error:
            self._take_back(written, before)
            raise CannotTune(f"{error.problem}; everything is as before", remedy=error.remedy) from error
        self._store.save(replace(journal, complete=True))
        return changes

    def _write(self, change: Change) -> None:
        """Write one setting and read it back, element by element."""
        self._knobs.write(change.target, change.new)
        reading = self._knobs.read(change.target)
        found = None if reading.access is Access.ABSENT else reading.text
        if not same(change.target, found, change.new):
            raise CannotTune(
                f"{change.target} shows {one_line(found)} after {one_line(change.new)} was written",
                remedy="report it with the kernel's version; leave the setting out meanwhile",
            )

    def _take_back(self, written: Sequence[Change], before: Journal | None) -> None:
        for change in reversed(written):
            self._knobs.write(change.target, change.old)
        if before is None:
            self._store.retire()
        else:
            self._store.save(before)

    def rollback(self, *, force: bool = False) -> Undone | None:
        """Bring back what was there before the first change.

        Args:
            force: Also over what somebody else set since.

        Returns:
            What was done; ``None``: there is nothing to undo.

        Raises:
            CannotTune: No permission, or a write was refused; the journal stays, so it can run again.
        """
        if self._store.load() is None:
            return None
        with self._store.locked():
            journal = self._store.load()
            return None if journal is None else self._rollback(journal, force=force)

    def _rollback(self, journal: Journal, *, force: bool) -> Undone:
        restored: list[Change] = []
        already: list[Target] = []
        foreign: list[Change] = []
        kept: list[Entry] = []
        for entry in reversed(journal.entries):
            reading = self._knobs.read(entry.target)
            now = None if reading.access is Access.ABSENT else reading.text
            if entry.holds_old(now):
                already.append(entry.target)
                if entry.target.kind is Kind.FILE:
                    self._knobs.write(entry.target, entry.old)  # clears what a killed write left beside it
            elif reading.access is Access.ABSENT and entry.target.kind is not Kind.FILE:
                already.append(entry.target)  # the interface or the module has gone, and its setting with it
            elif not (force or entry.is_ours(now)):
                foreign.append(Change(target=entry.target, old=entry.old, new=now))
                kept.append(entry)
            else:
                if reading.problem:
                    raise CannotTune(
                        f"cannot restore {entry.target}: {reading.problem}", remedy="run it again as root"
                    )
                change = Change(target=entry.target, old=now, new=entry.old)
                self._write(change)
                restored.append(change)
        if kept:
            self._store.save(replace(journal, entries=tuple(reversed(kept)), complete=True))
        else:
            self._store.retire()
        return Undone(restored=tuple(restored), already=tuple(already), foreign=tuple(foreign))

    def _all_changes(self, plan: Plan) -> Iterator[Change]:
        for step in plan.having(State.CHANGE):
            yield self._change(step)
        if self._sysctl_folder:
            yield from self._files(plan)

    def _change(self, step: Step) -> Change:
        """From what is there now: another hand may have raised it since the plan was made."""
        text = self._knobs.read(step.target).text
        try:
            new = " ".join(step.setting.rule.apply(words_of(text)))
        except ValueError:
            new = step.new
        return Change(target=step.target, old=text, new=f"{new}\n")

    def _files(self, plan: Plan) -> Iterator[Change]:
        """Our file, and an older one of ours under another name."""
        wanted = persistent(plan)
        path = f"{self._sysctl_folder}/{persistent_name(plan)}"
        for file in plan.host.sysctl_files:
            if is_ours(file.path) and file.path.startswith(f"{self._sysctl_folder}/") and file.path != path:
                yield self._file(file.path, None)
        if wanted:
            reasons = {step.target.name: step.setting.reason for step in plan.steps}
            yield self._file(path, render(wanted, reasons, title=f"profile {plan.profile.name}"))

    def _file(self, path: str, new: str | None) -> Change:
        target = Target(Kind.FILE, path)
        reading = self._knobs.read(target)
        return Change(target=target, old=None if reading.access is Access.ABSENT else reading.text, new=new)


def one_line(text: str | None) -> str:
    """A value for a person."""
    return "nothing" if text is None else repr(" ".join(words_of(text)))
