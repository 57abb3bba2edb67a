"""`zenlink tune`: is the host set for what it carries, what would change, change it, take it back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli import tune_views as views
from bridge.cli.output import print_json
from bridge.cli.tune_json import apply_json, check_json, plan_json, rollback_json
from bridge.cli.tune_request import Asked, Load, Measured, measure_host, try_out
from netopt.errors import CannotTune, UsageError

EXIT_NO = 1
"""The check ran, and its answer is no."""
STATE_FOLDER = "/var/lib/zenlink"
SYSCTL_FOLDER = "/etc/sysctl.d"
PROC_SYS = "/proc/sys"

app = typer.Typer(
    help="Look at kernel settings, change them, and take that back.",
    rich_markup_mode=None,
    invoke_without_command=True,
    no_args_is_help=False,
)

ProfileName = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="robot (default), station, router or simulator."),
]
Rate = Annotated[
    str | None,
    typer.Option(metavar="RATE", help="Rate of the slowest link, e.g. 100Mbit/s. Default: profile's."),
]
Rtt = Annotated[
    str | None, typer.Option(metavar="TIME", help="Round trip to the far end, e.g. 50ms. Default: profile's.")
]
Message = Annotated[
    str | None, typer.Option(metavar="SIZE", help="The largest message, e.g. 6MiB. Default: profile's.")
]
Interfaces = Annotated[
    list[str] | None,
    typer.Option("--interface", metavar="IF", help="Also its queue, rings and offloads; repeatable."),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="Take the profile from `tune:` in FILE.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Measure = Annotated[
    bool,
    typer.Option("--measure", help="Send large messages over loopback, before and after; half a minute."),
]
Count = Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="Messages that --measure sends.")]
Pause = Annotated[
    str,
    typer.Option(
        "--reader-pause",
        metavar="TIME",
        help="With --measure: keep the reader from its socket so long at each message, as a busy host does.",
    ),
]
StateDir = Annotated[Path, typer.Option(metavar="DIR", help="Where the journal is kept.")]
SysctlDir = Annotated[Path, typer.Option(metavar="DIR", help="Where our file of sysctls is kept.")]
ProcSys = Annotated[Path, typer.Option(metavar="DIR", help="A copy of /proc/sys to work on.", hidden=True)]


@app.callback()
def tune(  # noqa: PLR0913, PLR0917  # one argument an option, as typer wants it
    context: typer.Context,
    profile: ProfileName = None,
    rate: Rate = None,
    rtt: Rtt = None,
    message: Message = None,
    interface: Interfaces = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
    measure: Measure = False,
) -> None:
    """Without a command: `plan`."""
    given = [profile, rate, rtt, message, interface, config, as_json, measure]
    if context.invoked_subcommand is None:
        plan(
            profile=profile,
            rate=rate,
            rtt=rtt,
            message=message,
            interface=interface,
            config=config,
            as_json=as_json,
            measure=measure,
        )
    elif any(given):
        raise UsageError(
            f"options stand before {context.invoked_subcommand}",
            remedy=f"write `zenlink tune {context.invoked_subcommand} OPTIONS`",
        )


@app.command()
def check(  # noqa: PLR0913, PLR0917
    profile: ProfileName = None,
    rate: Rate = None,
    rtt: Rtt = None,
    message: Message = None,
    interface: Interfaces = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
    state_dir: StateDir = Path(STATE_FOLDER),
    sysctl_dir: SysctlDir = Path(SYSCTL_FOLDER),
    proc_sys: ProcSys = Path(PROC_SYS),
) -> None:
    """Say what is off; exit 1 if messages are lost or late by it. Needs no privilege."""
    from netopt.core.findings import Severity, findings_of

    asked = _asked(profile, rate, rtt, message, interface, config, state_dir, sysctl_dir, proc_sys)
    made = asked.plan()
    interrupted, journal = False, ""
    try:
        interrupted = asked.tuner().interrupted()
    except CannotTune as error:
        journal = error.problem
    found = findings_of(made, interrupted=interrupted, journal=journal)
    good = not any(finding.severity is Severity.ERROR for finding in found)
    if as_json:
        print_json(check_json(made, found, good=good))
    else:
        views.print_check(made, found)
    if not good:
        raise typer.Exit(EXIT_NO)


@app.command()
def plan(  # noqa: PLR0913, PLR0917
    profile: ProfileName = None,
    rate: Rate = None,
    rtt: Rtt = None,
    message: Message = None,
    interface: Interfaces = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--print", metavar="FORM", help="Only the lines for sysctl, docker, compose or systemd."
        ),
    ] = None,
    measure: Measure = False,
    count: Count = 50,
    reader_pause: Pause = "0s",
    sysctl_dir: SysctlDir = Path(SYSCTL_FOLDER),
    proc_sys: ProcSys = Path(PROC_SYS),
) -> None:
    """Show what `apply` would change, and why. Changes nothing, needs no privilege.

    With --measure it tries the plan in a network namespace of its own, which needs root.
    """
    from netopt.core.hostlines import FORMS, lines_for

    if form is not None and form not in FORMS:
        raise UsageError(f"there is no form {form!r}", remedy=f"use one of {', '.join(FORMS)}")
    made = _asked(
        profile, rate, rtt, message, interface, config, Path(STATE_FOLDER), sysctl_dir, proc_sys
    ).plan()
    if form is not None:
        print(lines_for(made, form), end="")
        return
    if not as_json:
        views.print_plan(made)
    measured = try_out(made, _load(count, reader_pause)) if measure else None
    if as_json:
        print_json(plan_json(made, measured))
    elif measured is not None:
        views.print_measured(measured)


@app.command()
def apply(  # noqa: PLR0913, PLR0917
    profile: ProfileName = None,
    rate: Rate = None,
    rtt: Rtt = None,
    message: Message = None,
    interface: Interfaces = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
    persist: Annotated[
        bool, typer.Option(help="Keep the sysctls over a restart, by a file in --sysctl-dir.")
    ] = True,
    measure: Measure = False,
    count: Count = 50,
    reader_pause: Pause = "0s",
    state_dir: StateDir = Path(STATE_FOLDER),
    sysctl_dir: SysctlDir = Path(SYSCTL_FOLDER),
    proc_sys: ProcSys = Path(PROC_SYS),
) -> None:
    """Make the changes of `plan`, verify each, and remember what was there. Needs root.

    All or nothing: when one is refused, the others are taken back (exit 3).
    """
    asked = _asked(profile, rate, rtt, message, interface, config, state_dir, sysctl_dir, proc_sys)
    made = asked.plan()
    read_only = persist and _read_only(sysctl_dir)
    tuner = asked.tuner(persist=persist and not read_only)
    load = _load(count, reader_pause)
    before = measure_host(made, load) if measure else ()
    changes = tuner.apply(made)
    measured = None
    if measure:
        after = measure_host(made, load)
        measured = Measured(messages=load.messages(made), before=before, after=after, trial=False)
    if as_json:
        print_json(apply_json(made, changes, measured, read_only=read_only))
        return
    views.print_applied(made, changes)
    if measured is not None:
        views.print_measured(measured)
    if read_only:
        print(f"{sysctl_dir} is read-only, so a restart undoes this; ship the file instead:", file=sys.stderr)
        print("`zenlink tune plan --print sysctl`, or `--print systemd`", file=sys.stderr)


@app.command()
def rollback(
    as_json: AsJson = False,
    force: Annotated[bool, typer.Option("--force", help="Also over what others set since.")] = False,
    state_dir: StateDir = Path(STATE_FOLDER),
    sysctl_dir: SysctlDir = Path(SYSCTL_FOLDER),
    proc_sys: ProcSys = Path(PROC_SYS),
) -> None:
    """Bring back what was there before the first `apply`; exit 1 if others changed some of it since."""
    asked = _asked(None, None, None, None, None, None, state_dir, sysctl_dir, proc_sys)
    undone = asked.tuner().rollback(force=force)
    if as_json:
        print_json(rollback_json(undone))
    else:
        views.print_rollback(undone)
    if undone is not None and undone.foreign:
        raise typer.Exit(EXIT_NO)


def _load(count: int, reader_pause: str) -> Load:
    from netopt.core.quantities import parse_time

    return Load(count=count, reader_pause_s=parse_time(reader_pause))


def _read_only(folder: Path) -> bool:
    from netopt.kernel.files import folder_obstacle

    return "read-only file system" in folder_obstacle(folder)


def _asked(  # noqa: PLR0913, PLR0917  # the options that the commands share
    profile: str | None,
    rate: str | None,
    rtt: str | None,
    message: str | None,
    interface: list[str] | None,
    config: Path | None,
    state_dir: Path,
    sysctl_dir: Path,
    proc_sys: Path,
) -> Asked:
    return Asked(
        profile=profile,
        rate=rate,
        rtt=rtt,
        message=message,
        interfaces=tuple(interface or ()),
        config=config,
        state_dir=state_dir,
        sysctl_dir=sysctl_dir,
        proc_sys=proc_sys,
    )
