"""Is the agent in this container ready? Exit 0 or 1, with its state on one line.

`zenlink status --ready` says the same for ten times the CPU, most of it imports; a health check runs every
few seconds for as long as the container lives. Standard library alone, no imports of ours.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

READY = ("active", "standby")
TIMEOUT_S = 4.0
"""Below the time that Docker gives the check, so that the reason is still printed."""


def state_of(path: Path) -> str:
    """What the agent behind a control socket calls its state.

    Raises:
        OSError: Nobody answers there, or not in time.
        ValueError: The answer is none of an agent.
    """
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT_S)
        client.connect(str(path))
        client.sendall(b'{"command": "status", "args": {}}\n')
        with client.makefile("rb") as reply:
            answer = json.loads(reply.readline())
    if not answer.get("ok"):
        raise ValueError(answer.get("error", "no answer"))
    return str(answer["result"]["state"])


def main() -> int:
    """Ask the agent of the folder in RUNTIME_DIRECTORY; there is one a container."""
    folder = Path(os.environ.get("RUNTIME_DIRECTORY", "/run/zenlink"))
    sockets = sorted(folder.glob("*.sock"))
    if not sockets:
        print(f"no agent: no socket in {folder}")
        return 1
    try:
        state = state_of(sockets[0])
    except (OSError, ValueError, KeyError) as error:
        print(f"no answer from {sockets[0]}: {error}")
        return 1
    print(state)
    return 0 if state in READY else 1


if __name__ == "__main__":
    sys.exit(main())
