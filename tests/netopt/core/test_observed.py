"""What was read of a host."""

from __future__ import annotations

from netopt.core.observed import Access, Host
from netopt.core.settings import sysctl
from tests.fakes.kernel import old_host


def test_what_was_not_read_is_absent():
    assert Host(kernel=(6, 1)).reading(sysctl("net.x")).access is Access.ABSENT


def test_interfaces_by_name():
    eth0 = old_host().interface("eth0")
    assert eth0 is not None
    assert eth0.mtu == 1500
    assert old_host().interface("wlan0") is None
