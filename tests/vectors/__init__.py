"""Golden vectors: what other implementations wrote, with the meaning of each field beside it.

``README.md`` says where each file comes from and how it is made again.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def octets(name: str) -> bytes:
    """The bytes of a ``.hex`` file: hexadecimal digits with blanks, ``#`` begins the meaning of a line."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return bytes.fromhex("".join(line.partition("#")[0] for line in lines))


def records(name: str) -> list[dict[str, str]]:
    """The records of a ``.txt`` file: blocks of ``field: value`` lines, between blank lines.

    A line that begins with ``#`` is a comment. A field without value is the empty text.
    """
    text = (_FOLDER / name).read_text(encoding="utf-8")
    found = []
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            found.append(
                {field: value.strip() for field, _, value in (line.partition(":") for line in lines)}
            )
    return found
