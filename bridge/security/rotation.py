"""Notices certificates that were replaced, and has the links made anew with them."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import threading
import time
from collections.abc import Callable

from bridge.core.status import Severity
from bridge.errors import BridgeError
from bridge.security.tlsfiles import CertificateFiles

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Between two looks at the files. Those that stay the same for so long are complete: certificate and key are
written one after the other."""
AGAIN_S = 5.0
"""Before the next attempt with the same files."""
_JOIN_S = 12.0


class Rotation:
    """Owns the thread ``certificate-rotation``.

    Args:
        files: What the links are made with; in use as they are now.
        every_s: Between two looks.
    """

    def __init__(self, files: CertificateFiles, *, every_s: float = LOOK_S) -> None:
        self._files = files
        self._renew: Callable[[], None] = lambda: None
        self._every_s = every_s
        self._in_use = self._seen = _digest(files)
        self._not_before_s = 0.0
        self.stop = threading.Event()
        """Set: what is under way ends soon."""
        self._thread = threading.Thread(target=self._run, name="certificate-rotation", daemon=True)

    def start(self, renew: Callable[[], None]) -> None:
        """Look from now on, unless no certificate of ours is shown or asked for.

        Args:
            renew: Makes the links anew. Raises BridgeError, and is called again later; it may block. Thread:
                certificate-rotation.
        """
        self._renew = renew
        if self._files.listens or self._files.connects:
            self._thread.start()

    def close(self) -> None:
        """End the thread; idempotent."""
        self.stop.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self.stop.wait(self._every_s):
            try:
                self.look(time.monotonic())
            except Exception:
                log.exception("certificates could not be looked at; trying again")

    def look(self, now_s: float) -> None:
        """Compare the files with what is in use, and have them used once they are complete and right.

        Args:
            now_s: monotonic.
        """
        before, self._seen = self._seen, _digest(self._files)
        if self._seen == self._in_use:
            return
        if self._seen != before:
            self._not_before_s = 0.0
            return
        if now_s < self._not_before_s:
            return
        self._not_before_s = now_s + AGAIN_S
        from bridge.security.examine import examine

        faults = examine(self._files, now=dt.datetime.now(dt.timezone.utc))
        if any(one.severity is Severity.ERROR for one in faults):
            return  # a finding each; what is in use is better than that
        log.info("certificates were replaced; links are made anew with them")
        try:
            self._renew()
        except BridgeError as error:
            log.error("the new certificates are not in use yet: %s; trying again", error)  # noqa: TRY400
            return
        self._in_use = self._seen
        log.info("the new certificates are in use")


def _digest(files: CertificateFiles) -> bytes:
    """Of all that the files hold; one that cannot be read has nothing."""
    found = hashlib.sha256()
    for path in (files.ca, files.certificate, files.private_key):
        try:
            content = b"" if path is None else path.read_bytes()
        except OSError:
            content = b""
        found.update(hashlib.sha256(content).digest())
    return found.digest()
