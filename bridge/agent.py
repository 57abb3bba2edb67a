"""Composition root: one configuration in, one running agent out, everything closed in reverse order."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from bridge import config_io
from bridge.agent_diagnostics import Diagnostics
from bridge.agent_http import address_of, serve_http, support
from bridge.agent_probe import LinkProbe
from bridge.agent_renewal import Renewal
from bridge.config_export import ros2dds_config
from bridge.config_io import LoadedConfig
from bridge.control import ControlServer
from bridge.core.rosgraph import width_of_distro
from bridge.core.status import AgentFacts, AgentInfo, Counts, Explanation, Json, to_json
from bridge.dds.participant import CycloneSide
from bridge.dds.probe import EchoesOnDemand
from bridge.dds.services import CycloneServices
from bridge.dds.xmlconfig import DdsNetwork
from bridge.engine import Engine
from bridge.errors import CannotRun, ConfigError
from bridge.observe.admin import admin_entries
from bridge.observe.observer import Observer
from bridge.observe.status import Surroundings, router_status
from bridge.ros import environment
from bridge.ros.services import RclpyServices
from bridge.routes.services import ServiceSides
from bridge.security.configured import certificate_files
from bridge.security.rotation import Rotation
from bridge.security.watch import LinkWatch
from bridge.serviceports import LocalServices
from bridge.zenoh.options import ZenohNetwork, tls_options
from bridge.zenoh.session import ZenohSession

if TYPE_CHECKING:
    from bridge.http.server import HttpServer

log = logging.getLogger(__name__)

_HANGUP_POLL_S = 0.5
"""How long a SIGHUP may wait."""


class SystemClock:
    """The real :class:`bridge.ports.Clock`."""

    def monotonic_s(self) -> float:
        """See :class:`bridge.ports.Clock`."""
        return time.monotonic()

    def time_ns(self) -> int:
        """See :class:`bridge.ports.Clock`."""
        return time.time_ns()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What a reload did."""

    changes: tuple[str, ...]
    """One line a route that differs."""
    restart_needed: tuple[str, ...]
    """Changed keys that only a restart brings into effect."""


class Reloader:
    """Reads the rules again and hands them to the engine. Thread: any, one at a time."""

    def __init__(self, engine: Engine, loaded: LoadedConfig, read: Callable[[], LoadedConfig]) -> None:
        self._engine = engine
        self._started_with = loaded
        self.latest = loaded
        """What it runs with now."""
        self._read = read
        self._lock = threading.Lock()

    def reload(self) -> Reloaded:
        """Take over what changed in the rules.

        Raises:
            ConfigError: the file is faulty now; nothing was changed.
        """
        with self._lock:
            loaded = self._read()
            changes = self._engine.reload(loaded.policy)
            self.latest = loaded
            return Reloaded(changes=changes, restart_needed=config_io.differences(self._started_with, loaded))

    def reload_logged(self) -> None:
        """The same for a signal, which can only be answered in the log."""
        try:
            done = self.reload()
        except ConfigError as error:
            # The line says it all; a traceback would not help whoever wrote the file.
            log.error("not reloaded, everything stays as it was: %s", error)  # noqa: TRY400
            return
        for line in done.changes or ("nothing changed",):
            log.info("reloaded: %s", line)
        for line in done.restart_needed:
            log.warning("needs a restart: %s", line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the process around an agent tells it, and is told. Thread: main, but for what gives counts."""

    ready: Callable[[], None] = lambda: None
    """Called once both sides are up."""
    alive: Callable[[], None] = lambda: None
    """Called again and again while everything works, for a watchdog."""
    stopping: Callable[[], None] = lambda: None
    """Called when the agent begins to drain."""
    handshakes_refused: Callable[[], Counts] = tuple
    """What the log of Zenoh told so far, by cause. Thread: any."""
    faults: Callable[[], Counts] = tuple
    """Exceptions caught where the work went on, by module. Thread: any."""
    settings: Callable[[], Counts] = tuple
    """Findings about the kernel's settings, by severity. Thread: any."""
    recent_log: Callable[[], tuple[str, ...]] = tuple
    """The last lines of the log, oldest first. Thread: any."""


def run_agent(
    loaded: LoadedConfig,
    *,
    stop: threading.Event,
    host: Host,
    reload_config: Callable[[], LoadedConfig],
    hangup: threading.Event,
) -> None:
    """Run one agent until ``stop`` is set, then pass on what was taken and close everything.

    Args:
        loaded: the configuration.
        stop: set by a signal handler, or by whoever started the agent.
        host: the process around it.
        reload_config: reads the configuration again, for ``zenlink reload``.
        hangup: set (by SIGHUP) to ask for a reload, whose outcome is logged.

    Raises:
        ConfigError: Cyclone DDS or Zenoh does not accept an option.
        CannotRun: a port is taken, an interface is missing, a permission lacks.

    Thread: main; blocks.
    """
    config = loaded.config
    threads_before = set(threading.enumerate())
    with ExitStack() as closing:
        if config.ros.enabled:
            # Now, before there are threads that could read the environment meanwhile.
            closing.callback(environment.apply(_rmw_variables(loaded), os.environ))
        # First in, last out: looks at what is left when everything else is closed.
        closing.callback(_report_threads, threads_before)
        network = zenoh_network(loaded)
        rotation = Rotation(certificate_files(config.zenoh))  # as they are read now, when the session opens
        watch = _link_watch(loaded, network)
        watch.start()
        closing.callback(watch.close)  # also when a client never finds its router
        zenoh = ZenohSession.open(network, stop=stop)
        closing.callback(zenoh.close)
        watch.watch(zenoh.links)
        zenoh.on_link(watch.changed)
        closing.callback(watch.close)  # it asks the session
        probe = LinkProbe(config.probe, zenoh)
        closing.callback(probe.close)
        around = Surroundings(
            findings=lambda: (*watch.findings(), *probe.findings()),
            handshakes_refused=host.handshakes_refused,
            connections=watch.connections,
            certificates=watch.certificates,
            probe=probe.info,
            host_settings=host.settings,
            faults=host.faults,
        )
        if config.ros.enabled:
            engine, reloader = _serve_bridge(loaded, zenoh, around, probe, host, reload_config, closing)
        else:
            engine, reloader = None, None
            _serve_router(loaded, zenoh, around, host, closing)
        renewal = Renewal(
            zenoh,
            network,
            probe=probe,
            watch=watch,
            on_engine=(lambda do: do()) if engine is None else engine.inbox.ask,
            stop=rotation.stop,
        )
        rotation.start(renewal)
        closing.callback(rotation.close)
        host.ready()
        while not stop.wait(_HANGUP_POLL_S):
            if engine is None or _answers(engine):
                host.alive()
            if reloader is not None and hangup.is_set():
                hangup.clear()
                reloader.reload_logged()
        host.stopping()
        log.info("stopping: passing on what was taken")


def _serve_bridge(
    loaded: LoadedConfig,
    zenoh: ZenohSession,
    around: Surroundings,
    probe: LinkProbe,
    host: Host,
    reload_config: Callable[[], LoadedConfig],
    closing: ExitStack,
) -> tuple[Engine, Reloader]:
    """Join the domain, route, and answer on the control socket and by HTTP.

    Raises:
        ConfigError, CannotRun: as :func:`run_agent`.
    """
    config = loaded.config
    dds = CycloneSide(
        domain_id=config.ros.domain_id,
        network=dds_network(loaded),
        zid=zenoh.zid,
        namespace=config.ros.namespace,
    )
    closing.callback(dds.close)
    services: list[LocalServices] = [
        CycloneServices(dds, agent_prefixes=lambda: engine.graph.agent_prefixes),
        RclpyServices(
            domain_id=config.ros.domain_id,
            zid=zenoh.zid,
            agent_prefixes=lambda: engine.graph.agent_prefixes,
        ),
    ]
    for one in services:
        closing.callback(one.close)
    default_width = width_of_distro(os.environ.get("ROS_DISTRO", ""))
    engine = Engine(
        dds=dds,
        zenoh=zenoh,
        services=ServiceSides(
            local={one.form: one for one in services},
            queries=zenoh.services,
            call_timeout_s=config.zenoh.queries_timeout_s,
        ),
        clock=SystemClock(),
        policy=loaded.policy,
        namespace=config.ros.namespace,
        link_grace_s=config.zenoh.link_grace_s,
        reliable_blocking=config.zenoh.reliable_blocking,
        gid_width=default_width,
    )
    observer = Observer(engine, mode=config.zenoh.mode, domain_id=config.ros.domain_id, around=around)
    reloader = Reloader(engine, loaded, reload_config)
    admin = partial(
        admin_entries,
        engine,
        config=lambda: ros2dds_config(reloader.latest.config, reloader.latest.policy),
        call_timeout_s=config.zenoh.queries_timeout_s,
    )
    served: list[HttpServer] = []
    bundle = support(lambda: reloader.latest, facts=observer.facts, log=host.recent_log, served=served)
    control = ControlServer(loaded.socket, {**_handlers(observer, reloader), "support": bundle})
    control.start()
    closing.callback(control.close)
    closing.callback(engine.close)
    if probe.answer is not None:
        echoes = EchoesOnDemand(zid=zenoh.zid, domain_id=config.ros.domain_id, answer=probe.answer)
        closing.callback(echoes.close)
        engine.on_planned = echoes.planned
    engine.start()
    closing.callback(zenoh.open_admin(admin).close)  # it asks the engine
    probe.on_clocks = observer.compare_clocks
    closing.callback(probe.close)  # it asks the engine
    served += serve_http(
        loaded,
        closing,
        facts=observer.facts,
        explain=lambda name: to_json(observer.explain(name)),
    )
    observer.page = address_of(served)
    if config.ros.diagnostics:
        diagnostics = Diagnostics(
            domain_id=config.ros.domain_id,
            zid=zenoh.zid,
            namespace=config.ros.namespace,
            facts=observer.facts,
            gid_width=lambda: engine.inbox.ask(lambda: engine.graph.gid_width(default_width)),
        )
        diagnostics.start()
        closing.callback(diagnostics.close)
    log.info(
        "agent %s: DDS domain %d, Zenoh %s, listening on %s",
        zenoh.zid,
        config.ros.domain_id,
        config.zenoh.mode,
        ", ".join(zenoh.listening()) or "nothing",
    )
    return engine, reloader


def _answers(engine: Engine) -> bool:
    try:
        engine.inbox.ask(lambda: None)
    except CannotRun:
        return False
    return True


def _report_threads(before: set[threading.Thread]) -> None:
    left = sorted(thread.name for thread in threading.enumerate() if thread not in before)
    if left:
        log.warning("stopped, but threads did not end: %s; they end with the process", ", ".join(left))
    else:
        log.info("stopped; every thread has ended")


def _serve_router(
    loaded: LoadedConfig, zenoh: ZenohSession, around: Surroundings, host: Host, closing: ExitStack
) -> None:
    """Answer status for an agent that has no DDS side."""
    config, started_s = loaded.config, time.monotonic()
    served: list[HttpServer] = []

    def agent() -> AgentInfo:
        uptime_s = time.monotonic() - started_s
        info = router_status(
            zenoh,
            mode=config.zenoh.mode,
            domain_id=config.ros.domain_id,
            uptime_s=uptime_s,
            around=around,
        )
        return replace(info, page=address_of(served))

    def facts() -> AgentFacts:
        return AgentFacts(agent=agent())

    served += serve_http(
        loaded,
        closing,
        facts=facts,
        explain=lambda name: to_json(
            Explanation(
                name=name,
                crossing=False,
                verdict=f"{name} is not looked at by this router, which has no DDS side",
                facts=(),
                remedy="ask an agent of a DDS domain",
            )
        ),
    )

    nothing: Callable[[Mapping[str, Json]], Json] = lambda _arguments: []  # noqa: E731 - one answer to two questions
    control = ControlServer(
        loaded.socket,
        {
            "status": lambda _arguments: to_json(agent()),
            "probe": lambda _arguments: to_json(around.probe().latencies),
            "routes": nothing,
            "nodes": nothing,
            "support": support(lambda: loaded, facts=facts, log=host.recent_log, served=served),
        },
    )
    try:
        control.start()
        closing.callback(control.close)
    except CannotRun as error:
        # By default it is the socket of an agent of the same domain number, which a router does not join.
        log.warning("no `zenlink status` for this router: %s", error)
    log.info(
        "a router without DDS, id %s, listening on %s", zenoh.zid, ", ".join(zenoh.listening()) or "nothing"
    )


def dds_network(loaded: LoadedConfig) -> DdsNetwork:
    """The DDS side of a configuration, as Cyclone takes it."""
    ros = loaded.config.ros
    return DdsNetwork(
        discovery_range=ros.discovery_range,
        interfaces=ros.interfaces,
        static_peers=ros.static_peers,
        user_xml=ros.cyclonedds_uri,
    )


def _rmw_variables(loaded: LoadedConfig) -> Mapping[str, str | None]:
    network = dds_network(loaded)
    return environment.variables(
        discovery_range=network.discovery_range,
        loopback_only=network.loopback_only,
        static_peers=network.static_peers,
        environment=os.environ,
    )


def zenoh_network(loaded: LoadedConfig) -> ZenohNetwork:
    """The Zenoh side of a configuration, as the session takes it."""
    zenoh = loaded.config.zenoh
    return ZenohNetwork(
        mode=zenoh.mode,
        listen=zenoh.listen,
        connect=zenoh.connect,
        zid=zenoh.id,
        ca=zenoh.tls.ca,
        certificate=zenoh.tls.certificate,
        private_key=zenoh.tls.private_key,
        mutual=zenoh.tls.mutual,
        lease_s=zenoh.lease_s,
        shared_memory=zenoh.shared_memory,
        query_timeout_s=zenoh.queries_timeout_s,
        extra=zenoh.extra_options(),
    )


def _link_watch(loaded: LoadedConfig, network: ZenohNetwork) -> LinkWatch:
    files = certificate_files(loaded.config.zenoh)
    return LinkWatch(files=files, connect=network.connect, tls=tls_options(network))


def _handlers(observer: Observer, reloader: Reloader) -> Mapping[str, Callable[[Mapping[str, Json]], Json]]:
    return {
        "status": lambda _arguments: to_json(observer.status()),
        "routes": lambda _arguments: to_json(observer.routes()),
        "nodes": lambda _arguments: to_json(observer.nodes()),
        "probe": lambda _arguments: to_json(observer.probe()),
        "reload": lambda _arguments: to_json(reloader.reload()),
        "explain": lambda arguments: to_json(observer.explain(_name(arguments))),
    }


def _name(arguments: Mapping[str, Json]) -> str:
    name = arguments.get("name")
    if not isinstance(name, str):
        raise CannotRun("explain needs a name", remedy="give an absolute ROS name, e.g. /chatter")
    return name
