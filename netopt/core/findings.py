"""What is wrong with a host, as findings for a person, a monitor or a metric. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from netopt.core.plan import Plan, State, Step, persistent, persistent_name
from netopt.core.settings import Weight
from netopt.core.sysctlfile import is_ours, overriding


class Severity(Enum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong, and what to do about it."""

    code: str
    """Stable identifier, ``snake_case``."""
    severity: Severity
    subject: str
    """The setting."""
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.severity.value} {self.code} [{self.subject}]: {self.text}; {self.remedy}"


def findings_of(plan: Plan, *, interrupted: bool = False, journal: str = "") -> tuple[Finding, ...]:
    """Everything that is off, the worst first.

    Args:
        plan: The host against its profile.
        interrupted: The journal says that an `apply` never came to its end.
        journal: Why the journal cannot be read; empty where it can.
    """
    found = [
        *_journal(journal, interrupted=interrupted),
        *_steps(plan),
        *_counters(plan),
        *_harmful(plan),
        *_overridden(plan),
    ]
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _journal(problem: str, *, interrupted: bool) -> Iterator[Finding]:
    if problem:
        yield Finding(
            code="journal_unreadable",
            severity=Severity.WARNING,
            subject="journal",
            text=problem,
            remedy="run it as root; without the journal nothing can be taken back",
        )
    if interrupted:
        yield Finding(
            code="apply_interrupted",
            severity=Severity.ERROR,
            subject="journal",
            text="an apply did not come to its end; some settings may be changed, some not",
            remedy="`zenlink tune rollback`, or `zenlink tune apply` again",
        )


def _steps(plan: Plan) -> Iterator[Finding]:
    apply = f"`zenlink tune apply --profile {plan.profile.name}`"
    for step in plan.steps:
        match step.state:
            case State.CHANGE | State.BLOCKED:
                yield _off(step, f"{apply}, as root" if step.state is State.BLOCKED else apply)
            case State.HOST_ONLY if step.old:
                yield _off(step, f"{apply} on the host, outside the container")
            case State.HOST_ONLY:
                yield Finding(
                    code="setting_hidden",
                    severity=Severity.INFO,
                    subject=str(step.target),
                    text="cannot be read in this container",
                    remedy="`zenlink tune check` on the host",
                )
            case State.ON_REQUEST:
                yield Finding(
                    code="setting_off",
                    severity=Severity.INFO,
                    subject=str(step.target),
                    text=f"is {step.seen}, {step.setting.rule} would be better: {step.setting.reason}",
                    remedy=f"{apply} --interface {step.target.interface}",
                )
            case State.GOOD | State.ABSENT:
                pass


def _off(step: Step, remedy: str) -> Finding:
    essential = step.setting.weight is Weight.ESSENTIAL
    return Finding(
        code="setting_off",
        severity=Severity.ERROR if essential else Severity.WARNING,
        subject=str(step.target),
        text=f"is {step.seen or 'unknown'}, should be {step.new or step.setting.rule}: {step.setting.reason}",
        remedy=remedy,
    )


def _counters(plan: Plan) -> Iterator[Finding]:
    counters = plan.host.counters
    for count, code, text in (
        (counters.reassembly_failures, "fragments_lost", "datagrams never got all their fragments"),
        (counters.udp_buffer_errors, "udp_buffers_full", "datagrams did not fit the buffer of their socket"),
    ):
        if count:
            yield Finding(
                code=code,
                severity=Severity.WARNING,
                subject="since the start of the host",
                text=f"{count} {text}",
                remedy="apply this plan, then watch whether the number still grows (`nstat`)",
            )


def _harmful(plan: Plan) -> Iterator[Finding]:
    for advice in plan.advice:
        if advice.harmful:
            yield Finding(
                code="harmful_setting",
                severity=Severity.WARNING,
                subject=advice.subject,
                text=advice.text,
                remedy=advice.remedy,
            )


def _overridden(plan: Plan) -> Iterator[Finding]:
    """Our file is there, and another undoes it at the next start."""
    ours = [file for file in plan.host.sysctl_files if is_ours(file.path)]
    wanted = persistent(plan)
    for mine in ours:
        name = mine.path.rpartition("/")[2]
        if name == persistent_name(plan):
            continue
        for file, line in overriding(plan.host.sysctl_files, wanted, name=name):
            yield Finding(
                code="overridden_at_start",
                severity=Severity.WARNING,
                subject=line.key,
                text=f"{file.path}:{line.number} sets it to {line.value} after {name}",
                remedy=f"remove that line, or `zenlink tune apply --profile {plan.profile.name}` again",
            )
