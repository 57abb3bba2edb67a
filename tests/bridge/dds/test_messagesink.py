"""Messages reach their function one by one, in order; what waits is bounded."""

from __future__ import annotations

from collections import Counter

from bridge.dds.messagesink import MAX_QUEUED, MessageSink
from bridge.ports import DdsSample


def sample(number: int) -> DdsSample:
    return DdsSample(bytes([number % 256]), number, 1)


def test_each_message_is_handled_in_order_also_after_a_fault() -> None:
    seen: list[int] = []

    def handle(one: DdsSample) -> None:
        seen.append(one.source_ns)
        if one.source_ns == 2:
            raise RuntimeError("boom")

    sink = MessageSink(handle, Counter())
    sink.accept([sample(1), sample(2)])
    sink.enqueue([sample(3)])
    assert sink.pending()
    sink.flush()
    assert (seen, sink.pending()) == ([1, 2, 3], False)


def test_what_waits_is_bounded_and_what_is_too_much_counted() -> None:
    counts: Counter[str] = Counter()
    sink = MessageSink(lambda one: None, counts)
    sink.enqueue([sample(number) for number in range(MAX_QUEUED + 5)])
    assert counts == {"overflow": 5}
