"""Numbered messages through both bridges, and what must be true of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from tests.integration.support import RosNode, eventually

_WARM_UP = "warm-up"
_COUNT = 100
RATE_HZ = 20
"""Of streams. A new reader of the Rust bridge that meets a busy Fast DDS writer holds 128 samples until the
writer's next heartbeat, up to 3 s later, and loses what comes beyond them until then."""


def carried(
    send: Callable[[Sequence[str]], object], received: Callable[[], list[str]], *, count: int = _COUNT
) -> None:
    """Wait until messages cross, then send numbers: each must arrive, once and in order."""

    def warm() -> bool:
        send([_WARM_UP])
        return bool(received())

    eventually(warm)
    texts = [str(number) for number in range(count)]
    send(texts)
    eventually(lambda: any(text.endswith(texts[-1]) for text in received()))
    assert [text.split(":")[-1] for text in received() if not text.endswith(_WARM_UP)] == texts


def carried_between(talker: RosNode, listener: RosNode) -> None:
    """`carried` for nodes of the scripts ``talker`` and ``listener``."""
    carried(lambda texts: talker.call("publish", texts=texts), lambda: listener.call("received"))


def numbers(listener: RosNode) -> list[int]:
    """What a listener has of a talker's stream."""
    return [int(text.split(":")[1]) for text in listener.call("received")]


def increasing(values: Sequence[int]) -> bool:
    """Whether nothing came twice, and nothing late."""
    return all(first < second for first, second in itertools.pairwise(values))
