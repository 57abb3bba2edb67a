"""The arms: what lies between the two nodes, as commands of processes."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.dds.xmlconfig import DdsNetwork, cyclone_xml
from bridge.demo.places import claimed_domains, free_tcp_port
from bridge.security.authority import Identity, Role, issue, make_authority
from bridge.security.files import write_new

PEERS = Path(os.environ.get("PEERS_DIR") or Path.home() / ".cache" / "zenlink" / "peers")
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Site:
    """Where a run takes place."""

    folder: Path
    """For configurations, sockets and logs."""
    near_domain: int
    far_domain: int

    def endpoint(self, protocol: str = "tcp") -> str:
        """One that nobody has."""
        return f"{protocol}/{LOOPBACK}:{free_tcp_port()}"

    @property
    def near(self) -> dict[str, Any]:
        """The near node."""
        return {"role": "near", "domain": self.near_domain}

    @property
    def far(self) -> dict[str, Any]:
        """The far node."""
        return {"role": "far", "domain": self.far_domain}

    def places(self, endpoint: str) -> tuple[Place, Place]:
        """Of two bridges with a link between them."""
        return Place(self.near_domain, endpoint, listens=True), Place(
            self.far_domain, endpoint, listens=False
        )


@contextlib.contextmanager
def site() -> Iterator[Site]:
    """A folder, and two domains that nobody else is on."""
    with claimed_domains(2) as (near, far), tempfile.TemporaryDirectory(prefix="zenlink-bench-") as folder:
        yield Site(Path(folder), near, far)


PLAIN = frozenset({"rtt", "schedules", "rate", "cpu", "topics", "fanout"})
"""Cells of an arm that has nothing special about it."""
ROUTED = frozenset({"recovery"})
"""Cells of an arm whose first command is a router between its bridges."""


@dataclass(frozen=True)
class Arm:
    """One arm: the specs of its two nodes and the commands of what lies between."""

    name: str
    near: dict[str, Any]
    far: dict[str, Any]
    commands: list[list[str]] = field(default_factory=list)
    cells: frozenset[str] = PLAIN
    """What it is measured by."""
    endpoint: str = ""
    """Of its router, if it has one."""
    variant: str = ""
    """Tells it from another arm of the same name, with whose figures its own are put together."""


@dataclass(frozen=True)
class Place:
    """Where one bridge stands: its domain, and the one endpoint it opens or dials."""

    domain: int
    endpoint: str
    listens: bool
    routed: bool = False
    """The endpoint is that of a router between the bridges."""


def arms(site: Site) -> list[Arm]:
    """Every arm that can run here, each with an endpoint of its own."""
    endpoint = site.endpoint()
    found = [
        Arm("dds", site.near, {**site.far, "domain": site.near_domain}),
        Arm("zenoh", {"role": "near", "connect": endpoint}, {"role": "far", "listen": endpoint}),
        zenlink_pair(site, site.endpoint()),
    ]
    rust = rust_bridge()
    if rust is not None:
        near, far = site.places(site.endpoint())
        commands = [rust_command(site, rust, near), rust_command(site, rust, far)]
        found.append(Arm("rust", site.near, site.far, commands))
        near, far = site.places(site.endpoint())
        commands = [zenlink_command(site, near), rust_command(site, rust, far)]
        found.append(Arm("mixed", site.near, site.far, commands))
    found += _routed(site, rust)
    tls = certificates(site.folder / "certs")
    found.append(zenlink_pair(site, site.endpoint("tls"), name="mtls", tls=tls, cells=frozenset({"rtt"})))
    return found


def _routed(site: Site, rust: Path | None) -> list[Arm]:
    """Both pairs, each at a router of its own, which is ``zenohd`` where it was built."""
    made = []
    for name in ("zenlink", "rust") if rust else ("zenlink",):
        endpoint = site.endpoint()
        near, far = (
            Place(domain, endpoint, listens=False, routed=True)
            for domain in (site.near_domain, site.far_domain)
        )
        if rust and name == "rust":
            pair = [rust_command(site, rust, near), rust_command(site, rust, far)]
        else:
            pair = [zenlink_command(site, near), zenlink_command(site, far)]
        commands = [_router(site, endpoint), *pair]
        made.append(
            Arm(name, site.near, site.far, commands, cells=ROUTED, endpoint=endpoint, variant=" routed")
        )
    return made


def _router(site: Site, endpoint: str) -> list[str]:
    program = _program("zenohd")
    if program is None:
        config = site.folder / "router.yaml"
        config.write_text(
            "ros: {enabled: false}\nzenoh: {mode: router, shared_memory: false}\nhttp: {listen: null}\n"
        )
        own = ["-c", str(config), "--socket", f"{site.folder}/router.sock", "--listen", endpoint]
        return [sys.executable, "-m", "bridge", "run", *own]
    zenohd = {
        "mode": "router",
        "listen": {"endpoints": [endpoint]},
        "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {"shared_memory": {"enabled": False}},
    }
    path = site.folder / f"zenohd-{endpoint.rpartition(':')[2]}.json5"
    path.write_text(json.dumps(zenohd))
    return ["env", "RUST_LOG=error", str(program), "-c", str(path)]


def zenlink_pair(
    site: Site,
    endpoint: str,
    *,
    name: str = "zenlink",
    tls: dict[str, str] | None = None,
    cells: frozenset[str] = PLAIN,
) -> Arm:
    """Two agents, the one that listens in the near domain."""
    near, far = site.places(endpoint)
    commands = [zenlink_command(site, near, tls), zenlink_command(site, far, tls)]
    return Arm(name, site.near, site.far, commands, cells=cells)


def rust_bridge() -> Path | None:
    """The Rust bridge, where ``make peers`` has built it."""
    return _program("rust-bridge-ros2dds")


def _program(name: str) -> Path | None:
    candidates = sorted(PEERS.rglob(f"bin/{name}")) if PEERS.is_dir() else []
    return next((path for path in candidates if path.is_file() and os.access(path, os.X_OK)), None)


def zenlink_command(site: Site, place: Place, tls: dict[str, str] | None = None) -> list[str]:
    """One of our agents: shared memory off, loopback only."""
    zenoh: dict[str, Any] = {"shared_memory": False}
    if tls is not None:
        zenoh["tls"] = {**tls, "mutual": True}
    config = site.folder / f"zenlink{'-tls' if tls else ''}.yaml"
    config.write_text(json.dumps({"ros": {"discovery_range": "localhost"}, "zenoh": zenoh}))  # JSON is YAML
    base = [sys.executable, "-m", "bridge", "run", "-c", str(config), "--log-level", "warning"]
    link = ["--listen" if place.listens else "--connect", place.endpoint]
    own = ["--domain", str(place.domain), "--socket", f"{site.folder}/{place.domain}.sock"]
    return [*base, *own, *link, "--http", f"{LOOPBACK}:{free_tcp_port()}"]


def rust_command(site: Site, program: Path, place: Place) -> list[str]:
    """One Rust bridge: shared memory off, scouting off."""
    link = "listen" if place.listens else "connect"
    config: dict[str, Any] = {
        "mode": "router" if place.listens or place.routed else "peer",
        "listen": {"endpoints": []},
        "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {"shared_memory": {"enabled": False}},
        "plugins": {"ros2dds": {"domain": place.domain, "ros_automatic_discovery_range": "SYSTEM_DEFAULT"}},
    }
    config[link] = {"endpoints": [place.endpoint]}
    path = site.folder / f"rust-{place.domain}-{place.endpoint.rpartition(':')[2]}.json5"
    path.write_text(json.dumps(config))
    # The Cyclone settings of every other arm, instead of the Rust bridge's own idea of them.
    xml = cyclone_xml(DdsNetwork(discovery_range="localhost"))
    environment = {"ROS_DISTRO": "jazzy", "RUST_LOG": "error", "CYCLONEDDS_URI": xml}
    return ["env", *(f"{key}={value}" for key, value in environment.items()), str(program), "-c", str(path)]


def certificates(folder: Path) -> dict[str, str]:
    """An authority and a certificate for both agents, as ``zenlink certs`` makes them; the paths."""
    now = dt.datetime.now(dt.timezone.utc)
    authority = make_authority("zenlink bench", now=now)
    agent = issue(authority, name="agent", role=Role.ROUTER, sans=(LOOPBACK,), now=now)
    _write(folder / "ca", authority)
    _write(folder / "agent", agent)
    return {
        "ca": f"{folder}/ca.pem",
        "certificate": f"{folder}/agent.pem",
        "private_key": f"{folder}/agent.key",
    }


def _write(stem: Path, made: Identity) -> None:
    files = {stem.with_suffix(".key"): made.key_pem(), stem.with_suffix(".pem"): made.certificate_pem()}
    write_new(files, force=True)
