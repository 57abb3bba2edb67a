"""Whose requests are answered."""

from __future__ import annotations

import pytest

from bridge.http.guard import is_loopback_host


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:9469", "LOCALHOST.", "127.0.0.1:80", "127.8.9.1", "[::1]", "[::1]:9469"]
)
def test_names_of_this_host(host):
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:9469",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "[::2]:1",
    ],
)
def test_names_of_others(host):
    assert not is_loopback_host(host)
