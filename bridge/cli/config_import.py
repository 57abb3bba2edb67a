"""`zenlink config import`: a configuration of zenoh-bridge-ros2dds as one of ours."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.output import one_line, print_json
from bridge.core.jsonform import Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from bridge.config_yaml import Document

_WIDTH = 1 << 16  # never fold a line: what belongs together is compared and searched by line
_PLAIN = re.compile(
    r"(?:[A-Za-z/][\w/.:*|()-]*|\.\*[\w/.*|()]*)", re.ASCII
)  # names, endpoints, simple patterns

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="JSON5 of zenoh-bridge-ros2dds.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def import_file(file: File, as_json: AsJson = False) -> None:
    """Print our YAML for a JSON5 file of zenoh-bridge-ros2dds.

    What has no equal here is told, and why: on standard error, and in the comment on top.
    """
    from bridge import config_io

    document = config_io.imported(file)
    if as_json:
        notes: list[Json] = [{"line": n.line, "key": n.key, "text": n.text} for n in document.notes]
        content: dict[str, Json] = dict(document.data)  # type: ignore[arg-type]  # as JSON5 had it
        print_json({"file": str(file), "config": content, "notes": notes})
        return
    for note in document.notes:
        print(one_line(str(note)), file=sys.stderr)
    print(yaml_text(document), end="")


def yaml_text(document: Document) -> str:
    """The document as a file of ours, its notes in the comment on top."""
    from ruamel.yaml import YAML

    from bridge.config import Config

    comment = [f"From {document.file} by `zenlink config import`."]
    if document.notes:
        comment.append("What has no equal here, or means something else:")
    comment += [f"  line {note.line}: {note.key}: {note.text}" for note in document.notes]
    head = "".join(f"# {one_line(line)}\n" for line in comment)
    if not document.data:
        return head
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    body = io.StringIO()
    yaml.dump(_styled(_ordered(document.data, Config)), body)
    return head + body.getvalue()


def _styled(value: object) -> object:
    """What holds no other collection on one line, and every text but plain words in quotes.

    The library leaves some texts bare that it cannot read back.
    """
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import SingleQuotedScalarString

    if isinstance(value, (dict, list)):
        items = value.values() if isinstance(value, dict) else value
        styled = (
            CommentedMap((_styled(key), _styled(item)) for key, item in value.items())
            if isinstance(value, dict)
            else CommentedSeq(_styled(item) for item in value)
        )
        if not any(isinstance(item, (dict, list)) for item in items):
            styled.fa.set_flow_style()
        return styled
    return (
        SingleQuotedScalarString(value) if isinstance(value, str) and not _PLAIN.fullmatch(value) else value
    )


def _ordered(data: Mapping[str, object], model: type[BaseModel]) -> dict[str, object]:
    """Sections and their keys in the order of the reference file."""
    from bridge.config_faults import is_section

    found: dict[str, object] = {}
    for key, field in model.model_fields.items():
        value, inner = data.get(key), field.annotation
        if key in data:
            found[key] = _ordered(value, inner) if isinstance(value, dict) and is_section(inner) else value
    return found
