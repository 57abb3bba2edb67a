"""`zenlink probe serve`: an echo on Zenoh, and on the bare network below or the DDS domain above it."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.probe_targets import (
    DEFAULT_LISTEN,
    ConfigFile,
    Connect,
    DdsDomain,
    Insecure,
    loaded_config,
    open_zenoh,
)
from bridge.cli.signals import stop_signals
from bridge.errors import ConfigError

if TYPE_CHECKING:
    from bridge.config_io import LoadedConfig
    from netopt.probe.echo import Answerer


def serve(  # one argument an option, as typer wants it
    listen: Annotated[
        list[str] | None,
        typer.Option(metavar="EP", help=f"Zenoh endpoint; repeatable. Default: {DEFAULT_LISTEN}."),
    ] = None,
    connect: Connect = None,
    tcp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Answer on bare TCP, too.")] = None,
    udp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Answer on bare UDP, too.")] = None,
    dds: Annotated[
        str | None, typer.Option(metavar="NAME", help="Answer in the DDS domain, as dds:NAME.")
    ] = None,
    domain: DdsDomain = None,
    config: ConfigFile = None,
    insecure: Insecure = False,
) -> None:
    """Answer probes until SIGINT or SIGTERM. An agent answers on its own links without this."""
    from bridge.config_io import FlagOverrides
    from netopt.probe.clocks import SystemClock
    from netopt.probe.echo import SERVE_BYTES_PER_S, SERVE_RATE_HZ, Answerer
    from netopt.probe.tcp import TcpEcho
    from netopt.probe.udp import UdpEcho

    links = (*(listen or ()), *(connect or ()))
    endpoints = tuple(listen or ()) or (() if connect or config or dds else (DEFAULT_LISTEN,))
    flags = FlagOverrides(
        domain_id=domain, mode="router", listen=endpoints, connect=tuple(connect or ()), insecure=insecure
    )
    loaded = loaded_config(config, flags)
    for address in (tcp, udp):
        if address is not None and not insecure:
            _refuse_open(address)
    stop = threading.Event()
    answerer = Answerer(clock=SystemClock(), rate_hz=SERVE_RATE_HZ, bytes_per_s=SERVE_BYTES_PER_S)
    places: list[str] = []
    with stop_signals(stop), ExitStack() as closing:
        if dds is not None:
            places.append(_serve_dds(dds, loaded, answerer, closing))
        if links or dds is None:
            places += _serve_zenoh(loaded, answerer, stop, closing)
        if tcp is not None:
            tcp_echo = TcpEcho(tcp, answerer)
            closing.callback(tcp_echo.close)
            places.append(f"tcp://{tcp_echo.address}")
        if udp is not None:
            udp_echo = UdpEcho(udp, answerer)
            closing.callback(udp_echo.close)
            places.append(f"udp://{udp_echo.address}")
        print(f"echo answers on {', '.join(places)}", flush=True)
        stop.wait()
    print(
        f"answered {answerer.answered}, dropped {answerer.limited} over the rate and "
        f"{answerer.malformed} malformed",
        flush=True,
    )


def _serve_dds(name: str, loaded: LoadedConfig, answerer: Answerer, closing: ExitStack) -> str:
    """Answer in the DDS domain, and say where."""
    from bridge.agent_networks import dds_network
    from bridge.dds.probeecho import ServedEcho

    domain_id = loaded.config.ros.domain_id
    echo = ServedEcho(name, domain_id=domain_id, network=dds_network(loaded), answer=answerer.answer)
    closing.callback(echo.close)
    return f"dds:{name} ({echo.name} in domain {domain_id})"


def _serve_zenoh(
    loaded: LoadedConfig, answerer: Answerer, stop: threading.Event, closing: ExitStack
) -> list[str]:
    """Answer on a Zenoh session, and say where."""
    from netopt.probe.zenoh import ZenohEcho

    session = open_zenoh(loaded, stop)
    closing.callback(session.close)
    closing.callback(ZenohEcho(session.raw, answerer).close)
    places = session.listening() or ("its links alone",)
    return [f"{places[0]} (Zenoh id {session.zid})", *places[1:]]


def _refuse_open(address: str) -> None:
    from bridge.core.endpoint import parse_endpoint

    if not parse_endpoint(f"tcp/{address}").local:
        raise ConfigError(
            f"{address}: a bare echo is neither loopback nor encrypted",
            remedy="give a loopback address, or --insecure for the time of a measurement",
        )
