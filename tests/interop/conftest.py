"""This ring runs wherever the peers are built. ZENLINK_INTEROP=0 turns it off, =all adds its second cases."""

from __future__ import annotations

import os

import pytest

from tests.interop.support.programs import missing


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is not wanted or cannot run; here and not in a fixture, so that one line tells it of all."""
    wanted = os.environ.get("ZENLINK_INTEROP", "")
    if wanted == "0":
        pytest.skip("ZENLINK_INTEROP=0 turns the interop ring off")
    if reason := missing():
        pytest.skip(reason)
    if wanted != "all" and item.get_closest_marker("second_case"):
        pytest.skip("covered in less time by another case; ZENLINK_INTEROP=all runs it")
