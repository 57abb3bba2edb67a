"""A process that ends with its parent: ``python -m bridge.leash COMMAND...`` becomes that COMMAND.

An agent reads no standard input, so without this it would outlive whoever started it and was killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""Source: prctl(2), Linux. It survives execve."""


def main() -> None:
    """Ask the kernel for SIGTERM at the parent's death, then turn into the command."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)  # it died before the promise held
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the runner's own command, without a shell


if __name__ == "__main__":
    main()
