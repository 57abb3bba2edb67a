"""The shipped router with its access control, and members of the fleet: plain Zenoh over mutual TLS."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import zenoh

from bridge.security.authority import Role
from tests.integration.support.certificates import Certificates
from tests.integration.support.processes import ROOT, Process, log_shown_on_failure
from tests.integration.support.waiting import eventually

ROUTER_FILE = ROOT / "configs" / "zenoh" / "router.json5"
Command = Callable[[Path], list[str]]


def zenlink_router(file: Path) -> list[str]:
    """Ours on that file."""
    socket_path = str(file.with_suffix(".sock"))
    return [sys.executable, "-m", "bridge", "run", "-c", str(file), "--socket", socket_path]


class Fleet:
    """A running router of the shipped file, on ports and with certificates of this test."""

    def __init__(self, folder: Path, command: Command) -> None:
        self.certificates = Certificates(folder)
        self.certificates.issue("router")
        self.tls_port, self.tcp_port = _free_ports(2)
        text = ROUTER_FILE.read_text(encoding="utf-8")
        for shipped, ours in (
            ("/etc/zenlink/", f"{folder}/"),
            ("tls/0.0.0.0:7447", f"tls/127.0.0.1:{self.tls_port}"),
            ("tcp/127.0.0.1:7448", f"tcp/127.0.0.1:{self.tcp_port}"),
        ):
            assert shipped in text
            text = text.replace(shipped, ours)
        file = folder / "router.json5"
        file.write_text(text, encoding="utf-8")
        self.process = Process("router", command(file), domain=0, env={}, folder=folder)
        self.endpoint = f"tls/127.0.0.1:{self.tls_port}"

    def wait_until_listening(self) -> None:
        eventually(lambda: self.process.check() or _answers(self.tcp_port))

    @contextlib.contextmanager
    def member(self, name: str, role: Role = Role.ROBOT) -> Iterator[zenoh.Session]:
        """A session with the certificate of `name`; on this host's clear text port when it is ``""``."""
        tls, endpoint = {}, f"tcp/127.0.0.1:{self.tcp_port}"
        if name:
            certificate, key = self.certificates.issue(name, role=role)
            tls = {
                "root_ca_certificate": str(self.certificates.ca),
                "connect_certificate": str(certificate),
                "connect_private_key": str(key),
                "enable_mtls": True,
            }
            endpoint = self.endpoint
        options = {
            "mode": "client",
            "connect": {"endpoints": [endpoint], "timeout_ms": 10_000},
            "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}},
            "transport": {"shared_memory": {"enabled": False}, "link": {"tls": tls}},
        }
        session = zenoh.open(zenoh.Config.from_json5(json.dumps(options)))
        try:
            yield session
        finally:
            session.close()


@contextlib.contextmanager
def fleet(folder: Path, command: Command = zenlink_router) -> Iterator[Fleet]:
    """A running router of the shipped file."""
    started = Fleet(folder, command)
    try:
        with log_shown_on_failure(started.process):
            started.wait_until_listening()
            yield started
    finally:
        started.process.close()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        servers = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [server.getsockname()[1] for server in servers]


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
