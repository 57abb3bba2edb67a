"""``python -m bench.unmeasured``: the ``zenlink`` command without passive latency.

No configuration turns that off. The rest that measures (probe, metrics) has its keys.
"""

from __future__ import annotations

from bridge.cli.main import run
from bridge.core.latency import PassiveLatency

_VOID = "not measured in this arm"


def _never(self: PassiveLatency, *_args: object, **_keywords: object) -> None:
    self.stop(_VOID)


if __name__ == "__main__":
    PassiveLatency.follow = _never  # type: ignore[method-assign]
    PassiveLatency.follow_local = _never  # type: ignore[method-assign]
    run()
