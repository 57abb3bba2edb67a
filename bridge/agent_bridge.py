"""The agent with a DDS side: the engine between domain and Zenoh, and everything that asks it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bridge.agent_diagnostics import Diagnostics
from bridge.agent_domain import Domain
from bridge.agent_http import address_of, serve_http, support
from bridge.agent_probe import LinkProbe
from bridge.agent_reload import Reloader
from bridge.clock import SystemClock
from bridge.config_export import ros2dds_config
from bridge.config_io import LoadedConfig
from bridge.control import ControlServer, Handler
from bridge.core.adminspace import Entry
from bridge.core.jsonform import Json, to_json
from bridge.core.rosgraph import width_of_distro
from bridge.dds.probeecho import EchoesOnDemand
from bridge.dds.services import CycloneServices
from bridge.engine import Engine
from bridge.errors import CannotRun
from bridge.observe.admin import admin_entries
from bridge.observe.observer import Observer
from bridge.observe.status import Surroundings
from bridge.ros.services import RclpyServices
from bridge.routes.services import ServiceSides
from bridge.serviceports import LocalServices
from bridge.zenoh.session import ZenohSession

if TYPE_CHECKING:
    from bridge.http.server import HttpServer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """What runs it."""

    engine: Engine
    reloader: Reloader

    def answers(self) -> bool:
        """Whether the engine still takes questions. Thread: any but the engine's; waits for it."""
        try:
            self.engine.inbox.ask(lambda: None)
        except CannotRun:
            return False
        return True


def serve_bridge(
    loaded: LoadedConfig,
    domain: Domain,
    zenoh: ZenohSession,
    *,
    around: Surroundings,
    probe: LinkProbe,
    recent_log: Callable[[], tuple[str, ...]],
    reload_config: Callable[[], LoadedConfig],
    closing: ExitStack,
) -> Bridge:
    """Route, and answer on the control socket and by HTTP, until ``closing`` ends it.

    Raises:
        ConfigError: Cyclone DDS does not accept an option.
        CannotRun: a port is taken, an interface is missing, a permission lacks.
    """
    config = loaded.config
    default_width = width_of_distro(os.environ.get("ROS_DISTRO", ""))
    engine = _engine(loaded, domain, zenoh, default_width, closing)
    observer = Observer(engine, mode=config.zenoh.mode, domain_id=config.ros.domain_id, around=around)
    reloader = Reloader(engine, loaded, reload_config)
    served: list[HttpServer] = []
    bundle = support(lambda: reloader.latest, facts=observer.facts, log=recent_log, served=served)
    control = ControlServer(loaded.socket, {**_handlers(observer, reloader), "support": bundle})
    control.start()
    closing.callback(control.close)
    closing.callback(engine.close)
    _answer_probes(loaded, engine, probe, closing)
    engine.start()
    closing.callback(zenoh.open_admin(_admin(loaded, engine, reloader)).close)  # it asks the engine
    probe.on_clocks = observer.compare_clocks
    closing.callback(probe.close)  # it asks the engine
    served += serve_http(
        loaded, closing, facts=observer.facts, explain=lambda name: to_json(observer.explain(name))
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
    return Bridge(engine=engine, reloader=reloader)


def _engine(
    loaded: LoadedConfig, domain: Domain, zenoh: ZenohSession, gid_width: int, closing: ExitStack
) -> Engine:
    """Between the domain and Zenoh; not started yet."""
    config, dds = loaded.config, domain.dds
    closing.callback(dds.close)  # before the session: others see us leave the domain first
    services: list[LocalServices] = [
        CycloneServices(dds, agent_prefixes=lambda: engine.graph.participants.agent_prefixes),
        RclpyServices(
            domain_id=config.ros.domain_id,
            zid=zenoh.zid,
            agent_prefixes=lambda: engine.graph.participants.agent_prefixes,
        ),
    ]
    for one in services:
        closing.callback(one.close)
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
        gid_width=gid_width,
        joined_s=domain.joined_s,
    )
    return engine


def _answer_probes(loaded: LoadedConfig, engine: Engine, probe: LinkProbe, closing: ExitStack) -> None:
    """Answer probes that come through the bridge, on topics of the domain, if this agent answers any."""
    if probe.answer is None:
        return
    echoes = EchoesOnDemand(zid=engine.zenoh.zid, domain_id=loaded.config.ros.domain_id, answer=probe.answer)
    closing.callback(echoes.close)
    engine.on_planned(echoes.planned)


def _admin(loaded: LoadedConfig, engine: Engine, reloader: Reloader) -> Callable[[], Iterator[Entry]]:
    """What the admin space tells."""
    return partial(
        admin_entries,
        engine,
        config=lambda: ros2dds_config(reloader.latest.config, reloader.latest.policy),
        call_timeout_s=loaded.config.zenoh.queries_timeout_s,
    )


def _handlers(observer: Observer, reloader: Reloader) -> Mapping[str, Handler]:
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
