"""What is between this host and the others: neighbours, certificates, clocks, the agent's view. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.core.status import Finding, Severity
from bridge.doctor.check import Check, Grade, bad, good, skipped
from bridge.doctor.facts import Facts

SKEW_S = 0.5
"""Beyond, a Zenoh router stamps samples anew, and their source times are lost."""


def neighbours(facts: Facts) -> Iterator[Check]:
    """Whether those answer whom Zenoh is to connect to."""
    if not facts.neighbours:
        yield skipped("zenoh", "zenoh.connect names nobody")
    for one in facts.neighbours:
        seen = f"{one.endpoint}: {one.seen}"
        if one.good:
            yield good("zenoh", seen)
        else:
            yield bad("zenoh", seen, wanted="a link", remedy=one.remedy)


def certificates(facts: Facts) -> Iterator[Check]:
    """What is wrong with the certificates."""
    for finding in facts.certificates:
        yield _of(finding, "certificates")
    if not facts.certificates:
        yield good("certificates", "nothing wrong with what the configuration names")


def clock(facts: Facts) -> Iterator[Check]:
    """Whether clocks agree, as far as anybody can tell."""
    hop, remedy = "clock", "run chrony, systemd-timesyncd or PTP on both hosts"
    skewed = [one for one in facts.clocks if abs(one.offset_s) - one.bound_s > SKEW_S]
    for one in skewed:
        side = "ahead of" if one.offset_s > 0 else "behind"
        seen = f"that of {one.target} is {abs(one.offset_s):.1f} s {side} ours"
        yield bad(hop, seen, wanted=f"at most {SKEW_S} s between hosts", remedy=remedy)
    if skewed:
        return
    if facts.clock_synchronised is None:
        yield skipped(hop, "the kernel does not tell")
    elif facts.clock_synchronised:
        yield good(hop, "synchronised")
    else:
        yield bad(
            hop,
            "the kernel says that nobody synchronises it",
            wanted="that somebody does: latencies between hosts need it",
            remedy=f"{remedy}; in a virtual machine its host may do it unseen",
            grade=Grade.WARNING,
        )


def agent(facts: Facts) -> Iterator[Check]:
    """What the running agent finds wrong itself."""
    if facts.agent_state:
        yield good("agent", f"one runs and is {facts.agent_state}")
    elif not facts.agent_findings:
        yield skipped("agent", "none runs for this domain")
    for finding in facts.agent_findings:
        if finding.severity is not Severity.INFO:
            yield _of(finding, "agent")


def _of(finding: Finding, hop: str) -> Check:
    grade = Grade.FAULT if finding.severity is Severity.ERROR else Grade.WARNING
    seen = f"{finding.code} [{finding.subject}]: {finding.text}"
    return Check(hop=hop, grade=grade, seen=seen, remedy=finding.remedy)
