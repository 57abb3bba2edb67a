"""What `zenlink probe` can be pointed at, and the way there."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.inspect import ask
from bridge.core.jsonform import Json
from bridge.errors import CannotRun, ConfigError

if TYPE_CHECKING:
    from bridge.config_io import FlagOverrides, LoadedConfig
    from bridge.zenoh.session import ZenohSession
    from netopt.ports import Transport
    from netopt.probe.zenoh import OpenSession, RawSession

DEFAULT_LISTEN = "tcp/127.0.0.1:7447"
_DDS = "dds"

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="Its zenoh section (TLS above all) is used."),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Use links that are neither loopback nor encrypted.")
]
DdsDomain = Annotated[int | None, typer.Option(metavar="N", help="DDS domain, for dds. [env: ROS_DOMAIN_ID]")]
Connect = Annotated[
    list[str] | None, typer.Option(metavar="EP", help="Zenoh endpoint to reach it through; repeatable.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What `ping` was asked for, as far as it tells the way."""

    target: str
    config: Path | None
    connect: tuple[str, ...]
    insecure: bool
    priority: str
    express: bool
    domain: int | None
    socket: Path | None

    @property
    def through_dds(self) -> bool:
        """Whether the agents between choose link and priority."""
        return self.target.partition(":")[0] == _DDS


def transport_to(asked: Asked, stop: threading.Event) -> Transport:
    """What the target names.

    Raises:
        ConfigError: it is no target, or an open link without --insecure.
        CannotRun: only the agent here knows what is meant, and it does not answer.
    """
    from netopt.probe.tcp import TcpTransport
    from netopt.probe.udp import UdpTransport

    for scheme, bare in (("tcp://", TcpTransport), ("udp://", UdpTransport)):
        if asked.target.startswith(scheme):
            return bare(asked.target.removeprefix(scheme))
    if asked.through_dds:
        return _dds_transport(asked, stop)
    return _zenoh_transport(asked, stop)


def _zenoh_transport(asked: Asked, stop: threading.Event) -> Transport:
    from bridge.config_io import FlagOverrides
    from bridge.core.endpoint import parse_endpoint
    from netopt.probe.zenoh import ZenohTransport

    is_endpoint = "/" in asked.target
    if is_endpoint:
        parse_endpoint(asked.target)
    connect = (asked.target,) if is_endpoint else asked.connect
    if not connect and asked.config is None:
        connect = (DEFAULT_LISTEN,)
    loaded = loaded_config(asked.config, FlagOverrides(mode="peer", connect=connect, insecure=asked.insecure))
    return ZenohTransport(
        _session_source(loaded, stop),
        echo="" if is_endpoint else asked.target,
        name=f"zenoh {asked.target}",
        priority=asked.priority,
        express=asked.express,
    )


def _dds_transport(asked: Asked, stop: threading.Event) -> Transport:
    """``dds``: to the only other agent; ``dds:ID`` or ``dds:/NAMESPACE/ID``: to that one."""
    from bridge.agent_networks import dds_network
    from bridge.config_io import FlagOverrides
    from bridge.core.ddsprobe import ping_name
    from bridge.dds.probe import DdsTransport
    from netopt.core.probeframe import Request, is_reply_of

    flags = FlagOverrides(domain_id=asked.domain, insecure=asked.insecure)
    loaded = loaded_config(asked.config, flags)
    domain_id = loaded.config.ros.domain_id

    def agent(command: str, **args: Json) -> Json:
        return ask(command, domain=domain_id, socket=asked.socket, **args)

    namespace, _, echo = asked.target.removeprefix(_DDS).removeprefix(":").rpartition("/")
    run = secrets.randbits(64)
    return DdsTransport(
        ping_name(echo or _only_other_agent(agent), namespace or "/"),
        domain_id=domain_id,
        network=dds_network(loaded),
        greeting=Request(run=run, sequence=0, sent_wall_ns=0).encode(),
        greets=lambda frame: is_reply_of(run, frame),
        why=lambda name: _why_not(name, agent),
        stop=stop,
    )


def _only_other_agent(agent: Callable[..., Json]) -> str:
    """Zenoh id of the one bridge that the agent of this domain knows."""
    status = agent("status")
    peers = status.get("peers") if isinstance(status, dict) else None
    found = [str(peer) for peer in peers] if isinstance(peers, list) else []
    if len(found) == 1:
        return found[0]
    if not found:
        raise CannotRun(
            "dds: the agent here knows no other bridge",
            remedy="`zenlink status` shows its links and findings",
        )
    raise ConfigError(
        f"dds: {len(found)} bridges are known to the agent here: {', '.join(found)}",
        remedy=f"say which one is meant, e.g. dds:{found[0]}",
    )


def _why_not(name: str, agent: Callable[..., Json]) -> str:
    """Why a topic does not cross, as the agent here explains it; empty where it does."""
    try:
        found = agent("explain", name=name)
    except CannotRun as error:
        return f"{name}: {error.problem}"
    told = found if isinstance(found, dict) else {}
    return "" if told.get("crossing") else str(told.get("verdict", ""))


def _session_source(loaded: LoadedConfig, stop: threading.Event) -> OpenSession:
    """A session of our own for each measurement, by the options that an agent would use."""

    def open_session() -> RawSession:
        session = open_zenoh(loaded, stop)
        return session.raw, session.close

    return open_session


def open_zenoh(loaded: LoadedConfig, stop: threading.Event) -> ZenohSession:
    """A session by a configuration, fit for measuring.

    Raises:
        CannotRun: Zenoh cannot be had.
    """
    from bridge.agent_networks import zenoh_network
    from bridge.zenoh.session import ZenohSession

    # Shared memory would carry a large payload past the link that is to be measured.
    network = replace(zenoh_network(loaded), shared_memory=False)
    if network.mode == "peer":
        network = replace(network, listen=(), zid=None)
    return ZenohSession.open(network, stop=stop)


def loaded_config(file: Path | None, flags: FlagOverrides) -> LoadedConfig:
    """Raises: ConfigError, the first fault."""
    from bridge.config_io import check_files, load

    loaded = load(file, flags)
    if faults := check_files(loaded):
        raise faults[0]
    return loaded
