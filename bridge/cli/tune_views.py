"""How `zenlink tune` looks: a diff with its reasons, findings, what was done; each also as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bridge.cli.output import one_line, print_table
from bridge.cli.tune_request import Measured
from netopt.core.findings import Finding
from netopt.core.hostlines import host_keys
from netopt.core.plan import Plan, State, Step
from netopt.core.quantities import rate_text, size_text, time_text
from netopt.core.settings import Kind

if TYPE_CHECKING:
    from netopt.tuning import Change, Undone

_LEAST_BYTES = 65536
"""Numbers from here on are also told in KiB or MiB, where they are bytes."""
_IN_BYTES = ("mem_max", "mem_default", "tcp_rmem", "tcp_wmem", "high_thresh", "lowat")


def print_plan(plan: Plan) -> None:
    """The diff, what only the host can do, what is good, and what is no kernel setting."""
    print(_headline(plan))
    changes = plan.having(State.CHANGE)
    _print_diff("Would change:", changes)
    _print_diff("Should change, but may not be changed from here:", plan.having(State.BLOCKED))
    _print_diff("Belongs to the host, not to this container:", plan.having(State.HOST_ONLY))
    _print_diff("On request only, since it can interrupt the link:", plan.having(State.ON_REQUEST))
    absent = plan.having(State.ABSENT)
    if absent:
        print("\nNot on this kernel:")
        for step in absent:
            print(f"  {step.target}: {step.note}")
    good = plan.having(State.GOOD)
    if good:
        print("\nGood already, and never lowered:")
        for step in good:
            print(f"  {step.target} = {step.seen}")
    _print_advice(plan)
    print(f"\n{_summary(plan)}")


def _headline(plan: Plan) -> str:
    demand, host = plan.demand, plan.host
    where = "the host's network namespace" if host.initial_namespace else "a network namespace of its own"
    return (
        f"Profile {plan.profile.name} ({plan.profile.summary}):\n"
        f"{rate_text(demand.rate_bit_s)} x {time_text(demand.rtt_s)} = {demand.bdp_bytes} bytes on the way, "
        f"{demand.streams} messages of {size_text(demand.message_bytes)} at once\n"
        f"Linux {host.kernel[0]}.{host.kernel[1]}, {where}"
    )


def _print_diff(title: str, steps: Sequence[Step]) -> None:
    if not steps:
        return
    print(f"\n{title}")
    for step in steps:
        setting = step.setting
        print(f"\n  {step.target}" + (f"  [{step.note}]" if step.note else ""))
        print(f"  - {one_line(step.seen) or 'unknown'}")
        print(f"  + {step.new}{_in_units(step)}")
        print(f"      effect   {setting.effect}")
        print(f"      why      {setting.reason}")
        print(f"      formula  {setting.formula}")
        print(f"      cost     {setting.cost}")
        print(f"      source   {setting.source}")


def _in_units(step: Step) -> str:
    words = step.new.split()
    if step.target.kind is not Kind.SYSCTL or not step.target.name.endswith(_IN_BYTES) or not words:
        return ""
    last = words[-1]
    return f"  ({size_text(int(last))})" if last.isdigit() and int(last) >= _LEAST_BYTES else ""


def _print_advice(plan: Plan) -> None:
    for title, recipe in (
        ("Beside the kernel's settings:", False),
        ("The usual recipe, line by line:", True),
    ):
        found = [one for one in plan.advice if one.subject.startswith("recipe ") == recipe]
        if not found:
            continue
        print(f"\n{title}")
        for advice in found:
            mark = "! " if advice.harmful else "  "
            head = "" if recipe else f"{advice.subject}: "
            print(f"{mark}{head}{one_line(advice.text)}")
            for line in advice.remedy.splitlines():
                print(f"      {line}")


def _summary(plan: Plan) -> str:
    name = plan.profile.name
    changes, blocked = plan.having(State.CHANGE), plan.having(State.BLOCKED)
    lines = []
    if changes and not blocked:
        lines.append(
            f"{len(changes)} to change: `zenlink tune apply --profile {name}` does it, "
            "`zenlink tune rollback` takes it back."
        )
    elif blocked:
        lines.append(
            f"{len(blocked)} cannot be changed from here: run `zenlink tune apply --profile {name}` "
            "as root on the host, or take `zenlink tune plan --print sysctl` there."
        )
    else:
        lines.append("Nothing to change here.")
    if plan.having(State.HOST_ONLY):
        lines.append(
            f"{len(plan.having(State.HOST_ONLY))} belong to the host: `--print docker`, `--print compose` "
            "and `--print systemd` have the lines to run there."
        )
    return "\n".join(lines)


def print_check(plan: Plan, findings: Sequence[Finding]) -> None:
    """One line a finding."""
    for finding in findings:
        print(one_line(str(finding)))
    if not findings:
        print(f"the host is set for profile {plan.profile.name}")


def print_applied(plan: Plan, changes: Sequence[Change]) -> None:
    """What was done."""
    for change in changes:
        if change.target.kind is Kind.FILE:
            print(f"{change.target}: {'removed' if change.new is None else 'written, for the next start'}")
        else:
            print(f"{change.target}: {_plain(change.old)} -> {_plain(change.new)}")
    if changes:
        print(f"{len(changes)} changed and verified; `zenlink tune rollback` takes it back")
    else:
        print("nothing to change")
    keys = host_keys(plan)
    if keys and not plan.host.initial_namespace:
        print(f"only the host can set: {', '.join(keys)}; see `zenlink tune plan --print docker`")


def print_rollback(undone: Undone | None) -> None:
    """What was taken back."""
    if undone is None:
        print("nothing to take back")
        return
    for change in undone.restored:
        if change.target.kind is Kind.FILE:
            print(f"{change.target}: {'removed' if change.new is None else 'as before'}")
        else:
            print(f"{change.target}: {_plain(change.old)} -> {_plain(change.new)}")
    for change in undone.foreign:
        print(
            f"{change.target}: left at {_plain(change.new)}, which somebody else set; "
            f"before it was {_plain(change.old)}; --force restores that"
        )
    print(f"{len(undone.restored)} restored, {len(undone.already)} were so already")


def _plain(text: str | None) -> str:
    return "absent" if text is None else one_line(" ".join(text.split()))


def print_measured(measured: Measured) -> None:
    """Loss and latency, before and after."""
    messages = measured.messages
    pause = (
        f", reader kept away {messages.reader_pause_s * 1e3:g} ms at each" if messages.reader_pause_s else ""
    )
    print(
        f"\n{messages.count} messages of {size_text(messages.message_bytes)} at {messages.rate_hz:g} Hz, "
        f"over loopback{pause}"
    )
    print_table(
        ("", "lost", "p50", "p99", "socket buffer"),
        [
            (
                f"{title}: {one.kind}",
                f"{one.lost} ({one.lost / one.sent:.0%})",
                _latency(one.percentile_s(50)),
                _latency(one.percentile_s(99)),
                size_text(one.buffer_bytes),
            )
            for before, after in zip(measured.before, measured.after, strict=True)
            for title, one in (("before", before), ("planned" if measured.trial else "after", after))
        ],
        numbers=("lost", "p50", "p99", "socket buffer"),
    )
    print("A lost message counts as late for ever, so its percentile is `lost`.")
    if measured.trial:
        print(
            "In a network namespace of its own, with frames of 1500 bytes; this host was not changed.\n"
            "No namespace can set net.core.rmem_max and rmem_default: the sockets got what these come to."
        )


def _latency(seconds: float | None) -> str:
    return "lost" if seconds is None else f"{seconds * 1e3:.1f} ms"
