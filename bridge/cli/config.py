"""`zenlink config`: is the file right, what does it come to, and what could stand in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.config_import import import_file
from bridge.cli.output import one_line, print_json
from bridge.core.jsonform import Json
from bridge.errors import ConfigError

if TYPE_CHECKING:
    from bridge.config_io import LoadedConfig

app = typer.Typer(help="Check and show the configuration.", rich_markup_mode=None, no_args_is_help=False)

_ORIGIN_COLUMN = 44  # longest key with its default, so that the origins stand below each other

File = Annotated[Path, typer.Argument(metavar="FILE", help="YAML, or .json5 file.", show_default=False)]
OptionalFile = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="YAML, or .json5 file.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Accept links that are neither loopback nor encrypted.")
]

app.command("import")(import_file)


@app.command()
def check(
    file: File,
    as_json: AsJson = False,
    insecure: Insecure = False,
    files: Annotated[
        bool, typer.Option(help="Also look at the certificates and keys that it names, on this machine.")
    ] = True,
) -> None:
    """Say what is wrong with FILE, one line a fault; exit 2 if anything is.

    The environment is left out, so that it cannot hide a fault of the file.
    """
    from bridge import config_io

    flags = config_io.FlagOverrides(insecure=insecure)
    faults = config_io.check(file, flags, {})
    if not faults:
        loaded = config_io.load(file, flags, {})
        faults = (*_option_faults(loaded, str(file)), *(config_io.check_files(loaded) if files else ()))
    if as_json:
        listed: list[Json] = [
            {"file": f.file, "line": f.line, "key": f.key, "problem": f.problem, "remedy": f.remedy}
            for f in faults
        ]
        print_json({"file": str(file), "good": not faults, "faults": listed})
    else:
        for fault in faults:
            print(one_line(str(fault)), file=sys.stderr)
        if not faults:
            print(f"{file}: good")
    if faults:
        raise typer.Exit(2)


def _option_faults(loaded: LoadedConfig, file: str) -> tuple[ConfigError, ...]:
    """What Zenoh itself does not accept of the options that are passed on to it."""
    from bridge.agent_networks import zenoh_network
    from bridge.zenoh.opening import check_options

    try:
        check_options(zenoh_network(loaded))
    except ConfigError as error:
        return (ConfigError(error.problem, remedy=error.remedy, file=file, key=error.key),)
    return ()


@app.command()
def show(file: OptionalFile = None, as_json: AsJson = False, insecure: Insecure = False) -> None:
    """Print what `zenlink run` would use here, and where each value is from."""
    from bridge import config_io
    from bridge.config_differences import without_secrets

    loaded = config_io.load(file, config_io.FlagOverrides(insecure=insecure))
    content = without_secrets(loaded.config.model_dump(mode="json"))
    if as_json:
        origins: dict[str, Json] = dict(loaded.origins)
        print_json({"config": content, "origins": origins, "socket": str(loaded.socket)})
        return
    for key, origin in loaded.origins.items():
        value = _value(content, key)
        if key == "rules" and value:
            continue  # each rule has a line of its own
        line = f"{key}: {json.dumps(_without_nulls(value), ensure_ascii=False)}"
        print(f"{line:<{_ORIGIN_COLUMN}}  # {origin}")


@app.command()
def schema() -> None:
    """Print the JSON schema of the file, for editors."""
    from bridge import config_io

    print_json(config_io.schema())


def _without_nulls(value: Json) -> Json:
    """A rule as short as it was written."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _value(content: Json, key: str) -> Json:
    """The value at a key path such as ``rules[0]`` or ``zenoh.tls.ca``."""
    for part in key.replace("[", ".").replace("]", "").split("."):
        if isinstance(content, dict):
            content = content[part]
        elif isinstance(content, list):
            content = content[int(part)]
    return content
