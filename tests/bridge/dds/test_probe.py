"""The near end of a probe through DDS."""

from __future__ import annotations

import threading

import pytest

from bridge.core import ddsprobe
from bridge.dds.probe import DdsTransport
from bridge.errors import CannotRun
from tests.contracts.pairs import loopback

PING = ddsprobe.ping_name("c3")


def test_where_nobody_answers_the_reason_is_told(domain_id):
    transport = DdsTransport(
        PING,
        domain_id=domain_id,
        network=loopback(),
        greeting=b"hello",
        greets=lambda _frame: True,
        why=lambda name: f"{name} is denied",
        stop=threading.Event(),
        find_timeout_s=0.3,
    )
    with pytest.raises(CannotRun, match=f"{PING} is denied; {ddsprobe.pong_name(PING)} is denied"):
        transport.open(lambda _frame: None)
    transport.close()
