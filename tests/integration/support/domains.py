"""DDS domain ids that nobody else uses: no participant on this host, no test or demo of any process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bridge.demo.places import claimed_domains


@contextlib.contextmanager
def domains(count: int) -> Iterator[list[int]]:
    """``count`` fresh domain ids, claimed until the context ends (or the process does)."""
    with claimed_domains(count) as found:
        yield list(found)
