"""`zenlink status`, `routes`, `nodes`, `explain`, `version`: what a running agent says about itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli import views
from bridge.cli.output import print_json
from bridge.core.jsonform import Json, to_json
from bridge.core.names import check_ros_name
from bridge.errors import CannotRun

EXIT_NO = 1
"""The check ran, and its answer is no."""

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Domain = Annotated[
    int, typer.Option(metavar="N", min=0, max=232, envvar="ROS_DOMAIN_ID", help="The agent's DDS domain.")
]
Socket = Annotated[Path | None, typer.Option(metavar="PATH", help="The agent's control socket.")]


def ask(command: str, *, domain: int, socket: Path | None, **args: Json) -> Json:
    """The answer of the agent that serves a domain, or a socket where one is named.

    Raises:
        CannotRun: No agent answers.
    """
    from bridge.control import call
    from bridge.unixsocket import socket_candidates

    if socket is not None:
        return call(socket, command, **args)
    candidates = socket_candidates(domain, os.environ)
    refused: CannotRun | None = None
    for path in candidates:
        try:
            if path.exists():
                return call(path, command, **args)
        except (CannotRun, OSError) as error:
            refused = refused or (error if isinstance(error, CannotRun) else None)  # a dead agent's; look on
    if refused is not None:
        raise refused
    places = " or ".join(str(path) for path in candidates)
    remedy = "start one with `zenlink run`, or name its --domain or --socket"
    raise CannotRun(f"no agent for domain {domain}: nothing at {places}", remedy=remedy)


def status(
    as_json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="Live, every second, until Ctrl-C.")] = False,
    ready: Annotated[bool, typer.Option("--ready", help="Exit 0 if it is ready, 1 if not.")] = False,
    domain: Domain = 0,
    socket: Socket = None,
) -> None:
    """How the agent is: its state, links, routes and what is wrong."""
    if ready:
        answer = views.readiness(ask("status", domain=domain, socket=socket))
        print_json(to_json(answer)) if as_json else print(answer)
        raise typer.Exit(0 if answer.ready else EXIT_NO)
    if watch:
        from bridge.cli.statuswatch import watch as watched

        watched(lambda command: ask(command, domain=domain, socket=socket), as_json=as_json)
        return
    info = ask("status", domain=domain, socket=socket)
    if as_json:
        print_json(info)
    else:
        views.print_status(info, ask("routes", domain=domain, socket=socket))


def routes(as_json: AsJson = False, domain: Domain = 0, socket: Socket = None) -> None:
    """Every route: which name crosses which way, how much, and why not."""
    found = ask("routes", domain=domain, socket=socket)
    print_json(found) if as_json else views.print_routes(found)


def nodes(as_json: AsJson = False, domain: Domain = 0, socket: Socket = None) -> None:
    """The ROS nodes of the local domain, and those behind other agents."""
    found = ask("nodes", domain=domain, socket=socket)
    print_json(found) if as_json else views.print_nodes(found)


def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="ROS name, e.g. /chatter.", show_default=False)],
    as_json: AsJson = False,
    domain: Domain = 0,
    socket: Socket = None,
) -> None:
    """Why NAME crosses or does not; exit 1 if it does not."""
    full_name = name if name.startswith("/") else f"/{name}"
    check_ros_name(full_name)
    found = ask("explain", domain=domain, socket=socket, name=full_name)
    print_json(found) if as_json else views.print_explanation(found)
    if not views.crossing(found):
        raise typer.Exit(EXIT_NO)


def version(as_json: AsJson = False) -> None:
    """The versions of zenlink and of what it stands on."""
    found = views.versions()
    if as_json:
        print_json(dict(found))
        return
    for name, text in found.items():
        print(f"{name:<10} {text or 'absent'}")
