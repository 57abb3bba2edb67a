"""The part of the agent that publishes ``/diagnostics`` on its DDS domain, once a second."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable

from bridge.core.diagnostics import DDS_TOPIC, DDS_TYPE, USER_DATA, Status, encode, out_of_order, statuses
from bridge.core.status import AgentFacts
from bridge.dds.companion import CompanionNode
from bridge.errors import BridgeError, CannotRun

log = logging.getLogger(__name__)

PERIOD_S = 1.0
NODE_NAME = "zenlink_diagnostics"
_REST = 50
"""Looking takes at most one part of so many of the time: with a thousand routes it takes long, and in between
the last findings are published again."""
MAX_INSTANCES = 100
"""Agents of one host and domain that are told apart."""
_JOIN_S = 7.0
"""More than an engine that hangs takes to be given up."""


class HostName:
    """What an agent is called on ``/diagnostics``: its host, numbered where that has several on the domain.

    The number is the first that no other agent here holds, by an abstract socket: it ends with its process,
    and is common to those who share a network, whatever their users and file systems are.
    """

    def __init__(self, domain_id: int) -> None:
        self._held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        number = self._take(domain_id)
        self.text = socket.gethostname() + (f" {number}" if number > 1 else "")

    def _take(self, domain_id: int) -> int:
        """The number; 1 also where there are no such sockets, since only Linux has them."""
        for number in range(1, MAX_INSTANCES + 1):
            try:
                self._held.bind(f"\0zenlink/diagnostics/{domain_id}/{number}")
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    break
            else:
                return number
        return 1

    def close(self) -> None:
        """Give the number back; idempotent."""
        self._held.close()


class Diagnostics:
    """Publishes from :meth:`start` until it is closed, on a thread of its own (``diagnostics``).

    That it cannot is told in the log, and is never a reason not to bridge.

    Args:
        domain_id: the domain, joined already.
        zid: the agent's Zenoh id.
        namespace: of its nodes.
        facts: what is told. Thread: diagnostics.
        gid_width: bytes of a gid as the domain's nodes have it. Thread: diagnostics.
    """

    def __init__(
        self,
        *,
        domain_id: int,
        zid: str,
        namespace: str,
        facts: Callable[[], AgentFacts],
        gid_width: Callable[[], int],
    ) -> None:
        self._domain_id = domain_id
        self._zid = zid
        self._namespace = namespace
        self._facts = facts
        self._gid_width = gid_width
        self._host = HostName(domain_id)
        self._found: tuple[Status, ...] = ()
        self._look_at_s = 0.0
        """Monotonic: not before, but for what went wrong."""
        self._skipped = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="diagnostics", daemon=True)

    def start(self) -> None:
        """Begin. Thread: any, once."""
        self._thread.start()

    def close(self) -> None:
        """End; idempotent."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
        self._host.close()

    def _run(self) -> None:
        """Thread: diagnostics."""
        try:
            node = CompanionNode(
                domain_id=self._domain_id,
                zid=self._zid,
                namespace=self._namespace,
                name=NODE_NAME,
                topic=(DDS_TOPIC, DDS_TYPE, USER_DATA),
            )
        except BridgeError as error:
            log.warning("no /diagnostics: %s", error)
            return
        try:
            while not self._stop.is_set():
                self._publish(node)
                self._stop.wait(PERIOD_S)
        except BridgeError as error:
            log.warning("no /diagnostics any more: %s", error)
        except Exception:
            log.exception("/diagnostics ended; everything else goes on")
        finally:
            node.close()

    def _publish(self, node: CompanionNode) -> None:
        began_s = time.monotonic()
        if began_s >= self._look_at_s:
            self._found = self._look(node)
            self._look_at_s = began_s + _REST * (time.monotonic() - began_s)
        if node.publish(encode(self._found, stamp_ns=time.time_ns())):
            return
        self._skipped += 1
        if self._skipped == 1:
            log.warning("a message of /diagnostics was left out: a subscriber takes none")

    def _look(self, node: CompanionNode) -> tuple[Status, ...]:
        """What there is to tell, also that the engine does not answer."""
        try:
            node.announce(self._gid_width())
            return statuses(self._facts(), host=self._host.text)
        except CannotRun as error:
            return out_of_order(error.problem, host=self._host.text, domain_id=self._domain_id)
