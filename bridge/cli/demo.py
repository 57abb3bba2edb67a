"""`zenlink demo`: the whole thing on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    seconds: Annotated[float, typer.Option(metavar="N", min=1.0, help="How long messages flow.")] = 15.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end.")] = False,
    keep_logs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the logs of every process there.")
    ] = None,
) -> None:
    """Run robot, agent, TLS link, agent and station here, with real messages, and give a verdict."""
    from bridge.demo.runner import run_demo

    raise typer.Exit(run_demo(seconds=seconds, json_output=as_json, log_dir=keep_logs))
