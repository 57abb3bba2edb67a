"""`zenlink run`: the agent, until SIGINT or SIGTERM; SIGHUP makes it read its configuration again."""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.hostcheck import HostCheck
from bridge.cli.logs import LogFormat, LogLevel, setup_logging
from bridge.cli.servicemanager import ServiceManager
from bridge.cli.signals import stop_signals
from bridge.settle import collections_paused, keep_large_blocks, settle_interpreter
from bridge.sparememory import SpareMemory

if TYPE_CHECKING:
    from bridge.config_io import FlagOverrides, LoadedConfig

_LOG = logging.getLogger(__name__)
_STDERR = 2


def run(  # noqa: PLR0913, PLR0917  # one argument an option, as typer wants it
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="YAML, or .json5 of zenoh-bridge-ros2dds. None: every default.",
        ),
    ] = None,
    domain: Annotated[
        int | None, typer.Option(metavar="N", help="DDS domain, 0 to 232. [env: ROS_DOMAIN_ID]")
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(metavar="NS", help="Prefix on Zenoh for every ROS name, e.g. /robot1.")
    ] = None,
    mode: Annotated[str | None, typer.Option(metavar="MODE", help="router, peer or client.")] = None,
    listen: Annotated[
        list[str] | None, typer.Option(metavar="EP", help="Accept Zenoh links here; repeatable.")
    ] = None,
    connect: Annotated[
        list[str] | None, typer.Option(metavar="EP", help="Keep a Zenoh link to it; repeatable.")
    ] = None,
    log_format: Annotated[LogFormat, typer.Option(help="Form of the log on stderr.")] = LogFormat.TEXT,
    log_level: Annotated[LogLevel, typer.Option(help="Least severe lines to log.")] = LogLevel.INFO,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Accept links that are neither loopback nor encrypted.")
    ] = False,
    http: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Page, metrics, health. Default: 127.0.0.1:9469.")
    ] = None,
    http_token: Annotated[
        str | None, typer.Option(metavar="FILE", help="Token that the page asks for beyond loopback.")
    ] = None,
    socket: Annotated[
        str | None, typer.Option(metavar="PATH", help="Control socket. Default: by domain.")
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Written by the ROS node that runs this.", hidden=True)
    ] = None,
) -> None:
    """Run the agent until SIGINT or SIGTERM; then drain and exit 0. A second signal ends it at once.

    SIGHUP does what `zenlink reload` does, and says so in the log.
    """
    stop, hangup = threading.Event(), threading.Event()
    with stop_signals(stop, hangup), ExitStack() as stack, ExitStack() as importing:
        importing.enter_context(collections_paused())
        from bridge.config_io import FlagOverrides

        flags = FlagOverrides(
            domain_id=domain,
            namespace=namespace,
            mode=mode,
            listen=tuple(listen or ()),
            connect=tuple(connect or ()),
            http=http,
            http_token=http_token,
            socket=socket,
            insecure=insecure,
        )
        environment = dict(os.environ)  # as it was given: the part for rclpy changes what the RMW reads of it
        loaded = _read(config, flags, parameters, environment)
        faults, ring = setup_logging(log_format, log_level)
        faulthandler.enable(_STDERR)  # where each thread was is all that a crash in a library leaves
        _log_notes(loaded)
        keep_large_blocks()
        from bridge.agent_domain import joined_domain

        joined = stack.enter_context(joined_domain(loaded))  # and listens there while the rest is loaded
        from bridge.agent import Host, run_agent
        from bridge.zenoh.log import captured_log

        importing.close()
        settle_interpreter()
        check, manager = HostCheck(loaded.config.tune.profile), ServiceManager()
        spare = SpareMemory()
        with captured_log() as zenoh_log:
            run_agent(
                loaded,
                domain=joined,
                stop=stop,
                host=Host(
                    ready=lambda: _ready(loaded, check, manager),
                    alive=lambda: _alive(manager, spare),
                    stopping=manager.stopping,
                    handshakes_refused=zenoh_log.refused,
                    faults=faults.counts,
                    settings=check.counts,
                    recent_log=ring.lines,
                ),
                reload_config=lambda: _log_notes(_read(config, flags, parameters, environment)),
                hangup=hangup,
            )
        check.close()


def _ready(loaded: LoadedConfig, check: HostCheck, manager: ServiceManager) -> None:
    manager.ready()
    if loaded.config.tune.action == "check":
        check.start()


def _alive(manager: ServiceManager, spare: SpareMemory) -> None:
    manager.alive()
    spare.look(time.monotonic())


def _read(
    file: Path | None, flags: FlagOverrides, parameters: Path | None, environment: Mapping[str, str]
) -> LoadedConfig:
    """The configuration to run with, with the files that it names.

    Raises:
        ConfigError: The first fault.
    """
    from bridge.config_io import check_files, load

    if parameters is not None:
        from bridge.config_parameters import with_text

        flags = with_text(flags, parameters.read_text(encoding="utf-8"), file=str(parameters))
    loaded = load(file, flags, environment)
    if faults := check_files(loaded):
        raise faults[0]
    return loaded


def _log_notes(loaded: LoadedConfig) -> LoadedConfig:
    for note in loaded.notes:
        _LOG.warning("configuration: %s", note)
    return loaded
