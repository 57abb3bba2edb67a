"""Links that come and go are told, however many there are."""

from __future__ import annotations

import logging

import pytest

from bridge.core.linkinfo import LinkInfo
from bridge.security.linklog import MAX_LINES, PERIOD_S, LinkLog


def link(number: int) -> LinkInfo:
    return LinkInfo(zid=f"a{number}", whatami="peer", src="tcp/127.0.0.1:7447", dst=f"tcp/127.0.0.1:{number}")


def test_a_link_is_told_when_it_comes_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    watched = LinkLog()
    with caplog.at_level(logging.INFO):
        for now_s, links in enumerate(([], [link(1)], [link(1), link(2)], [link(2)], [link(2)])):
            watched.look(links, float(now_s))
    assert [record.getMessage() for record in caplog.records] == [
        "link up: peer a1, tcp/127.0.0.1:7447 -> tcp/127.0.0.1:1",
        "link up: peer a2, tcp/127.0.0.1:7447 -> tcp/127.0.0.1:2",
        "link ended: peer a1, tcp/127.0.0.1:7447 -> tcp/127.0.0.1:1; a side closed it, or it fell silent",
    ]


def test_whoever_connects_without_end_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    watched = LinkLog()
    with caplog.at_level(logging.INFO):
        for turn in range(100):
            watched.look([link(turn)], PERIOD_S * turn / 1000)
        watched.look([link(99)], 2 * PERIOD_S)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == f"{199 - MAX_LINES} more links came or ended"
