"""Signals as events: in a real process, with real signals."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bridge.cli.signals import stop_signals

ROOT = Path(__file__).parents[3]
PATIENT = """
import threading
from bridge.cli.signals import stop_signals
stop = threading.Event()
with stop_signals(stop):
    print("ready", flush=True)
    stop.wait()
    print("stopping", flush=True)
    {then}
print("done", flush=True)
"""


def child(then: str) -> subprocess.Popen:
    code = PATIENT.format(then=then)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_in_order(number):
    with child("pass") as process:
        process.send_signal(number)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out, errors) == (0, "stopping\ndone\n", "")


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_it_at_once(second):
    with child("threading.Event().wait()") as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(second)
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert len(errors.splitlines()) == 1


def test_the_second_signal_works_while_the_main_thread_never_returns_to_python():
    """A library call that hangs must not make the agent unkillable by hand."""
    with child("import ctypes; ctypes.CDLL(None).pause()") as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 130


HANGUPS = """
import threading
from bridge.cli.signals import stop_signals
stop, hangup = threading.Event(), threading.Event()
with stop_signals(stop, hangup):
    print("ready", flush=True)
    while not stop.wait(0.01):
        if hangup.is_set():
            hangup.clear()
            print("hung up", flush=True)
print("done", flush=True)
"""


def test_each_hangup_is_an_event_and_no_end():
    command = [sys.executable, "-c", HANGUPS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout.readline() == "ready\n"
        for _ in range(2):
            process.send_signal(signal.SIGHUP)
            assert process.stdout.readline() == "hung up\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30) == ("done\n", None)
    assert process.returncode == 0


def test_who_loses_the_terminal_is_stopped():
    """Closing the window sends SIGHUP too, and must not leave an agent behind that nobody sees."""
    read_end, write_end = os.pipe()
    process, terminal = pty.fork()
    if process == 0:
        os.dup2(write_end, 1)
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-c", HANGUPS])
    os.close(write_end)
    with os.fdopen(read_end) as out:
        assert out.readline() == "ready\n"
        os.close(terminal)
        assert out.read() == "done\n"
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def test_without_an_event_a_hangup_keeps_its_meaning():
    with child("pass") as process:
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGHUP


def test_handlers_are_put_back_and_the_thread_ends():
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with stop_signals(threading.Event(), threading.Event()):
        assert signal.getsignal(signal.SIGTERM) not in before
        assert "signals" in [thread.name for thread in threading.enumerate()]
    assert [signal.getsignal(number) for number in numbers] == before
    assert "signals" not in [thread.name for thread in threading.enumerate()]


def test_other_signals_are_nobodys_business():
    stop = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    with stop_signals(stop):
        os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
    assert not stop.is_set()
