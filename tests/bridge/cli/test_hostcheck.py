"""The look at the kernel beside a running agent."""

from __future__ import annotations

import logging
import threading

from bridge.cli.hostcheck import HostCheck


def test_it_says_one_line_and_ends(caplog):
    caplog.set_level(logging.INFO)
    check = HostCheck("robot")
    assert check.counts() == ()
    check.start()
    check.close()
    assert {severity for severity, _ in check.counts()} >= {"error", "warning"}
    (record,) = [record for record in caplog.records if record.name == "bridge.cli.hostcheck"]
    assert record.getMessage().startswith("kernel settings ")
    assert not [thread for thread in threading.enumerate() if thread.name == "tune-check"]


def test_closing_what_never_began_is_nothing():
    HostCheck("robot").close()


def test_what_goes_wrong_is_said_and_harms_nobody(caplog):
    caplog.set_level(logging.INFO)
    check = HostCheck("no such profile")
    check.start()
    check.close()
    assert "could not look at the kernel's settings: there is no profile" in caplog.text
