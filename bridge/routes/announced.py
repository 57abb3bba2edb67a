"""What the routes of services and actions share: a token on Zenoh, and no endpoints of topics."""

from __future__ import annotations

from bridge.core.gid import Gid
from bridge.core.tokens import Token
from bridge.ports import Announcement, ZenohSide


class AnnouncedRoute:
    """Announces one token at a time. Thread: engine."""

    def __init__(self, zenoh: ZenohSide) -> None:
        self._zenoh = zenoh
        self._token: Announcement | None = None

    def endpoint_gids(self) -> tuple[tuple[Gid, ...], tuple[Gid, ...]]:
        """None of its own: the services of a form know theirs."""
        return (), ()

    def _announce(self, token: Token | None) -> None:
        """This one in place of the former; None: none.

        Raises:
            ZenohError: refused; then none is announced.
        """
        before, self._token = self._token, None
        if before is not None:
            before.close()
        if token is not None:
            self._token = self._zenoh.announce(str(token))
