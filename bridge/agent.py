"""Composition root: one configuration in, one running agent out, everything closed in reverse order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from bridge.agent_bridge import Bridge, serve_bridge
from bridge.agent_domain import Domain
from bridge.agent_networks import zenoh_network
from bridge.agent_probe import LinkProbe
from bridge.agent_renewal import Renewal
from bridge.agent_router import serve_router
from bridge.config_io import LoadedConfig
from bridge.core.jsonform import Counts
from bridge.observe.status import Surroundings
from bridge.security.configured import certificate_files
from bridge.security.rotation import Rotation
from bridge.security.watch import LinkWatch
from bridge.zenoh.options import ZenohNetwork, tls_options
from bridge.zenoh.session import ZenohSession

log = logging.getLogger(__name__)

_HANGUP_POLL_S = 0.5
"""How long a SIGHUP may wait."""


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
    domain: Domain | None,
    stop: threading.Event,
    host: Host,
    reload_config: Callable[[], LoadedConfig],
    hangup: threading.Event,
) -> None:
    """Run one agent until ``stop`` is set, then pass on what was taken and close everything.

    Args:
        loaded: the configuration.
        domain: its DDS domain, joined; None without a DDS side.
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
        # First in, last out: looks at what is left when everything else is closed.
        closing.callback(_report_threads, threads_before)
        network = zenoh_network(loaded)
        if domain is not None:
            network = replace(network, zid=domain.zid)
        rotation = Rotation(certificate_files(config.zenoh))  # as they are read now, when the session opens
        watch = _link_watch(loaded, network)
        zenoh = _open_session(network, watch, stop, closing)
        probe = LinkProbe(config.probe, zenoh)
        closing.callback(probe.close)
        around = _surroundings(host, watch, probe)
        bridge: Bridge | None = None
        if domain is not None:
            bridge = serve_bridge(
                loaded,
                domain,
                zenoh,
                around=around,
                probe=probe,
                recent_log=host.recent_log,
                reload_config=reload_config,
                closing=closing,
            )
        else:
            serve_router(loaded, zenoh, around=around, recent_log=host.recent_log, closing=closing)
        renewal = Renewal(
            zenoh,
            network,
            probe=probe,
            watch=watch,
            on_engine=(lambda do: do()) if bridge is None else bridge.engine.inbox.ask,
            stop=rotation.stop,
        )
        rotation.start(renewal)
        closing.callback(rotation.close)
        host.ready()
        _run(bridge, host, stop=stop, hangup=hangup)
        host.stopping()
        log.info("stopping: passing on what was taken")


def _link_watch(loaded: LoadedConfig, network: ZenohNetwork) -> LinkWatch:
    files = certificate_files(loaded.config.zenoh)
    return LinkWatch(files=files, connect=network.connect, tls=tls_options(network))


def _open_session(
    network: ZenohNetwork, watch: LinkWatch, stop: threading.Event, closing: ExitStack
) -> ZenohSession:
    """Open the session, with its links watched."""
    watch.start()
    closing.callback(watch.close)  # also when a client never finds its router
    zenoh = ZenohSession.open(network, stop=stop)
    closing.callback(zenoh.close)
    watch.watch(zenoh.links)
    zenoh.on_link(watch.changed)
    closing.callback(watch.close)  # it asks the session
    return zenoh


def _surroundings(host: Host, watch: LinkWatch, probe: LinkProbe) -> Surroundings:
    return Surroundings(
        findings=lambda: (*watch.findings(), *probe.findings()),
        handshakes_refused=host.handshakes_refused,
        connections=watch.connections,
        certificates=watch.certificates,
        probe=probe.info,
        host_settings=host.settings,
        faults=host.faults,
    )


def _run(bridge: Bridge | None, host: Host, *, stop: threading.Event, hangup: threading.Event) -> None:
    """Until ``stop``: tell that all is well, and reload when asked to by a signal."""
    while not stop.wait(_HANGUP_POLL_S):
        if bridge is None or bridge.answers():
            host.alive()
        if bridge is not None and hangup.is_set():
            hangup.clear()
            bridge.reloader.reload_logged()


def _report_threads(before: set[threading.Thread]) -> None:
    left = sorted(thread.name for thread in threading.enumerate() if thread not in before)
    if left:
        log.warning("stopped, but threads did not end: %s; they end with the process", ", ".join(left))
    else:
        log.info("stopped; every thread has ended")
