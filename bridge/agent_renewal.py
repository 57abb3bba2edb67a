"""Makes the links anew with other certificates, while samples cross.

Where we connect, a second session with the new certificates comes first. It takes in what others send, and
keeps our tokens up, while the agent's own session is closed and opened again. For a while both deliver; what
comes twice is told apart by its writer and time, as always. If the others do not accept the new certificates,
all stays as it is. Where we listen, a port can be had by one session only: links of those who connect break.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from bridge.agent_probe import LinkProbe
from bridge.core.endpoint import parse_endpoint
from bridge.errors import CannotRun
from bridge.security.watch import LinkWatch, linked
from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import ZenohSession

log = logging.getLogger(__name__)

LINK_S = 5.0
"""For the links of a session to come up, handshake included."""
SPREAD_S = 1.0
"""Until everybody knows what was declared; nothing tells that."""
_POLL_S = 0.05
_OWN_EXTRA = ("mode", "id", "listen", "connect")
"""Raw options of the user that are for the agent's own session alone."""

T = TypeVar("T")


class Renewal:
    """What :class:`bridge.security.rotation.Rotation` calls.

    Args:
        zenoh: The agent's session.
        network: As it was opened.
        probe: Measures on the session.
        watch: Told of what is served from now on.
        on_engine: Has something done by the thread that opens and closes what is declared.
        stop: Ends the waiting.
    """

    def __init__(
        self,
        zenoh: ZenohSession,
        network: ZenohNetwork,
        *,
        probe: LinkProbe,
        watch: LinkWatch,
        on_engine: Callable[[Callable[[], None]], None],
        stop: threading.Event,
    ) -> None:
        self._zenoh = zenoh
        self._network = zenoh.bound(network)
        self._probe = probe
        self._watch = watch
        self._on_engine = on_engine
        self._stop = stop

    def __call__(self) -> None:
        """Make the links anew.

        Raises:
            BridgeError: The new certificates are of no use, and nothing was changed; or the session could not
                be opened again, and this is to be called again soon.

        Thread: certificate-rotation.
        """
        connected = self._connected(self._zenoh, self._network.connect)
        beside = ZenohSession.open(_beside(self._network, connected), stop=self._stop)
        try:
            if not self._await(beside, connected):
                raise CannotRun(
                    "there is no link with the new certificates",
                    remedy="see whether the others accept them (`zenlink certs check`); all stays as it is",
                )
            if connected:
                self._on_engine(lambda: self._held(self._zenoh.beside(beside)))
                self._stop.wait(SPREAD_S)
            known = self._zenoh.bridges()
            self._renew()
            if connected and self._await(self._zenoh, connected):
                self._stop.wait(SPREAD_S)
            self._all_back(known)
        finally:
            beside.close()
            self._zenoh.alone()
            self._held(())
        self._watch.renewed()

    def _held(self, declared: Sequence[object]) -> None:
        self._declared = declared

    def _renew(self) -> None:
        self._probe.pause()
        began_s = time.monotonic()
        try:
            self._on_engine(lambda: self._zenoh.renew(self._network))
        finally:
            self._probe.resume()
        log.info("the links were made anew in %.3f s", time.monotonic() - began_s)

    def _all_back(self, known: frozenset[str]) -> None:
        """Wait for the bridges that were there before.

        One may be linked and not heard, if it came or went while Zenoh's routers worked out their ways.
        """
        until_s = time.monotonic() + LINK_S
        while missing := known - self._zenoh.bridges():
            if self._stop.wait(_POLL_S):
                return
            if time.monotonic() > until_s:
                raise CannotRun(
                    f"not all came back: {', '.join(sorted(missing))}",
                    remedy="the links are made anew once more",
                )

    def _connected(self, zenoh: ZenohSession, connect: Sequence[str]) -> tuple[str, ...]:
        links = zenoh.links()
        return tuple(one for one in connect if linked(parse_endpoint(one), links))

    def _await(self, zenoh: ZenohSession, connect: Sequence[str]) -> bool:
        """Whether all of these links came up in time."""
        until_s = time.monotonic() + LINK_S
        while len(self._connected(zenoh, connect)) < len(connect):
            if time.monotonic() > until_s or self._stop.wait(_POLL_S):
                return False
        return True


def _beside(network: ZenohNetwork, connect: Sequence[str]) -> ZenohNetwork:
    """Of the session beside: connected as the agent's own, and listening where nobody looks, as a trial."""
    encrypted = any(parse_endpoint(one).encrypted for one in network.listen)
    return replace(
        network,
        mode="peer" if network.mode == "client" else network.mode,
        zid=None,
        listen=["tls/127.0.0.1:0"] if encrypted else [],
        connect=connect,
        extra=[(key, value) for key, value in network.extra if key.split("/")[0] not in _OWN_EXTRA],
    )
