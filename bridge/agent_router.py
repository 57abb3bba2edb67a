"""The agent without a DDS side, a pure Zenoh router: it tells its status, and nothing of names and nodes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.agent_http import address_of, serve_http, support
from bridge.config_io import LoadedConfig
from bridge.control import ControlServer
from bridge.core.jsonform import Json, to_json
from bridge.core.status import AgentFacts, AgentInfo, Explanation
from bridge.errors import CannotRun
from bridge.observe.status import Surroundings, router_status
from bridge.zenoh.session import ZenohSession

if TYPE_CHECKING:
    from bridge.http.server import HttpServer

log = logging.getLogger(__name__)


def serve_router(
    loaded: LoadedConfig,
    zenoh: ZenohSession,
    *,
    around: Surroundings,
    recent_log: Callable[[], tuple[str, ...]],
    closing: ExitStack,
) -> None:
    """Answer status on the control socket and by HTTP, until ``closing`` ends it.

    Raises:
        CannotRun: the address that the operator chose for HTTP cannot be used.
    """
    config, started_s = loaded.config, time.monotonic()
    served: list[HttpServer] = []

    def agent() -> AgentInfo:
        info = router_status(
            zenoh,
            mode=config.zenoh.mode,
            domain_id=config.ros.domain_id,
            uptime_s=time.monotonic() - started_s,
            around=around,
        )
        return replace(info, page=address_of(served))

    def facts() -> AgentFacts:
        return AgentFacts(agent=agent())

    served += serve_http(loaded, closing, facts=facts, explain=_explain)
    control = ControlServer(
        loaded.socket,
        {
            "status": lambda _arguments: to_json(agent()),
            "probe": lambda _arguments: to_json(around.probe().latencies),
            "routes": _nothing,
            "nodes": _nothing,
            "support": support(lambda: loaded, facts=facts, log=recent_log, served=served),
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


def _explain(name: str) -> Json:
    return to_json(
        Explanation(
            name=name,
            crossing=False,
            verdict=f"{name} is not looked at by this router, which has no DDS side",
            facts=(),
            remedy="ask an agent of a DDS domain",
        )
    )


def _nothing(_arguments: Mapping[str, Json]) -> Json:
    return []
