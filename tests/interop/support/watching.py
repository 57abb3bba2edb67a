"""A plain Zenoh session beside the bridges: sees what is really on the wire."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator

import zenoh

_TOKENS = "@/*/@ros2_lv/**"


@contextlib.contextmanager
def plain_session(endpoint: str) -> Iterator[zenoh.Session]:
    """A client of whatever listens there."""
    options = {
        "mode": "client",
        "connect": {"endpoints": [endpoint]},
        "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {"shared_memory": {"enabled": False}},
    }
    session = zenoh.open(zenoh.Config.from_json5(json.dumps(options)))
    try:
        yield session
    finally:
        session.close()


class TokenWatch:
    """The bridge tokens that exist now."""

    def __init__(self, session: zenoh.Session) -> None:
        self._lock = threading.Lock()
        self._alive: set[str] = set()
        self._subscriber = session.liveliness().declare_subscriber(_TOKENS, self._handle, history=True)

    def _handle(self, sample: zenoh.Sample) -> None:
        with self._lock:
            if sample.kind == zenoh.SampleKind.PUT:
                self._alive.add(str(sample.key_expr))
            else:
                self._alive.discard(str(sample.key_expr))

    def of(self, zid: str, *kinds: str, about: str = "") -> set[str]:
        """Tokens of one bridge without its id, e.g. ``MP/chatter/std_msgs§msg§String/:1::0,10``.

        Args:
            zid: of the bridge.
            kinds: ``MP``, ``MS``, …; all without any.
            about: only those of keys that begin so.
        """
        head = f"@/{zid}/@ros2_lv/"
        with self._lock:
            found = {token.removeprefix(head) for token in self._alive if token.startswith(head)}
        return {
            token
            for token in found
            if (not kinds or token.split("/")[0] in kinds) and token.split("/")[1].startswith(about)
        }

    def close(self) -> None:
        """Stop watching."""
        self._subscriber.undeclare()


@contextlib.contextmanager
def token_watch(endpoint: str) -> Iterator[TokenWatch]:
    """Watch the tokens of all bridges linked to whatever listens there."""
    with plain_session(endpoint) as session:
        watch = TokenWatch(session)
        try:
            yield watch
        finally:
            watch.close()
