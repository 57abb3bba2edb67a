"""`zenlink doctor`: walks every hop and names what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.output import one_line, print_json
from bridge.core.jsonform import to_json
from bridge.core.status import Finding, Severity
from netopt.errors import NetoptError

if TYPE_CHECKING:
    from bridge.config_io import LoadedConfig
    from bridge.doctor.check import Check

EXIT_NO = 1
_MARKS = {"good": "ok", "warning": "WARN", "fault": "FAULT", "skipped": "-"}


def doctor(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", metavar="FILE", help="The agent's configuration.")
    ] = None,
    domain: Annotated[
        int | None, typer.Option(metavar="N", help="DDS domain, 0 to 232. [env: ROS_DOMAIN_ID]")
    ] = None,
    connect: Annotated[
        list[str] | None, typer.Option(metavar="EP", help="A Zenoh endpoint to look at, too; repeatable.")
    ] = None,
    socket: Annotated[str | None, typer.Option(metavar="PATH", help="The agent's control socket.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="As `zenlink run --insecure`: clear text beyond loopback.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Walk every hop, from the kernel to the far agent; exit 1 if one has a fault.

    It changes nothing, needs no running agent and no privilege, and takes some seconds.
    """
    from bridge.config_io import FlagOverrides, load
    from bridge.doctor.check import Grade

    flags = FlagOverrides(domain_id=domain, connect=tuple(connect or ()), socket=socket, insecure=insecure)
    checks = examined(load(config, flags))
    faults = sum(check.grade is Grade.FAULT for check in checks)
    if as_json:
        print_json({"healthy": not faults, "checks": [to_json(check) for check in checks]})
    else:
        for check in checks:
            _print(check)
        print(f"{faults} faults" if faults != 1 else "1 fault")
    if faults:
        raise typer.Exit(EXIT_NO)


def examined(loaded: LoadedConfig) -> tuple[Check, ...]:
    """Every hop of a configuration, judged. Blocks for some seconds."""
    from bridge.agent_networks import zenoh_network
    from bridge.doctor.checks import judge
    from bridge.doctor.gather import gather
    from bridge.zenoh.options import tls_options
    from netopt.kernel.host import container_kind

    facts = gather(
        loaded.config,
        socket=loaded.socket,
        tls=tls_options(zenoh_network(loaded)),
        kernel=_kernel(loaded.config.tune.profile),
        container_kind=container_kind(),
    )
    return judge(facts)


def _print(check: Check) -> None:
    print(f"{_MARKS[check.grade.value]:<5} {check.hop:<12} {one_line(check.seen)}")
    if check.wanted:
        print(f"{'':<18} wanted: {one_line(check.wanted)}")
    if check.remedy:
        print(f"{'':<18} => {one_line(check.remedy)}")


def _kernel(profile: str) -> tuple[Finding, ...] | None:
    """What the tuner has to say, in our words; None where it cannot look."""
    from netopt.core.findings import findings_of
    from netopt.core.plan import make_plan, observed_targets
    from netopt.core.profile import demand_of, profile_named
    from netopt.kernel.host import KernelHost

    try:
        seen = KernelHost().observe(observed_targets())
    except (NetoptError, OSError):
        return None
    chosen = profile_named(profile)
    plan = make_plan(seen, chosen, demand_of(chosen, memory_bytes=seen.memory_bytes))
    return tuple(
        Finding(
            code=one.code,
            severity=Severity(one.severity.value),
            subject=one.subject,
            text=one.text,
            remedy=one.remedy,
        )
        for one in findings_of(plan)
    )
