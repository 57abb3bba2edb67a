"""systemd is told what it waits for, over a real socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.cli.servicemanager import ServiceManager


@contextmanager
def systemd(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + address[1:] if address.startswith("@") else address)
        receiver.setblocking(False)
        yield receiver


def told(receiver: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(receiver.recv(1024).decode())
        except BlockingIOError:
            return found


@pytest.mark.parametrize("abstract", [False, True])
def test_ready_and_stopping_are_told(tmp_path: Path, abstract: bool):
    address = f"@zenlink-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with systemd(address) as receiver:
        manager = ServiceManager({"NOTIFY_SOCKET": address})
        manager.ready()
        manager.alive()  # no watchdog is set
        manager.stopping()
        first, last = told(receiver)
    assert first.startswith("READY=1\n")
    assert last.startswith("STOPPING=1\n")


def test_a_watchdog_gets_its_sign_twice_a_period_and_not_at_every_call(tmp_path: Path):
    address = str(tmp_path / "notify")
    env = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "600000000", "WATCHDOG_PID": str(os.getpid())}
    with systemd(address) as receiver:
        manager = ServiceManager(env)
        for _ in range(5):
            manager.alive()
        assert told(receiver) == ["WATCHDOG=1"]


@pytest.mark.parametrize("env", [{"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}])
def test_the_watchdog_of_another_process_is_not_fed(tmp_path: Path, env: dict[str, str]):
    address = str(tmp_path / "notify")
    with systemd(address) as receiver:
        ServiceManager(env | {"NOTIFY_SOCKET": address}).alive()
        assert told(receiver) == []


def test_nobody_to_tell_is_no_fault(tmp_path: Path):
    ServiceManager({}).ready()
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()
