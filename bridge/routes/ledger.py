"""What came of what was sent: an ingress route's side of the delivery accounting.

A sender's record says how many samples of a source it has sent up to the last one. It travels behind them in
the same stream, so what has not come by then is lost. Nothing here locks: the route does.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from bridge.core.counts import CountRecord, SourceCount
from bridge.core.routespec import LossCause

RECOVERY_S = 5.0
"""What a TRANSIENT_LOCAL route misses may still come as history: longer than such a query may take."""

SILENT_RECORDS = 3
"""Seconds of a stream without a sample of it: it is no full queue any more, something is wrong."""
FORGET_S = 5.0
"""Without another such record, the source has ended or is quiet."""


@dataclass(slots=True, eq=False)
class _Account:
    """One source writer, as of the last record."""

    zid: str
    """The agent that sends it."""
    epoch: int
    sent: int
    arrived: int
    replayed: int
    broke: bool = False
    """The way to that agent broke since."""
    missing: int = 0
    """Not counted as lost yet: history may bring them."""
    missing_cause: LossCause = LossCause.UNKNOWN
    missing_until_s: float = 0.0
    silent: int = 0
    """Records in succession that told of more samples, of which none had come."""
    silent_at_s: float = 0.0
    """When the last of them came."""


class Ledger:
    """One route's accounts. Thread: any, under the route's lock.

    Args:
        recovers: History may bring what was missed.
        max_sources: Accounts kept; the longest silent one gives way.
    """

    def __init__(self, *, recovers: bool, max_sources: int) -> None:
        self.recovers = recovers
        self.arrived: dict[bytes, int] = {}
        """Live samples that came and were new, by source; the route counts them."""
        self.replayed: dict[bytes, int] = {}
        """The same of samples that came as history."""
        self._max_sources = max_sources
        self._accounts: OrderedDict[bytes, _Account] = OrderedDict()

    def forget(self, source_id: bytes) -> None:
        """A source that is not remembered any more."""
        self.arrived.pop(source_id, None)
        self.replayed.pop(source_id, None)
        self._accounts.pop(source_id, None)

    def bridge_gone(self, zid: str) -> None:
        """The way to an agent broke, or it ended."""
        for account in self._accounts.values():
            account.broke |= account.zid == zid

    def silent(self, now_s: float) -> bool:
        """Whether a source sends, its records come, and its samples do not; a broken link brings neither."""
        return any(
            account.silent >= SILENT_RECORDS and now_s - account.silent_at_s < FORGET_S
            for account in self._accounts.values()
        )

    def take(
        self, zid: str, record: CountRecord, last_ns: dict[bytes, int], now_s: float
    ) -> dict[LossCause, int]:
        """Compare with what a sender says.

        Args:
            zid: the sender.
            record: its record.
            last_ns: time of the newest sample that came, by source.
            now_s: monotonic.

        Returns:
            What was lost since the record before, by cause.
        """
        lost: dict[LossCause, int] = {}
        for one in record.sources:
            missing = self._settle(zid, one, newest_ns=last_ns.get(one.writer.value, -1), now_s=now_s)
            account = self._accounts.get(one.writer.value)
            if missing and account is not None:
                self._book(account, missing, blocking=record.blocking, lost=lost, now_s=now_s)
            if missing is not None and account is not None:
                account.broke = False
        return lost

    def overdue(self, now_s: float) -> dict[LossCause, int]:
        """What history did not bring in time, by cause."""
        lost: dict[LossCause, int] = {}
        for source_id, account in self._accounts.items():
            if account.missing and now_s >= account.missing_until_s:
                self._credit(account, source_id)
                if account.missing:
                    lost[account.missing_cause] = lost.get(account.missing_cause, 0) + account.missing
                account.missing = 0
        return lost

    @property
    def waits(self) -> bool:
        """Whether :meth:`overdue` will have something to decide."""
        return any(account.missing for account in self._accounts.values())

    def _settle(self, zid: str, one: SourceCount, *, newest_ns: int, now_s: float) -> int | None:
        """How many more were sent than came; None where the record cannot tell."""
        source_id = one.writer.value
        account = self._accounts.get(source_id)
        if newest_ns > one.last_ns:
            if account is not None:
                account.silent = 0
            return None  # it was overtaken; the next one will tell
        arrived, replayed = self.arrived.get(source_id, 0), self.replayed.get(source_id, 0)
        if account is None or (account.zid, account.epoch) != (zid, one.epoch) or one.count < account.sent:
            self._accounts[source_id] = _Account(zid, one.epoch, one.count, arrived, replayed)
            self._accounts.move_to_end(source_id)
            while len(self._accounts) > self._max_sources:
                self._accounts.popitem(last=False)
            return None
        came = arrived > account.arrived or replayed > account.replayed
        if came:
            account.silent = 0
        elif one.count > account.sent:
            account.silent, account.silent_at_s = account.silent + 1, now_s
        recovered = self._credit(account, source_id)
        missing = (one.count - account.sent) - (arrived - account.arrived) - recovered
        account.sent, account.arrived = one.count, arrived
        self._accounts.move_to_end(source_id)
        return max(0, missing)

    def _credit(self, account: _Account, source_id: bytes) -> int:
        """Take what history brought off what is missing; how much is left over."""
        replayed = self.replayed.get(source_id, 0)
        recovered, account.replayed = replayed - account.replayed, replayed
        used = min(recovered, account.missing)
        account.missing -= used
        return recovered - used

    def _book(
        self, account: _Account, missing: int, *, blocking: bool, lost: dict[LossCause, int], now_s: float
    ) -> None:
        cause = LossCause.LINK if account.broke else LossCause.UNKNOWN if blocking else LossCause.QUEUE
        if self.recovers:
            account.missing += missing
            account.missing_cause, account.missing_until_s = cause, now_s + RECOVERY_S
        else:
            lost[cause] = lost.get(cause, 0) + missing
