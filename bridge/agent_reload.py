"""The part of the agent that reads its rules again while it runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from bridge import config_io
from bridge.config_io import LoadedConfig
from bridge.engine import Engine
from bridge.errors import ConfigError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What a reload did."""

    changes: tuple[str, ...]
    """One line a route that differs."""
    restart_needed: tuple[str, ...]
    """Changed keys that only a restart brings into effect."""


class Reloader:
    """Reads the rules again and hands them to the engine. Thread: any, one at a time."""

    def __init__(self, engine: Engine, loaded: LoadedConfig, read: Callable[[], LoadedConfig]) -> None:
        self._engine = engine
        self._started_with = loaded
        self.latest = loaded
        """What it runs with now."""
        self._read = read
        self._lock = threading.Lock()

    def reload(self) -> Reloaded:
        """Take over what changed in the rules.

        Raises:
            ConfigError: the file is faulty now; nothing was changed.
        """
        with self._lock:
            loaded = self._read()
            changes = self._engine.reload(loaded.policy)
            self.latest = loaded
            return Reloaded(changes=changes, restart_needed=config_io.differences(self._started_with, loaded))

    def reload_logged(self) -> None:
        """The same for a signal, which can only be answered in the log."""
        try:
            done = self.reload()
        except ConfigError as error:
            # The line says it all; a traceback would not help whoever wrote the file.
            log.error("not reloaded, everything stays as it was: %s", error)  # noqa: TRY400
            return
        for line in done.changes or ("nothing changed",):
            log.info("reloaded: %s", line)
        for line in done.restart_needed:
            log.warning("needs a restart: %s", line)
