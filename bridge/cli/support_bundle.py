"""`zenlink support-bundle`: everything that a bug report needs, in one archive without a secret."""

from __future__ import annotations

import datetime as dt
import socket as sockets
import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.output import one_line, print_json
from bridge.core.jsonform import Json, to_json
from bridge.errors import CannotRun


def support_bundle(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="The agent's configuration, if it is not running."
        ),
    ] = None,
    domain: Annotated[
        int | None, typer.Option(metavar="N", help="DDS domain, 0 to 232. [env: ROS_DOMAIN_ID]")
    ] = None,
    socket: Annotated[Path | None, typer.Option(metavar="PATH", help="The agent's control socket.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PATH", help="File or folder. Default: the working directory."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Collect what a bug report needs in one .tar.gz, and print its path.

    It needs no running agent; what is missing is told inside. Passwords, tokens and private keys are replaced
    by ***. Names of nodes, topics and hosts, and addresses, are not.
    """
    from bridge.cli.support_archive import Bundle
    from bridge.cli.support_parts import asked, collect
    from bridge.core.scrub import Scrubber
    from bridge.security.files import write_new

    now = dt.datetime.now(dt.timezone.utc)
    folder = f"zenlink-support-{sockets.gethostname()}-{now:%Y%m%dT%H%M%SZ}"
    path = _path(output, f"{folder}.tar.gz")
    if path.exists() and not force:
        raise CannotRun(f"{path} exists", remedy="name another --output, or replace it with --force")
    if sys.stderr.isatty():
        print("looking at the agent, at every hop and at this host, some seconds ...", file=sys.stderr)
    bundle = Bundle(now=now)
    wanted = asked(bundle, config, domain, socket)
    collect(bundle, wanted)
    files = bundle.files(Scrubber(wanted.secrets))
    content = bundle.pack(files.items(), folder=folder)
    write_new({path: content}, force=force)
    if as_json:
        missing: list[Json] = [to_json(one) for one in bundle.missing]
        names: list[Json] = list(files)
        print_json({"path": str(path), "bytes": len(content), "files": names, "missing": missing})
        return
    for one in bundle.missing:
        print(f"missing: {', '.join(one.files)}: {one_line(one.reason)}", file=sys.stderr)
    print(path)


def _path(output: Path | None, name: str) -> Path:
    if output is None:
        return Path.cwd() / name
    return output / name if output.is_dir() else output
