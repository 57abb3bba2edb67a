"""A line of the log for each Zenoh link that came or went, from either side; of very many, how many more."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from bridge.core.linkinfo import LinkInfo

log = logging.getLogger(__name__)

MAX_LINES = 20
"""In each :data:`PERIOD_S`: whoever connects again and again must not fill the disk."""
PERIOD_S = 10.0


class LinkLog:
    """Compares the links of now with those of the last look. Thread: that of the looks."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], LinkInfo] = {}
        self._period_ends_s = 0.0
        self._lines = 0
        self._held = 0

    def look(self, links: Iterable[LinkInfo], now_s: float) -> None:
        """Tell what changed since the last look."""
        if now_s >= self._period_ends_s:
            if self._held:
                log.info("%d more links came or ended", self._held)
            self._period_ends_s, self._lines, self._held = now_s + PERIOD_S, 0, 0
        found = {(link.zid, link.src, link.dst): link for link in links}
        for key, link in found.items():
            if key not in self._known and self._may_write():
                log.info("link up: %s", _ends(link))
        for key, link in self._known.items():
            if key not in found and self._may_write():
                log.info("link ended: %s; a side closed it, or it fell silent", _ends(link))
        self._known = found

    def _may_write(self) -> bool:
        self._lines += 1
        if self._lines <= MAX_LINES:
            return True
        self._held += 1
        return False


def _ends(link: LinkInfo) -> str:
    return f"{link.whatami or 'neighbour'} {link.zid}, {link.src} -> {link.dst}"
