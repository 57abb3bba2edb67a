"""`zenlink reload`: a running agent reads its configuration again."""

from __future__ import annotations

from bridge.cli.inspect import AsJson, Domain, Socket, ask
from bridge.cli.output import one_line, print_json
from bridge.core.jsonform import Json


def reload(as_json: AsJson = False, domain: Domain = 0, socket: Socket = None) -> None:
    """Take over changed rules; other routes flow on. A bad file changes nothing."""
    answer = ask("reload", domain=domain, socket=socket)
    if as_json:
        print_json(answer)
        return
    changes, restart_needed = _lines(answer, "changes"), _lines(answer, "restart_needed")
    for line in changes or ([] if restart_needed else ["no route changed"]):
        print(one_line(line))
    for line in restart_needed:
        print(f"needs a restart: {one_line(line)}")


def _lines(answer: Json, key: str) -> list[str]:
    """A list of texts in the answer; the agent may be of another version."""
    found = answer.get(key) if isinstance(answer, dict) else None
    return [str(line) for line in found] if isinstance(found, list) else []
