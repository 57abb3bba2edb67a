"""Every value kept as it is: :class:`netopt.core.tally.Distribution` without rounding."""

from __future__ import annotations

import json
import math

from netopt.errors import UsageError

_LOWEST_US, _HIGHEST_US = 1, 60_000_000


class ExactDistribution:
    """See :class:`netopt.core.tally.Distribution`."""

    def __init__(self) -> None:
        self._values: list[int] = []

    @property
    def count(self) -> int:
        return len(self._values)

    def record_us(self, value_us: int) -> None:
        self._values.append(min(max(value_us, _LOWEST_US), _HIGHEST_US))

    def percentile_us(self, percentile: float) -> int:
        if not self._values:
            return 0
        rank = max(1, math.ceil(round(len(self._values) * percentile / 100.0, 6)))
        return sorted(self._values)[rank - 1]

    def max_us(self) -> int:
        return max(self._values, default=0)

    def min_us(self) -> int:
        return min(self._values, default=0)

    def mean_us(self) -> float:
        return sum(self._values) / len(self._values) if self._values else 0.0

    def merge(self, encoded: str) -> None:
        try:
            self._values += json.loads(encoded)
        except ValueError as error:
            raise UsageError("no list of values", remedy="give what encode wrote") from error

    def encode(self) -> str:
        return json.dumps(self._values)
