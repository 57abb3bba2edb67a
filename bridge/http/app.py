"""What is answered on which path. Thread: http (the event loop); the engine is asked from worker threads."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable
from importlib import resources

from anyio import CapacityLimiter, to_thread
from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bridge.core.jsonform import Json, to_json
from bridge.core.status import AgentFacts, AgentState
from bridge.errors import CannotRun
from bridge.http.delta import delta
from bridge.http.snapshots import Snapshots
from bridge.http.unhurried import Unhurried

EVENT_PERIOD_S = 1.0
MAX_STREAMS = 16
"""Pages that are kept up to date at a time; the rest are told to come back."""
_WORKERS = 4
"""Threads that wait for the engine."""
_PLAIN = exposition.CONTENT_TYPE_PLAIN_0_0_4
_FORMS: dict[str, Callable[[Collector], bytes]] = {
    _PLAIN: exposition.generate_latest,
    openmetrics.CONTENT_TYPE_LATEST: openmetrics.generate_latest,
}
_READY = (AgentState.ACTIVE, AgentState.STANDBY)
_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


class Site:
    """The agent's pages.

    Args:
        snapshots: the facts.
        explain: why a name crosses or not, as JSON.
        metrics: what ``/metrics`` shows.
    """

    def __init__(self, snapshots: Snapshots, *, explain: Callable[[str], Json], metrics: Collector) -> None:
        self._snapshots = snapshots
        self._explain = explain
        self._metrics = metrics
        self._workers = CapacityLimiter(_WORKERS)
        self._streams = 0
        self._told: tuple[AgentFacts, dict[str, Json]] | None = None
        self._rendering = threading.Lock()
        self._rendered: dict[str, tuple[AgentFacts, bytes]] = {}
        """The last scrape in each form, by its content type."""
        self.closing = asyncio.Event()
        """Set when the server ends: streams end, too."""

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/status", self.status),
            Route("/explain", self.explain),
            Route("/metrics", self.metrics),
            Route("/healthz", self.healthz),
            Route("/readyz", self.readyz),
            Route("/events", self.events),
            *(Route(path, _file(*found)) for path, found in _PAGE.items()),
        ]
        return Starlette(routes=routes, exception_handlers={CannotRun: _unavailable})

    async def prepare(self) -> None:
        """Load what the first scrape would load while samples flow: anyio's sockets, versions on disk."""
        with contextlib.suppress(CannotRun):
            await to_thread.run_sync(self._render, _PLAIN, limiter=self._workers)

    async def status(self, _request: Request) -> Response:
        """The whole snapshot as JSON."""
        return JSONResponse(await self._facts())

    async def explain(self, request: Request) -> Response:
        """``/explain?name=/chatter``: as ``zenlink explain --json``."""
        name = request.query_params.get("name", "")
        found = await to_thread.run_sync(self._explain, name[:256], limiter=self._workers)
        return JSONResponse(found)

    async def metrics(self, request: Request) -> Response:
        """Prometheus text, or OpenMetrics where it is asked for."""
        _, wanted = exposition.choose_encoder(request.headers.get("accept", ""))
        # One of two forms: a version that a client makes up must not be a scrape of its own.
        content_type = next(
            (one for one in _FORMS if one.partition(";")[0] == wanted.partition(";")[0]), _PLAIN
        )
        body = await to_thread.run_sync(self._render, content_type, limiter=self._workers)
        return Response(body, headers={"content-type": content_type})

    def _render(self, content_type: str) -> bytes:
        """One scrape of each snapshot, however many ask. Thread: a worker's."""
        with self._rendering:
            found = self._snapshots.get()
            known = self._rendered.get(content_type)
            if known is not None and known[0] is found:
                return known[1]
            body = _FORMS[content_type](Unhurried(self._metrics))
            self._rendered[content_type] = found, body
            return body

    async def healthz(self, _request: Request) -> Response:
        """200 while this process serves."""
        return PlainTextResponse("alive\n")

    async def readyz(self, _request: Request) -> Response:
        """200 while it does its work; 503 with the reason while it does not."""
        agent = (await self._snapshot()).agent
        ready = agent.state in _READY
        reason = f": {agent.state_reason}" if agent.state_reason else ""
        links = f"{len(agent.links)} link{'' if len(agent.links) == 1 else 's'}"
        text = f"{'ready' if ready else 'not ready'} ({agent.state.value}{reason}), {links}\n"
        return PlainTextResponse(text, 200 if ready else 503)

    async def events(self, _request: Request) -> Response:
        """Server-sent events: ``full`` first, then ``delta`` once a second with what changed."""
        if self._streams >= MAX_STREAMS:
            return PlainTextResponse(f"{MAX_STREAMS} pages are open already\n", 503, {"retry-after": "10"})
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[str]:
        self._streams += 1
        try:
            before: dict[str, Json] = {}
            while not self.closing.is_set():
                try:
                    now = await self._facts()
                except CannotRun as error:
                    yield _event("trouble", str(error))
                else:
                    yield _event("delta", delta(before, now)) if before else _event("full", now)
                    before = now
                await self._pause()
        finally:
            self._streams -= 1

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self.closing.wait(), EVENT_PERIOD_S)
        except asyncio.TimeoutError:
            return

    async def _facts(self) -> dict[str, Json]:
        """The same as JSON, made once of each snapshot; not to be changed."""
        found = await self._snapshot()
        if self._told is None or self._told[0] is not found:
            self._told = found, facts(found)
        return self._told[1]

    async def _snapshot(self) -> AgentFacts:
        return await to_thread.run_sync(self._snapshots.get, limiter=self._workers)


def facts(found: AgentFacts) -> dict[str, Json]:
    """The facts as plain JSON: ``agent``, ``routes`` and ``nodes``."""
    return {
        "agent": to_json(found.agent),
        "routes": to_json(found.routes),
        "nodes": to_json(found.nodes),
    }


def _event(kind: str, value: Json) -> str:
    return f"event: {kind}\ndata: {json.dumps(value, separators=(',', ':'))}\n\n"


def _file(name: str, media_type: str) -> Callable[[Request], Response]:
    body = resources.files("bridge.http").joinpath("page").joinpath(name).read_bytes()

    def serve(_request: Request) -> Response:
        return Response(body, media_type=media_type)

    return serve


def _unavailable(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", 503)
