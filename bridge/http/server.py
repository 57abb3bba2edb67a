"""The HTTP server: one thread with an event loop, a listener bound at the start, an end in good order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from prometheus_client.registry import Collector
from starlette.types import ASGIApp
from uvicorn._types import HTTPScope
from uvicorn.protocols.http.h11_impl import H11Protocol

from bridge.core.endpoint import is_loopback
from bridge.core.jsonform import Json
from bridge.core.status import AgentFacts
from bridge.errors import CannotRun
from bridge.http.app import Site
from bridge.http.frugal import FrugalSelector
from bridge.http.guard import Guard
from bridge.http.snapshots import Snapshots
from bridge.metrics import registry
from bridge.pace import Pace

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 512
"""Beyond, a connection is answered 503 at once."""
REQUEST_S = 5.0
"""A client has that long to send the head of its request; a slower one is cut off."""
MAX_HEAD_BYTES = 16 * 1024
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_KEEP_ALIVE_S = 5
_CLOSE_S = 5.0
_BACKLOG = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAddress:
    """Where to listen."""

    host: str
    port: int
    token_file: Path | None = None

    @property
    def loopback(self) -> bool:
        """Only this host reaches it."""
        return is_loopback(self.host)


class PatientProtocol(H11Protocol):
    """uvicorn's, but a client that never finishes its request does not keep its connection."""

    scope: HTTPScope | None  # type: ignore[assignment]  # None until the first request, whatever uvicorn says

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(REQUEST_S, self._too_slow)

    def data_received(self, data: bytes) -> None:
        """See asyncio. h11 minds the size of an unfinished head alone, and a whole one may come at once."""
        if len(data) > MAX_HEAD_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
            return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def _too_slow(self) -> None:
        if self.scope is None and not self.transport.is_closing():  # set with the head of the first request
            self.transport.close()


class HttpServer:
    """Serves the agent's pages until closed.

    Args:
        address: where.
        facts: what is shown. Thread: a worker's, one at a time.
        explain: why a name crosses or not, as JSON.
        others: more that /metrics shows.
    """

    def __init__(
        self,
        address: HttpAddress,
        *,
        facts: Callable[[], AgentFacts],
        explain: Callable[[str], Json],
        others: Iterable[Collector] = (),
    ) -> None:
        self._address = address
        self._others = others
        self.refused = 0
        """Requests refused so far."""
        self._snapshots = Snapshots(facts)
        self._explain = explain
        self._site: Site | None = None
        self._server: uvicorn.Server | None = None
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self.url = ""
        """Where the page is, its real port included; empty before :meth:`start`."""

    def start(self) -> None:
        """Listen.

        Raises:
            CannotRun: the address is taken or is not ours, or the token cannot be read.
        """
        token = _token(self._address.token_file)
        self._socket = _listener(self._address)
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        metrics = registry(self._snapshots.get, refused=lambda: self.refused, others=self._others, pace=Pace)
        site = Site(self._snapshots, explain=self._explain, metrics=metrics)
        self._site = site
        guarded = Guard(site.app(), loopback=self._address.loopback, token=token, refuse=self._refuse)
        self._server = _server(guarded)
        self._thread.start()

    def close(self) -> None:
        """End every connection; idempotent. Thread: any but http."""
        if self._server is None or self._socket is None:
            return
        self._server.should_exit = True
        if self._loop is not None and self._site is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._site.closing.set)
        self._thread.join(_CLOSE_S)
        self._socket.close()
        self._server = None

    def _refuse(self) -> None:
        self.refused += 1

    def _run(self) -> None:
        # asyncio.run() takes a loop of one's own only from Python 3.12 on.
        loop = asyncio.SelectorEventLoop(FrugalSelector())
        try:
            loop.run_until_complete(self._serve())
            loop.run_until_complete(_ended(asyncio.all_tasks(loop)))
            loop.run_until_complete(loop.shutdown_asyncgens())
        except Exception:
            log.exception("the HTTP server ended; everything else goes on")
        finally:
            loop.close()

    async def _serve(self) -> None:
        if self._server is None or self._socket is None or self._site is None:
            return
        self._loop = asyncio.get_running_loop()
        preparing = self._loop.create_task(self._site.prepare())  # noqa: F841 - a loop keeps no task alive
        await self._server.serve(sockets=[self._socket])


async def _ended(tasks: set[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _server(app: ASGIApp) -> uvicorn.Server:
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # its start and stop are in our own lines
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _listener(address: HttpAddress) -> socket.socket:
    where = f"http.listen {address.host}:{address.port}"
    try:
        [found, *_] = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listener = socket.create_server(found[4][:2], family=found[0], backlog=_BACKLOG)
    except OSError as error:
        remedy = "choose another http.listen (--http), or null for none; `ss -ltnp` names who has it"
        raise CannotRun(f"{where}: {error.strerror or error}", remedy=remedy) from error
    listener.setblocking(False)
    return listener


def _token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRun(
            f"http.token_file {file}: {error}", remedy="check the path and who may read it"
        ) from error
    if not token:
        raise CannotRun(f"http.token_file {file} is empty", remedy="write a long random word into it")
    return token
