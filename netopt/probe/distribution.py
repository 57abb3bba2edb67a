"""The real :class:`netopt.ports.Distribution`: HdrHistogram."""

from __future__ import annotations

import zlib

from hdrh.codec import HdrCookieException, HdrHistogramSettingsException, HdrLengthException
from hdrh.histogram import HdrHistogram

from netopt.errors import UsageError

LOWEST_US, HIGHEST_US, DIGITS = 1, 60_000_000, 3
_NOT_ONE = (
    *(HdrCookieException, HdrHistogramSettingsException, HdrLengthException),
    *(ArithmeticError, IndexError, RuntimeError, TypeError, ValueError, zlib.error),
)
"""What hdrh raises on text that is no histogram."""


class HdrDistribution:
    """See :class:`netopt.ports.Distribution`. Thread: one at a time."""

    __slots__ = ("_histogram", "_sum_us")

    def __init__(self) -> None:
        self._sum_us = 0.0
        """Kept beside it: the histogram needs 0.1 s to find its mean."""
        self._histogram = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)

    @property
    def count(self) -> int:
        """See :class:`netopt.ports.Distribution`."""
        return int(self._histogram.get_total_count())

    def record_us(self, value_us: int) -> None:
        """See :class:`netopt.ports.Distribution`."""
        within_us = min(max(value_us, LOWEST_US), HIGHEST_US)
        self._sum_us += within_us
        self._histogram.record_value(within_us)

    def percentile_us(self, percentile: float) -> int:
        """See :class:`netopt.ports.Distribution`."""
        return int(self._histogram.get_value_at_percentile(percentile)) if self.count else 0

    def max_us(self) -> int:
        """See :class:`netopt.ports.Distribution`."""
        return int(self._histogram.get_max_value()) if self.count else 0

    def min_us(self) -> int:
        """See :class:`netopt.ports.Distribution`."""
        return int(self._histogram.get_min_value()) if self.count else 0

    def mean_us(self) -> float:
        """See :class:`netopt.ports.Distribution`."""
        return self._sum_us / self.count if self.count else 0.0

    def merge(self, encoded: str) -> None:
        """See :class:`netopt.ports.Distribution`."""
        try:
            other = HdrHistogram.decode(encoded)
            if (other.lowest_trackable_value, other.highest_trackable_value) != (LOWEST_US, HIGHEST_US):
                raise ValueError("another range")
            self._histogram.add(other)
            self._sum_us += other.get_mean_value() * other.get_total_count()
        except _NOT_ONE as error:
            raise UsageError(
                f"no histogram: {encoded[:24]!r}", remedy="give files that `zenlink probe ping --json` wrote"
            ) from error

    def encode(self) -> str:
        """See :class:`netopt.ports.Distribution`."""
        return str(self._histogram.encode().decode("ascii"))
