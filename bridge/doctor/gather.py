"""Looks at everything that a configuration touches; judges nothing. Blocks for some seconds."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from bridge.config import Config
from bridge.control import call
from bridge.core.endpoint import parse_endpoint
from bridge.core.jsonform import Json
from bridge.core.status import Finding, Severity
from bridge.dds.xmlconfig import DdsNetwork
from bridge.doctor import host
from bridge.doctor.facts import Clock, Facts, Neighbour, Wanted
from bridge.errors import AgentSilent, BridgeError
from bridge.security.configured import certificate_files
from bridge.security.examine import examine
from bridge.security.preflight import Cause, look, tls_files


def gather(
    config: Config,
    *,
    socket: Path,
    tls: Mapping[str, object],
    kernel: tuple[Finding, ...] | None,
    container_kind: str,
    env: Mapping[str, str] = os.environ,
) -> Facts:
    """Every fact.

    Args:
        config: the agent's.
        socket: its control socket.
        tls: its Zenoh options ``transport/link/tls``.
        kernel: what the tuner finds; None where it cannot look.
        container_kind: e.g. ``docker``; empty: none.
        env: of this process.
    """
    from bridge.doctor import domain  # noqa: PLC0415 - loads Cyclone DDS

    network = DdsNetwork(
        discovery_range=config.ros.discovery_range,
        interfaces=config.ros.interfaces,
        static_peers=config.ros.static_peers,
        user_xml=config.ros.cyclonedds_uri,
    )
    wanted = Wanted(
        domain_id=config.ros.domain_id,
        loopback_only=network.loopback_only,
        interfaces=tuple(config.ros.interfaces),
        rmw=env.get("RMW_IMPLEMENTATION", ""),
        dds=config.ros.enabled,
    )
    others = tuple(one for one in host.domains_in_use() if one != wanted.domain_id)  # before we join ours
    rclpy = "" if find_spec("rclpy") is not None else "it is not in this environment"
    state, findings, clocks = _agent(socket)
    return Facts(
        wanted=wanted,
        kernel=kernel,
        rmem_max_bytes=host.rmem_max_bytes(),
        interfaces=host.interfaces(try_multicast=wanted.dds and not wanted.loopback_only),
        other_domains=others,
        rclpy=rclpy,
        domain=domain.look(
            domain_id=wanted.domain_id,
            network=network,
            namespace=config.ros.namespace,
            with_types=not rclpy,
        )
        if wanted.dds
        else None,
        neighbours=tuple(_neighbour(text, tls) for text in config.zenoh.connect),
        certificates=examine(certificate_files(config.zenoh), now=dt.datetime.now(dt.timezone.utc)),
        clock_synchronised=host.clock_synchronised(),
        clocks=clocks,
        container=host.container(container_kind),
        control=_obstacle(socket),
        agent_state=state,
        agent_findings=findings,
    )


def _neighbour(text: str, tls: Mapping[str, object]) -> Neighbour:
    endpoint = parse_endpoint(text)
    verdict = look(endpoint, tls_files(endpoint, tls))
    # Without an agent there is no link yet: that the other side answers, and accepts us, is what can be told.
    good = verdict.cause in (Cause.NO_ZENOH, Cause.NOT_LOOKED_INTO)
    seen = verdict.text if not good or verdict.cause is Cause.NOT_LOOKED_INTO else "answers"
    return Neighbour(endpoint=endpoint.subject, good=good, seen=seen, remedy=verdict.remedy)


def _agent(socket: Path) -> tuple[str, tuple[Finding, ...], tuple[Clock, ...]]:
    """State, findings and neighbours' clocks of the agent that runs here; or why it cannot be asked."""
    try:
        info, links = call(socket, "status"), call(socket, "probe")
    except AgentSilent as error:
        silent = Finding(
            code="agent_silent",
            severity=Severity.ERROR,
            subject=str(socket),
            text=error.problem,
            remedy=error.remedy,
        )
        return "", (silent,), ()
    except (BridgeError, OSError):
        return "", (), ()
    if not isinstance(info, dict):
        return "", (), ()
    findings = [_finding(one) for one in _items(info.get("findings"))]
    clocks = [_clock(one) for one in _items(links)]
    return (
        str(info.get("state", "")),
        tuple(one for one in findings if one is not None),
        tuple(one for one in clocks if one is not None),
    )


def _items(told: Json) -> list[Json]:
    return told if isinstance(told, list) else []


def _clock(told: Json) -> Clock | None:
    """A neighbour's clock out of a measured link in its JSON form; None where it is not known."""
    if not isinstance(told, dict):
        return None
    offset_ms, bound_ms = told.get("offset_ms"), told.get("bound_ms")
    if not isinstance(offset_ms, (int, float)) or not isinstance(bound_ms, (int, float)):
        return None
    return Clock(target=str(told.get("target", "?")), offset_s=offset_ms / 1000, bound_s=bound_ms / 1000)


def _finding(told: Json) -> Finding | None:
    """A finding in its JSON form; None where it is of another version of the agent."""
    if not isinstance(told, dict):
        return None
    texts = {key: str(told.get(key, "?")) for key in ("code", "subject", "text", "remedy")}
    try:
        return Finding(severity=Severity(told.get("severity")), **texts)
    except ValueError:
        return None


def _obstacle(socket: Path) -> str:
    """Why the control socket cannot be made; empty where it can, or an agent has made it."""
    folder = next((one for one in (socket.parent, *socket.parent.parents) if one.exists()), socket.parent)
    if os.access(folder, os.W_OK | os.X_OK):
        return ""
    return f"{folder} cannot be written by this user, for the control socket {socket}"
