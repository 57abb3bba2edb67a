"""`zenlink probe`: measure a link before trusting it, and while it is used.

Targets: ``tcp/HOST:PORT`` and every other Zenoh endpoint, a Zenoh id (reached through ``--connect``),
``tcp://HOST:PORT`` or ``udp://HOST:PORT`` for the bare network below, ``dds`` for the whole path above.
"""

from __future__ import annotations

import shlex
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli import probe_views
from bridge.cli.inspect import AsJson, Domain, Socket, ask
from bridge.cli.output import print_json
from bridge.cli.probe_serve import serve
from bridge.cli.probe_targets import Asked, ConfigFile, Connect, DdsDomain, Insecure, transport_to
from bridge.cli.signals import stop_signals
from bridge.cli.statuswatch import PERIOD_S
from bridge.core.jsonform import to_json
from bridge.errors import ConfigError

if TYPE_CHECKING:
    from netopt.core.kernelview import Ends, KernelFigures
    from netopt.core.report import Report

app = typer.Typer(
    help="Measure a link: there and back, one way, and against a target.",
    rich_markup_mode=None,
    no_args_is_help=False,
)

_DEFAULT_S = 10.0

app.command()(serve)


@app.command()
def ping(  # noqa: PLR0913, PLR0917  # one argument an option, as typer wants it
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="tcp/HOST:PORT, tls/…, a Zenoh id, tcp://…, udp://…, dds.")
    ],
    rate: Annotated[float, typer.Option(metavar="HZ", help="Messages a second.")] = 100.0,
    count: Annotated[
        int | None, typer.Option(metavar="N", help="Messages to measure. Default: 10 s of them.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(metavar="S", help="Instead of --count.")] = None,
    size: Annotated[int, typer.Option(metavar="BYTES", help="Of a message, 64 to 16777216.")] = 64,
    warmup: Annotated[int, typer.Option(metavar="N", help="Messages before, left out.")] = 20,
    timeout: Annotated[float, typer.Option(metavar="S", help="A later reply is a lost one.")] = 1.0,
    goal: Annotated[
        str,
        typer.Option("--class", metavar="CLASS", help="local (10 ms), cloud (100 ms), or a number of ms."),
    ] = "local",
    percentile: Annotated[float, typer.Option(metavar="P", help="That must meet the target.")] = 99.0,
    round_trip: Annotated[
        bool, typer.Option("--round-trip", help="Judge there and back, not one way.")
    ] = False,
    priority: Annotated[str, typer.Option(metavar="NAME", help="Zenoh priority, as in a rule.")] = "data",
    express: Annotated[bool, typer.Option("--express", help="Zenoh: do not share packets.")] = False,
    load: Annotated[float, typer.Option(metavar="MBIT_S", help="Other traffic beside, each way.")] = 0.0,
    connect: Connect = None,
    config: ConfigFile = None,
    insecure: Insecure = False,
    domain: DdsDomain = None,
    socket: Socket = None,
    as_json: AsJson = False,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every message.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a picture, .png or .html (extra `plots`).")
    ] = None,
) -> None:
    """Measure once, and say whether the target is met: exit 0 yes, 1 no, 3 unreachable.

    Ctrl-C ends it with the result so far.
    """
    from netopt.core.schedule import Schedule
    from netopt.core.verdict import Basis, target_of

    messages = count or max(1, round((seconds or _DEFAULT_S) * rate))
    wanted = target_of(goal, percentile=percentile, payload_bytes=size)
    schedule = Schedule(rate_hz=rate, messages=messages, warmup=warmup, payload_bytes=size, timeout_s=timeout)
    if plot is not None:
        from bridge.cli.probe_plot import check_plot

        check_plot(plot)
    asked = Asked(
        target=target,
        config=config,
        connect=tuple(connect or ()),
        insecure=insecure,
        priority=priority,
        express=express,
        domain=domain,
        socket=socket,
    )
    from netopt.probe.measure import Measurement

    stop = threading.Event()
    with stop_signals(stop), probe_views.live(target, percentile) as show:
        measurement = Measurement(
            transport=transport_to(asked, stop),
            schedule=schedule,
            target=wanted,
            basis=Basis.ROUND_TRIP if round_trip else Basis.ONE_WAY,
            priority="priority by the agents' rules" if asked.through_dds else priority,
            load_mbit_s=load,
            command=shlex.join(["zenlink", *sys.argv[1:]]),
            ask_kernel=_ask_kernel,
        )
        report, shots = measurement.run(stop, show)
    if csv is not None:
        probe_views.write_csv(csv, shots)
    if plot is not None:
        from bridge.cli.probe_plot import plot as draw

        draw(plot, [report])
    print_json(to_json(report)) if as_json else probe_views.print_report(report)
    raise typer.Exit(report.verdict.answer.exit_code)


@app.command()
def watch(
    as_json: AsJson = False,
    once: Annotated[bool, typer.Option("--once", help="Print it once.")] = False,
    domain: Domain = 0,
    socket: Socket = None,
) -> None:
    """What the agent measures all the time on its links and targets; every second, until Ctrl-C."""
    stop = threading.Event()
    with stop_signals(stop):
        while not stop.is_set():
            found = ask("probe", domain=domain, socket=socket)
            if as_json:
                print_json(found, one_a_line=not once)
            else:
                probe_views.print_watch(found, clear=not once)
            if once:
                return
            stop.wait(PERIOD_S)


@app.command()
def report(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Written by `ping --json`.")],
    as_json: AsJson = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a picture, .png or .html (extra `plots`).")
    ] = None,
) -> None:
    """Add up finished measurements: a line each, and all together."""
    from netopt.probe.measure import merged

    reports = [_read(file) for file in files]
    together = merged(reports)
    if plot is not None:
        from bridge.cli.probe_plot import check_plot
        from bridge.cli.probe_plot import plot as draw

        check_plot(plot)
        draw(plot, reports)
    if as_json:
        print_json(to_json(together))
    else:
        probe_views.print_together([str(file) for file in files], reports, together)


@app.command("self-test")
def self_test(
    as_json: AsJson = False,
    live: Annotated[bool, typer.Option(help="Also over real sockets of this host, 2 s.")] = True,
) -> None:
    """Put faults into a link and see whether they are found: exit 0 if all are, else 1."""
    from netopt.probe.selftest import simulated_checks
    from netopt.probe.selftest_live import live_checks

    checks = [*simulated_checks(), *(live_checks() if live else ())]
    print_json(to_json(tuple(checks))) if as_json else probe_views.print_checks(checks)
    raise typer.Exit(0 if all(check.good for check in checks) else 1)


def _ask_kernel(sockets: Sequence[Ends]) -> tuple[KernelFigures, ...]:
    """See :class:`netopt.ports.AskKernel`."""
    # Only here, when all is measured: it takes a quarter of a second.
    from netopt.kernel.sockets import kernel_figures

    return kernel_figures(sockets)


def _read(file: Path) -> Report:
    from pydantic import TypeAdapter, ValidationError

    from netopt.core.report import FORMAT, Report

    try:
        found = TypeAdapter(Report).validate_json(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}", remedy="name a file of `ping --json`") from error
    except ValidationError as error:
        raise ConfigError(
            f"{file}: no result of zenlink probe ({error.error_count()} faults)",
            remedy="name a file of `zenlink probe ping --json`",
        ) from error
    if found.format != FORMAT:
        raise ConfigError(
            f"{file}: has the form {found.format!r}, not {FORMAT!r}", remedy="measure again with this version"
        )
    return found
