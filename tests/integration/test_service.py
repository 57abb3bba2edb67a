"""A real agent under a service manager: it says when it is ready, that it lives, and that it stops."""

from __future__ import annotations

import json
import signal
import socket
import sys
from pathlib import Path

from tests.integration.support import domains, eventually
from tests.integration.support.processes import Process, log_shown_on_failure


def test_systemd_is_told_ready_alive_and_stopping(tmp_path: Path) -> None:
    notify = tmp_path / "notify"
    env = {"NOTIFY_SOCKET": str(notify), "WATCHDOG_USEC": "2000000"}
    told: list[str] = []
    with domains(1) as (domain,), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(notify))
        manager.settimeout(60)
        file = tmp_path / "zenlink.yaml"
        ros = {"domain_id": domain, "discovery_range": "localhost"}
        file.write_text(json.dumps({"http": {"listen": None}, "ros": ros, "zenoh": {"listen": []}}))
        command = [sys.executable, "-m", "bridge", "run", "-c", str(file), "--socket", str(tmp_path / "s")]
        process = Process("agent", command, domain=domain, env=env, folder=tmp_path)
        try:
            with log_shown_on_failure(process):
                told.append(manager.recv(1024).decode())
                told += [manager.recv(1024).decode() for _ in range(3)]
                process.signal(signal.SIGTERM)
                assert process.wait() == 0
                manager.setblocking(False)
                eventually(lambda: told.append(manager.recv(1024).decode()) or "STOPPING" in told[-1])
        finally:
            process.close()
    assert told[0].startswith("READY=1\n")
    assert set(told[1:-1]) == {"WATCHDOG=1"}
    assert told[-1].startswith("STOPPING=1\n")
