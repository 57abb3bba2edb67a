"""Liveliness tokens: watch those of others, declare our own.

Keys that cannot be parsed are counted and skipped: one bad token must not hide the good ones.
"""

from __future__ import annotations

import logging
import threading

import zenoh

from bridge.core.events import (
    ExtensionAnnounced,
    ExtensionRetired,
    InputRejected,
    TokenAnnounced,
    TokenRetired,
)
from bridge.core.extensions import parse_extension
from bridge.core.tokens import EXTENSION_KEY_EXPR, WATCH_KEY_EXPR, parse_token
from bridge.errors import WireError, ZenohError
from bridge.ports import EventSink
from bridge.zenoh.renewal import Renewable

log = logging.getLogger(__name__)


class TokenWatch(Renewable):
    """Turns liveliness tokens of other bridges into events."""

    def __init__(self, session: zenoh.Session, emit: EventSink) -> None:
        self._own_zid = str(session.zid())
        self._emit = emit
        self._lock = threading.Lock()
        """Guards what is known: several links may deliver at once."""
        self._known: set[tuple[str, bool]] = set()
        """Keys of the tokens there are, and whether each is an extension of ours."""
        self._watch(session)

    def _watch(self, session: zenoh.Session) -> None:
        liveliness = session.liveliness()
        self._subscribers = [
            liveliness.declare_subscriber(
                key_expr, zenoh.handlers.Callback(handler, indirect=False), history=True
            )
            for key_expr, handler in (
                (WATCH_KEY_EXPR, self._bridge_token),
                (EXTENSION_KEY_EXPR, self._extension_token),
            )
        ]

    def renew(self, session: zenoh.Session) -> None:
        """See :class:`Renewable`. As after a break of all links: all are gone, then announced again."""
        with self._lock:
            known, self._known = self._known, set()
        for key, extension in known:
            self._tell(key, put=False, extension=extension)
        self._watch(session)

    def _bridge_token(self, sample: zenoh.Sample) -> None:
        """Thread: Zenoh's."""
        self._handle(sample, extension=False)

    def _extension_token(self, sample: zenoh.Sample) -> None:
        """Thread: Zenoh's."""
        self._handle(sample, extension=True)

    def _handle(self, sample: zenoh.Sample, *, extension: bool) -> None:
        key, put = str(sample.key_expr), sample.kind == zenoh.SampleKind.PUT
        with self._lock:
            (self._known.add if put else self._known.discard)((key, extension))
        self._tell(key, put=put, extension=extension)

    def _tell(self, key: str, *, put: bool, extension: bool) -> None:
        try:
            event = _event(key, put=put, extension=extension)
            if event.token.zid != self._own_zid:
                self._emit(event)
        except WireError as error:
            log.debug("dropped a token: %s", error)
            self._emit(InputRejected(codec=error.codec))
        except Exception:
            log.exception("a token could not be handled")
            self._emit(InputRejected(codec="token"))

    def close(self) -> None:
        """Stop watching."""
        for subscriber in self._subscribers:
            subscriber.undeclare()


def _event(
    key: str, *, put: bool, extension: bool
) -> TokenAnnounced | TokenRetired | ExtensionAnnounced | ExtensionRetired:
    if extension:
        own = parse_extension(key)
        return ExtensionAnnounced(token=own) if put else ExtensionRetired(token=own)
    token = parse_token(key)
    return TokenAnnounced(token=token) if put else TokenRetired(token=token)


class DeclaredToken(Renewable):
    """One token of ours until it is closed; see :class:`bridge.ports.Announcement`."""

    def __init__(self, session: zenoh.Session, key_expr: str) -> None:
        self._key_expr = key_expr
        self._closed = False
        self._token = self._declared(session)

    def _declared(self, session: zenoh.Session) -> zenoh.LivelinessToken:
        try:
            return session.liveliness().declare_token(self._key_expr)
        except zenoh.ZError as error:
            raise ZenohError(f"cannot announce {self._key_expr}: {error}") from error

    def renew(self, session: zenoh.Session) -> None:
        """See :class:`Renewable`."""
        if not self._closed:
            self._token = self._declared(session)

    def beside(self, session: zenoh.Session) -> zenoh.LivelinessToken | None:
        """See :class:`Renewable`. To the others it is one token, there as long as one of the two is."""
        return None if self._closed else self._declared(session)

    def close(self) -> None:
        """Retire the token; idempotent."""
        if not self._closed:
            self._closed = True
            self._token.undeclare()
