from __future__ import annotations

import pytest

from netopt.errors import UsageError
from netopt.probe.addresses import shown, split


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("10.0.0.7:80", ("10.0.0.7", 80)), ("[::1]:7448", ("::1", 7448)), ("robot:0", ("robot", 0))],
)
def test_host_and_port(text, wanted):
    assert split(text) == wanted


@pytest.mark.parametrize("text", ["", "10.0.0.7", ":80", "::1:80", "a:b", "a:70000", "a:-1", "a:²"])
def test_what_is_none_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="HOST:PORT"):
        split(text)


def test_shown_as_it_is_written():
    assert (shown(("10.0.0.7", 80)), shown(("::1", 80, 0, 0))) == ("10.0.0.7:80", "[::1]:80")
