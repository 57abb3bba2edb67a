"""What Cyclone DDS has to say while it starts: kept for our own error instead of printed beside it.

Cyclone prints to standard error and the wheel has no way to give it a log function, so the descriptor itself
is turned aside for that moment.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2
_PREFIX = re.compile(r"^[0-9.]+ \[\d*\] +\S+: ")
"""Time, domain and thread, e.g. ``1795261974.755092 [97]     python: ``."""
_MAX_BYTES = 1 << 16


@contextmanager
def start_messages() -> Iterator[list[str]]:
    """Within it standard error is turned aside; afterwards the list holds Cyclone's lines.

    Thread: main, while nothing else in the process prints.
    """
    messages: list[str] = []
    with tempfile.TemporaryFile() as aside:
        sys.stderr.flush()
        kept = os.dup(_STDERR)
        os.dup2(aside.fileno(), _STDERR)
        try:
            yield messages
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            aside.seek(0)
            text = aside.read(_MAX_BYTES).decode(errors="replace")
            messages += [_PREFIX.sub("", line).strip() for line in text.splitlines() if line.strip()]
