"""What many measured values come to."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of them that at least that share do not exceed (nearest rank); one value at least."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
