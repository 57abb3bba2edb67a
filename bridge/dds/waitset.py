"""A waitset that tells which entity fired: Cyclone's own, through ctypes.

cyclonedds-python's ``WaitSet.wait`` returns only a count and its ``attach`` is quadratic (design,
fact 4). Here an index is attached to each entity and comes back from ``wait``.
"""

from __future__ import annotations

import ctypes as ct

from cyclonedds.core import GuardCondition
from cyclonedds.domain import DomainParticipant

from bridge.dds import clib
from bridge.errors import DdsError

_MAX_READY = 256
"""Entities reported by one wait; the rest come with the next."""
_WAKE_INDEX = 0
"""Index of the guard condition; entities use 1 and up."""


class IndexedWaitSet:
    """Waits for many DDS entities and names those that have something to say.

    Thread: ``attach``, ``detach`` and ``wake`` from any; ``wait`` from one at a time.
    """

    def __init__(self, participant: DomainParticipant) -> None:
        self._ref = int(clib.create_waitset(participant._ref))
        if self._ref < 0:
            raise DdsError(f"dds_create_waitset failed with {self._ref}")
        # An empty waitset returns at once: the guard keeps it asleep, and wakes it on demand.
        self._guard = GuardCondition(participant)
        self._attach_ref(self._guard._ref, _WAKE_INDEX)
        self._ready = (ct.c_ssize_t * _MAX_READY)()

    def attach(self, entity_ref: int, index: int) -> None:
        """Report ``index`` (at least 1) whenever the entity triggers.

        Raises:
            DdsError: the entity cannot trigger, or is deleted.
        """
        self._attach_ref(entity_ref, index)

    def _attach_ref(self, entity_ref: int, index: int) -> None:
        code = clib.waitset_attach(self._ref, entity_ref, index)
        if code != 0:
            raise DdsError(f"dds_waitset_attach failed with {code}")

    def detach(self, entity_ref: int) -> None:
        """Forget an entity; harmless when it is not attached."""
        clib.waitset_detach(self._ref, entity_ref)

    def wait(self, timeout_ns: int) -> list[int]:
        """Indexes of the entities that fired; empty after a timeout or a :meth:`wake`."""
        count = clib.waitset_wait(self._ref, self._ready, _MAX_READY, timeout_ns)
        if count < 0:
            raise DdsError(f"dds_waitset_wait failed with {count}")
        ready = self._ready[: min(count, _MAX_READY)]
        if _WAKE_INDEX in ready:
            self._guard.set(False)
            ready = [index for index in ready if index != _WAKE_INDEX]
        return ready

    def wake(self) -> None:
        """Make a running or the next :meth:`wait` return at once."""
        self._guard.set(True)

    def close(self) -> None:
        """Delete the waitset and its guard."""
        clib.delete(self._ref)
        self._guard.__del__()
