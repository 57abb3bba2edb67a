"""The `zenlink` command: its commands, and how an error becomes one line and an exit code.

Exit codes: 0 good; 1 the check ran and its answer is no; 2 bad usage or configuration; 3 cannot run here.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bridge.cli.output import one_line
from bridge.cli.run import run as run_command
from bridge.errors import BridgeError, ConfigError, InvalidName
from netopt.errors import NetoptError
from netopt.errors import UsageError as NetoptUsageError

EXIT_USAGE = 2
EXIT_CANNOT_RUN = 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

_DEBUG = "--debug"


def _print_version(wanted: bool) -> None:
    if wanted:
        from bridge import __version__

        print(f"zenlink {__version__}")
        raise typer.Exit


def root(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
    _debug: Annotated[
        bool, typer.Option(_DEBUG, help="On an unexpected error print the traceback, too. Works anywhere.")
    ] = False,
) -> None:
    """Print the help where no command is given."""
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(EXIT_USAGE)


def _application(arguments: Sequence[str]) -> typer.Typer:
    """All commands; an agent starts without the others', which would be an eighth of what it imports."""
    app = typer.Typer(
        name="zenlink",
        help="Carries ROS 2 traffic over Zenoh, and says why when it does not.",
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(root)
    app.command("run")(run_command)
    if not arguments or arguments[0] != "run":
        _add_others(app)
    return app


def _add_others(app: typer.Typer) -> None:
    from bridge.cli import certs, config, demo, inspect, probe, tune
    from bridge.cli.doctor import doctor
    from bridge.cli.links import links
    from bridge.cli.reload import reload
    from bridge.cli.support_bundle import support_bundle

    app.command("demo")(demo.demo)
    app.add_typer(config.app, name="config")
    app.add_typer(probe.app, name="probe")
    app.add_typer(certs.app, name="certs")
    app.command("status")(inspect.status)
    app.command("routes")(inspect.routes)
    app.command("nodes")(inspect.nodes)
    app.command("links")(links)
    app.command("explain")(inspect.explain)
    app.command("doctor")(doctor)
    app.command("support-bundle")(support_bundle)
    app.command("reload")(reload)
    app.add_typer(tune.app, name="tune")
    app.command("version")(inspect.version)


def run() -> NoReturn:
    """The entry point of the ``zenlink`` command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without UTF-8 is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    code = main(sys.argv[1:])
    sys.exit(code)


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: What stands behind ``zenlink``.

    Returns:
        The exit code; everything that went wrong has been said on standard error.
    """
    debug = _DEBUG in arguments
    try:
        given = [argument for argument in arguments if argument != _DEBUG]
        code = _application(given)(
            args=given,
            prog_name="zenlink",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except SystemExit as stop:  # typer's way to end at a broken pipe
        return _closed_pipe() if stop.code == 1 else int(stop.code or 0)
    except BrokenPipeError:
        return _closed_pipe()
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the top of the program
        return _report(error, debug=debug)
    return code if isinstance(code, int) else 0


def _report(error: Exception, *, debug: bool) -> int:
    """Say it on one line; the exit code that fits."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, ConfigError):
        prefix = "" if error.file else "zenlink: "
        print(f"{prefix}{one_line(str(error))}", file=sys.stderr)
        return EXIT_USAGE
    usage = getattr(error, "format_message", None)
    if usage is not None:  # click's usage errors, which typer keeps under a private name
        command = getattr(getattr(error, "ctx", None), "command_path", "zenlink")
        print(f"{command}: {one_line(usage()).rstrip('.')}; see `{command} --help`", file=sys.stderr)
        return EXIT_USAGE
    if isinstance(error, BridgeError):
        print(f"zenlink: {one_line(str(error))}", file=sys.stderr)
        return EXIT_USAGE if isinstance(error, InvalidName) else EXIT_CANNOT_RUN
    if isinstance(error, NetoptError):
        print(f"zenlink: {one_line(str(error))}", file=sys.stderr)
        return EXIT_USAGE if isinstance(error, NetoptUsageError) else EXIT_CANNOT_RUN
    what = f"unexpected {type(error).__name__}: {error}"
    print(f"zenlink: {one_line(what)}; run it again with {_DEBUG} and report it", file=sys.stderr)
    return EXIT_CANNOT_RUN


def _closed_pipe() -> int:
    """The reader (`head`) has seen enough: end quietly, also when Python flushes at exit."""
    with Path(os.devnull).open("w") as devnull:
        for stream in (sys.stdout, sys.stderr):
            try:
                os.dup2(devnull.fileno(), stream.fileno())
            except (OSError, ValueError):
                continue  # no real file behind it, as in a test
    return 0
