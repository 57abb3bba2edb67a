"""Samples that come before their writer is announced wait for it, but not for long."""

from __future__ import annotations

from bridge.routes.early import MAX_STRANGERS, WAIT_S, EarlySamples

ONE, OTHER = b"1" * 16, b"2" * 16


def holding(*samples: tuple[bytes, str], now_s: float = 0.0) -> EarlySamples[str]:
    early: EarlySamples[str] = EarlySamples()
    for source_id, sample in samples:
        assert early.hold(source_id, sample, 1, now_s) == 0
    return early


def test_an_announced_writer_gets_its_own_samples_in_order() -> None:
    early = holding((ONE, "a"), (OTHER, "b"), (ONE, "c"))
    assert list(early.announced(ONE)) == ["a", "c"]
    assert list(early.announced(ONE)) == []
    assert early
    assert list(early.all()) == ["b"]
    assert not early


def test_a_writer_that_nobody_announces_is_waited_for_once() -> None:
    early = holding((ONE, "a"), now_s=10.0)
    assert list(early.overdue(10.0 + WAIT_S / 2)) == []
    early.hold(ONE, "b", 1, 10.0 + WAIT_S / 2)
    assert list(early.overdue(10.0 + WAIT_S)) == ["a", "b"]
    assert early.is_stranger(ONE)
    assert not early.is_stranger(OTHER)
    assert not early


def test_a_stranger_that_is_announced_after_all_is_none_any_more() -> None:
    early = holding((ONE, "a"))
    assert list(early.overdue(WAIT_S)) == ["a"]
    assert list(early.announced(ONE)) == []
    assert not early.is_stranger(ONE)


def test_strangers_are_bounded() -> None:
    early: EarlySamples[str] = EarlySamples()
    for number in range(MAX_STRANGERS + 1):
        early.hold(number.to_bytes(16, "big"), "a", 1, 0.0)
    assert len(list(early.overdue(WAIT_S))) == MAX_STRANGERS + 1
    assert not early.is_stranger((0).to_bytes(16, "big"))
    assert early.is_stranger(MAX_STRANGERS.to_bytes(16, "big"))
