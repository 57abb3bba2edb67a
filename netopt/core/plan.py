"""The difference between a host and a profile, as ordered steps that can be undone.

``make_plan`` is the whole decision; what it returns is shown, applied and judged by others. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from netopt.core.advice import RECIPE_KEYS, advice_of
from netopt.core.catalog import known_sysctls, settings_of
from netopt.core.evidence import EVIDENT_KEYS, evident_settings
from netopt.core.observed import Access, Host, Reading
from netopt.core.profile import Profile
from netopt.core.settings import Advice, Kind, Prefer, Scope, Setting, Target, sysctl, words_of
from netopt.core.sizing import Demand
from netopt.core.sysctlfile import DEFAULT_NAME, assignments, file_name, is_ours


class State(Enum):
    """What a plan says about one setting."""

    GOOD = "good"
    """As wanted, or better."""
    CHANGE = "change"
    BLOCKED = "blocked"
    """It should change, but may not be changed from here."""
    HOST_ONLY = "host_only"
    """It belongs to the host, and this is a container."""
    ABSENT = "absent"
    """This kernel does not have it, or not what it needs."""
    ON_REQUEST = "on_request"
    """It would change if its interface was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One setting, as it is and as it should be."""

    setting: Setting
    state: State
    old: str = ""
    """Exactly as the kernel shows it; empty where it is unknown."""
    new: str = ""
    """The words that it should have; the same as before where nothing changes, empty where unknown."""
    note: str = ""
    """Why it is blocked or absent."""

    @property
    def target(self) -> Target:
        """What is read and written."""
        return self.setting.target

    @property
    def seen(self) -> str:
        """The value as one line."""
        return " ".join(words_of(self.old))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All steps in the order in which they are applied."""

    profile: Profile
    demand: Demand
    host: Host
    steps: tuple[Step, ...]
    advice: tuple[Advice, ...]

    def having(self, *states: State) -> tuple[Step, ...]:
        """The steps of one of these states."""
        return tuple(step for step in self.steps if step.state in states)

    def compliance(self) -> Mapping[str, bool]:
        """By setting, whether it is as wanted; without those that cannot be known here. For metrics."""
        return {
            str(step.target): step.state is State.GOOD
            for step in self.steps
            if step.state is not State.ABSENT and (step.old or step.state is State.GOOD)
        }


def make_plan(host: Host, profile: Profile, demand: Demand, *, interfaces: Collection[str] = ()) -> Plan:
    """What has to change on a host.

    Args:
        host: As it was read.
        profile: What it does.
        demand: What it has to carry.
        interfaces: Those that a person named, see ``evident_settings``.
    """
    settings = (
        *settings_of(profile, demand),
        *evident_settings(host, profile, demand, interfaces=interfaces),
    )
    return Plan(
        profile=profile,
        demand=demand,
        host=host,
        steps=tuple(_step(host, setting) for setting in settings),
        advice=advice_of(host, profile, demand),
    )


def _step(host: Host, setting: Setting) -> Step:
    reading = host.reading(setting.target)
    if reading.access is Access.ABSENT:
        return _absent(host, setting)
    if reading.access is Access.DENIED:
        return Step(setting=setting, state=State.BLOCKED, note=reading.problem)
    words = words_of(reading.text)
    try:
        wanted = setting.rule.apply(words)
    except ValueError:
        note = f"has {reading.text.strip()!r}, which this version does not understand"
        return Step(setting=setting, state=State.ABSENT, old=reading.text, note=note)
    if wanted == words:
        return Step(setting=setting, state=State.GOOD, old=reading.text, new=" ".join(words))
    state, note = _possible(host, setting, reading)
    return Step(setting=setting, state=state, old=reading.text, new=" ".join(wanted), note=note)


def _absent(host: Host, setting: Setting) -> Step:
    if setting.scope is Scope.HOST and not host.initial_namespace:
        note = "hidden in this network namespace; it belongs to the host"
        return Step(setting=setting, state=State.HOST_ONLY, new=" ".join(setting.rule.words), note=note)
    if host.kernel < setting.since:
        note = f"needs Linux {setting.since[0]}.{setting.since[1]} or later"
    else:
        note = "this kernel does not have it"
    return Step(setting=setting, state=State.ABSENT, note=note)


def _possible(host: Host, setting: Setting, reading: Reading) -> tuple[State, str]:
    """Whether something that should change can be changed, and if not, why."""
    offered = {
        "net.ipv4.tcp_congestion_control": host.congestion_controls,
        "net.core.default_qdisc": host.queues,
    }.get(setting.target.name, frozenset())
    rule = setting.rule
    if isinstance(rule, Prefer) and rule.word not in offered:
        return State.ABSENT, f"this kernel does not show that it has {rule.word}"
    if setting.on_request:
        return State.ON_REQUEST, f"name it: --interface {setting.target.interface}"
    if reading.access is Access.READ_ONLY:
        if setting.scope is Scope.HOST and not host.initial_namespace:
            return State.HOST_ONLY, "read-only in this network namespace; it belongs to the host"
        return State.BLOCKED, reading.problem
    return State.CHANGE, ""


def persistent(plan: Plan) -> Mapping[str, str]:
    """The sysctls for our file: those that change, and those in it that the profile still wants."""
    known = {line.key for file in plan.host.sysctl_files if is_ours(file.path) for line in assignments(file)}
    return {
        step.target.name: step.new
        for step in plan.steps
        if step.target.kind is Kind.SYSCTL
        and step.new
        and (
            step.state in (State.CHANGE, State.BLOCKED)
            or (step.state is State.GOOD and step.target.name in known)
        )
    }


def persistent_name(plan: Plan) -> str:
    """Base name of our file, after whoever would undo it at the next start."""
    wanted = persistent(plan)
    return file_name(plan.host.sysctl_files, wanted) if wanted else DEFAULT_NAME


def observed_targets() -> tuple[Target, ...]:
    """What has to be read of a host to make any plan."""
    keys = (*known_sysctls(), *EVIDENT_KEYS, *RECIPE_KEYS)
    return tuple(sysctl(key) for key in dict.fromkeys(keys))
