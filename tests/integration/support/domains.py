"""DDS domain ids that nobody else uses: no participant on this host, no test of any pytest process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bridge.demo.places import free_domains

_LOCKS = Path(tempfile.gettempdir()) / f"zenlink-test-domains-{os.getuid()}"
_TRIES = 1000


@contextlib.contextmanager
def domains(count: int) -> Iterator[list[int]]:
    """``count`` fresh domain ids, reserved until the context ends (or the process does)."""
    _LOCKS.mkdir(exist_ok=True)
    found: list[int] = []
    with contextlib.ExitStack() as reserved:
        for _ in range(_TRIES):
            if len(found) == count:
                break
            (domain_id,) = free_domains(1)
            if _reserve(domain_id, reserved):
                found.append(domain_id)
        assert len(found) == count, f"all domains are reserved by other tests; see {_LOCKS}"
        yield found


def _reserve(domain_id: int, undo: contextlib.ExitStack) -> bool:
    """A lock that the kernel frees when we die; children do not inherit it."""
    descriptor = os.open(_LOCKS / str(domain_id), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    undo.callback(os.close, descriptor)
    return True
