"""`zenlink tune --json`: plans, findings, what was done and measured, as one object each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bridge.cli.tune_request import Measured
from bridge.core.jsonform import Json
from netopt.core.findings import Finding
from netopt.core.hostlines import host_keys
from netopt.core.largemessages import Outcome
from netopt.core.plan import Plan, State, Step, persistent_name
from netopt.core.settings import Kind

if TYPE_CHECKING:
    from netopt.tuning import Change, Undone

SCHEMA = "zenlink/tune/1"


def _measured_json(measured: Measured | None) -> Json:
    if measured is None:
        return None
    return {
        "message_bytes": measured.messages.message_bytes,
        "rate_hz": measured.messages.rate_hz,
        "reader_pause_ms": measured.messages.reader_pause_s * 1e3,
        "private_namespace": measured.trial,
        "before": [_outcome_json(one) for one in measured.before],
        "after": [_outcome_json(one) for one in measured.after],
    }


def _outcome_json(outcome: Outcome) -> Json:
    return {
        "kind": outcome.kind,
        "sent": outcome.sent,
        "lost": outcome.lost,
        "p50_s": outcome.percentile_s(50),
        "p99_s": outcome.percentile_s(99),
        "socket_buffer_bytes": outcome.buffer_bytes,
    }


def plan_json(plan: Plan, measured: Measured | None = None) -> Json:
    """The plan as JSON."""
    return {
        **_head_json(plan),
        "measured": _measured_json(measured),
        "changes": len(plan.having(State.CHANGE)),
        "file": f"/etc/sysctl.d/{persistent_name(plan)}",
        "steps": [_step_json(step) for step in plan.steps],
        "advice": [
            {
                "subject": one.subject,
                "text": one.text,
                "remedy": one.remedy,
                "source": one.source,
                "harmful": one.harmful,
            }
            for one in plan.advice
        ],
    }


def _head_json(plan: Plan) -> dict[str, Json]:
    demand, host = plan.demand, plan.host
    return {
        "schema": SCHEMA,
        "profile": plan.profile.name,
        "demand": {
            "rate_bit_s": demand.rate_bit_s,
            "rtt_s": demand.rtt_s,
            "message_bytes": demand.message_bytes,
            "streams": demand.streams,
            "bdp_bytes": demand.bdp_bytes,
        },
        "host": {
            "kernel": f"{host.kernel[0]}.{host.kernel[1]}",
            "initial_namespace": host.initial_namespace,
            "container": host.container,
            "memory_bytes": host.memory_bytes,
        },
    }


def _step_json(step: Step) -> Json:
    setting = step.setting
    return {
        "target": str(step.target),
        "kind": step.target.kind.value,
        "interface": step.target.interface,
        "state": step.state.value,
        "old": step.seen,
        "new": step.new,
        "rule": str(setting.rule),
        "scope": setting.scope.value,
        "weight": setting.weight.value,
        "note": step.note,
        "effect": setting.effect,
        "reason": setting.reason,
        "formula": setting.formula,
        "cost": setting.cost,
        "source": setting.source,
    }


def check_json(plan: Plan, findings: Sequence[Finding], *, good: bool) -> Json:
    """The findings as JSON."""
    return {
        **_head_json(plan),
        "good": good,
        "findings": [
            {
                "code": one.code,
                "severity": one.severity.value,
                "subject": one.subject,
                "text": one.text,
                "remedy": one.remedy,
            }
            for one in findings
        ],
        "compliance": dict(plan.compliance()),
    }


def apply_json(
    plan: Plan, changes: Sequence[Change], measured: Measured | None = None, *, read_only: bool
) -> Json:
    """What was done, as JSON."""
    host_only: dict[str, Json] = {} if plan.host.initial_namespace else dict(host_keys(plan))
    return {
        **_head_json(plan),
        "measured": _measured_json(measured),
        "changes": [_change_json(change) for change in changes],
        "persisted": not read_only and any(change.target.kind is Kind.FILE for change in changes),
        "host_only": host_only,
    }


def rollback_json(undone: Undone | None) -> Json:
    """What was taken back, as JSON."""
    return {
        "schema": SCHEMA,
        "restored": [_change_json(change) for change in undone.restored] if undone else [],
        "already": [str(target) for target in undone.already] if undone else [],
        "foreign": [_change_json(change) for change in undone.foreign] if undone else [],
    }


def _change_json(change: Change) -> Json:
    return {"target": str(change.target), "old": change.old, "new": change.new}
