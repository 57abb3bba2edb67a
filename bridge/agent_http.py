"""The part of the agent that serves HTTP: the page, the metrics, what a bug report is made of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.config import MetricsConfig
from bridge.config_io import LoadedConfig
from bridge.control import Handler
from bridge.core.endpoint import parse_address
from bridge.core.jsonform import Json
from bridge.core.status import AgentFacts
from bridge.errors import CannotRun

if TYPE_CHECKING:
    from bridge.hostmetrics.sampler import HostSampler
    from bridge.http.server import HttpServer

_log = logging.getLogger(__name__)


def serve_http(
    loaded: LoadedConfig,
    closing: ExitStack,
    *,
    facts: Callable[[], AgentFacts],
    explain: Callable[[str], Json],
) -> list[HttpServer]:
    """Serve the page and its kin, if they are wanted; empty where they are not, or cannot be had.

    Raises:
        CannotRun: the address that the operator chose cannot be used.
    """
    http = loaded.config.http
    if http.listen is None:
        return []
    # Only here, where routes are being opened meanwhile: it takes tenths of a second.
    from bridge.http.server import HttpAddress, HttpServer

    host, port = parse_address(http.listen)
    token_file = None if http.token_file is None else Path(http.token_file)
    address = HttpAddress(host=host, port=port, token_file=token_file)
    samplers = _samplers(loaded.config.metrics)
    server = HttpServer(address, facts=facts, explain=explain, others=samplers)
    try:
        server.start()
    except CannotRun as error:
        if loaded.origins.get("http.listen") != "default":
            raise
        _log.warning("no status page and no metrics: %s", error)
        return []
    closing.callback(server.close)
    for one in samplers:
        closing.callback(one.close)
        one.start()
    _log.info("status page at %s", server.url)
    return [server]


def _samplers(wanted: MetricsConfig) -> list[HostSampler]:
    """What reads the figures of this host, if they are wanted."""
    from bridge.hostmetrics.containers import DockerReader
    from bridge.hostmetrics.gpu import NvmlReader
    from bridge.hostmetrics.sampler import HostSampler

    kinds = ((wanted.gpu, NvmlReader), (wanted.containers, DockerReader))
    readers = [kind() for on, kind in kinds if on]
    return [HostSampler(readers)] if readers else []


def address_of(served: Sequence[HttpServer]) -> str:
    """Where the page is; empty where none is served."""
    return served[0].url if served else ""


def support(
    loaded: Callable[[], LoadedConfig],
    *,
    facts: Callable[[], AgentFacts],
    log: Callable[[], tuple[str, ...]],
    served: Sequence[HttpServer],
) -> Handler:
    """The answer to ``zenlink support-bundle``."""

    def answer(_arguments: Mapping[str, Json]) -> Json:
        from bridge.metrics import registry
        from bridge.support import told_by_agent

        return told_by_agent(
            loaded(),
            facts=facts,
            metrics=lambda found: registry(lambda: found, refused=lambda: sum(one.refused for one in served)),
            log=log,
        )

    return answer
