"""The Rust bridge and zenohd as processes on loopback, from where ``make peers`` puts them."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.integration.support import eventually
from tests.integration.support.processes import Process, log_shown_on_failure, scratch_folder

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
PEERS = Path(os.environ.get("PEERS_DIR") or _CACHE / "zenlink" / "peers") / "bin"
"""As in the Makefile."""
RUST_BRIDGE = PEERS / "rust-bridge-ros2dds"
ZENOHD = PEERS / "zenohd"

_REACHABLE = re.compile(r"can be reached at: (tcp/127\.0\.0\.1:\d+)")
_ZID = re.compile(r"Using ZID: ([0-9a-f]+)")
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
# Loopback alone, found by unicast, as ROS's LOCALHOST range does it; without the named interface Cyclone
# does not find Fast DDS there. Half of the usual lease: nodes miss a killed bridge that much sooner.
_CYCLONE_XML = """<CycloneDDS><Domain id="any">
  <General>
    <Interfaces><NetworkInterface name="lo"/></Interfaces><AllowMulticast>false</AllowMulticast>
  </General>
  <Discovery>
    <ParticipantIndex>auto</ParticipantIndex><MaxAutoParticipantIndex>119</MaxAutoParticipantIndex>
    <Peers><Peer Address="127.0.0.1"/></Peers><LeaseDuration>5s</LeaseDuration>
  </Discovery>
</Domain></CycloneDDS>"""
_numbers = itertools.count(1)


class Reachable(Protocol):
    """An agent or a peer, as something to connect to."""

    endpoint: str


def missing() -> str:
    """Why the interop tests cannot run; empty when they can."""
    absent = [program.name for program in (RUST_BRIDGE, ZENOHD) if not os.access(program, os.X_OK)]
    return f"no {' and no '.join(absent)} in {PEERS}: `make peers` builds them" if absent else ""


class _Peer:
    """A Rust program with a Zenoh configuration file, which can be killed and started again in place."""

    def __init__(
        self,
        program: Path,
        *,
        folder: Path,
        domain: int,
        configuration: dict[str, Any],
        env: Mapping[str, str],
    ) -> None:
        self._name = f"{program.name}-{next(_numbers)}"
        self._program = program
        self._folder = folder
        self._domain = domain
        self._env = env
        self._configuration = configuration
        self._file = folder / "peer.json5"
        self.endpoint = ""
        """What it listens on, with its real port; kept over a restart."""
        self.zid = ""
        """Another after each start."""
        self.process = self._spawn()

    def _spawn(self) -> Process:
        self._file.write_text(json.dumps(self._configuration))  # JSON is JSON5
        log = self._folder / f"{self._name}.log"
        self._log_begin = log.stat().st_size if log.exists() else 0
        # Zenoh logs to standard output; nobody reads that.
        command = ["/bin/sh", "-c", 'exec "$0" -c "$1" >&2', str(self._program), str(self._file)]
        return Process(self._name, command, domain=self._domain, env=self._env, folder=self._folder)

    def wait_until_running(self) -> None:
        """It listens; also learns its id and port."""

        def facts() -> tuple[str, str] | None:
            self.process.check()
            text = _ESCAPE.sub("", self._output())
            zid, endpoint = _ZID.search(text), _REACHABLE.search(text)
            return (zid[1], endpoint[1]) if zid and endpoint else None

        self.zid, self.endpoint = eventually(facts)
        self._configuration["listen"] = {"endpoints": [self.endpoint]}

    def _output(self) -> str:
        """What it has logged since its last start."""
        with self.process.log.open("rb") as log:
            log.seek(self._log_begin)
            return log.read().decode(errors="replace")

    def stop(self) -> None:
        """SIGTERM; fails unless that ends it (zenohd has no handler of its own)."""
        self.process.signal(signal.SIGTERM)
        code = self.process.wait()
        assert code in (0, -signal.SIGTERM), (
            f"{self._name} ended with exit code {code}:\n{self.process.last_lines()}"
        )

    def kill(self) -> None:
        """No farewell: DDS and Zenoh notice by their leases, or by the closed connection."""
        self.process.close()

    def start(self) -> None:
        """Again, after `stop` or `kill`: same domain, same port, a new Zenoh id."""
        self.process.close()
        self.process = self._spawn()
        self.wait_until_running()


class RustBridge(_Peer):
    """A running bridge of the published crate."""


class Zenohd(_Peer):
    """A running router."""


@contextlib.contextmanager
def rust_bridge(
    *,
    domain: int,
    connect: Sequence[Reachable] = (),
    distro: str = "jazzy",
    options: Mapping[str, Any] | None = None,
) -> Iterator[RustBridge]:
    """The Rust bridge, listening on a free TCP port of loopback.

    Args:
        domain: DDS domain.
        connect: what to link to.
        distro: ROS distribution of its environment: ``humble`` announces no type hashes and reads wide GIDs.
        options: of its configuration under ``plugins/ros2dds``, e.g. ``{"namespace": "/robot1"}``.
    """
    configuration = _zenoh("router", connect) | {
        "plugins": {"ros2dds": {"domain": domain} | dict(options or {})}
    }
    env = {
        "ROS_DISTRO": distro,
        "CYCLONEDDS_URI": _CYCLONE_XML,
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "SYSTEM_DEFAULT",
    }
    with scratch_folder() as folder:
        bridge = RustBridge(RUST_BRIDGE, folder=folder, domain=domain, configuration=configuration, env=env)
        with _running(bridge):
            yield bridge


@contextlib.contextmanager
def zenohd() -> Iterator[Zenohd]:
    """A router on a free TCP port of loopback, as it is delivered: it knows nothing of ROS."""
    env = {"RUST_LOG": "info,zenohd=warn"}  # without all of its configuration
    with scratch_folder() as folder:
        router = Zenohd(ZENOHD, folder=folder, domain=0, configuration=_zenoh("router", ()), env=env)
        with _running(router):
            yield router


@contextlib.contextmanager
def _running(peer: _Peer) -> Iterator[None]:
    try:
        with log_shown_on_failure(peer.process):
            peer.wait_until_running()
            yield
            if peer.process.exit_code is None:
                peer.stop()
    finally:
        peer.process.close()


def _zenoh(mode: str, connect: Sequence[Reachable]) -> dict[str, Any]:
    """Loopback alone, no stranger found by scouting, nothing past the link through shared memory."""
    return {
        "mode": mode,
        "listen": {"endpoints": ["tcp/127.0.0.1:0"]},
        "connect": {
            "endpoints": [other.endpoint for other in connect],
            "exit_on_failure": False,
            "retry": {"period_init_ms": 200, "period_max_ms": 1000, "period_increase_factor": 2},
        },
        "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {"shared_memory": {"enabled": False}},
    }
