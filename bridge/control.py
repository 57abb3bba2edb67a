"""The agent's local control socket: how `zenlink status` and its kin ask a running agent.

A Unix socket, mode 0600 from the moment it exists. A connection carries one exchange: the client
writes one JSON object on a line, ``{"command": "explain", "args": {"name": "/chatter"}}``, and reads one,
``{"ok": true, "result": …}`` or ``{"ok": false, "error": "…"}``, where a fault of the configuration has its
parts beside the text, as ``"config_error": {…}``. Every client is held to a time and a
size, so that none can keep the agent from answering the next.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from bridge.core.jsonform import Json
from bridge.errors import AgentSilent, BridgeError, CannotRun, ConfigError
from bridge.unixsocket import listen

Handler: TypeAlias = Callable[[Mapping[str, Json]], Json]
"""Answers one command from its arguments; a ``BridgeError`` becomes the client's error text."""

MAX_CLIENTS = 16
"""Served at a time; the rest wait in the kernel's backlog."""
MAX_REQUEST_BYTES = 64 * 1024
"""Of one request line; names are far shorter."""
EXCHANGE_S = 5.0
"""Seconds a client has to send its request, and again to read its reply."""
CALL_S = 10.0
"""Seconds that a client waits for an agent: to take the request, and to answer it."""
JOIN_S = 5.0
"""Seconds that `close` waits for each thread."""
MAX_REPLY_BYTES = 64 * 1024 * 1024
"""What a client accepts: the routes of tens of thousands of topics."""

_CHUNK_BYTES = 64 * 1024
_LOG = logging.getLogger(__name__)


class ControlServer:
    """Serves commands on a Unix socket until closed.

    Args:
        path: Of the socket; its folder is made when missing, for this user alone.
        handlers: Command to its answer. Thread: ``control-client``, up to `MAX_CLIENTS` at once.
        exchange_s: Seconds a client has for each half of the exchange.
    """

    def __init__(
        self, path: Path, handlers: Mapping[str, Handler], *, exchange_s: float = EXCHANGE_S
    ) -> None:
        self._path = path
        self._handlers = handlers
        self._exchange_s = exchange_s
        self._stop = threading.Event()
        self._slots = threading.BoundedSemaphore(MAX_CLIENTS)
        self._mutex = threading.Lock()
        self._clients: dict[threading.Thread, socket.socket] = {}
        """Guarded by `_mutex`."""
        self._undo = contextlib.ExitStack()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None

    def start(self) -> None:
        """Listens; returns when clients can connect.

        Raises:
            CannotRun: Another agent serves this path, or the place cannot be used.
        """
        self._listener = listen(self._path, undo=self._undo)
        self._acceptor = threading.Thread(target=self._accept, name="control-accept", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Stops serving, removes the socket and joins the threads; a second call does nothing."""
        if self._listener is None or self._stop.is_set():
            return
        self._stop.set()
        with contextlib.suppress(
            OSError
        ):  # not connected: some kernels say so after waking accept all the same
            self._listener.shutdown(socket.SHUT_RDWR)
        self._hang_up()  # first, since the acceptor may be waiting for a client to leave
        _join(self._acceptor)
        for thread in self._hang_up():  # again: one may have come in between
            _join(thread)
        self._undo.close()

    def _hang_up(self) -> tuple[threading.Thread, ...]:
        """Ends every connection; returns the threads that notice."""
        with self._mutex:
            for connection in self._clients.values():
                with contextlib.suppress(OSError):  # it may have ended by itself
                    connection.shutdown(socket.SHUT_RDWR)
            return tuple(self._clients)

    def _accept(self) -> None:
        """Thread: control-accept."""
        listener = self._listener
        while listener is not None and not self._stop.is_set():
            if not self._slots.acquire(timeout=self._exchange_s):
                continue
            try:
                connection, _ = listener.accept()
            except OSError as error:
                self._slots.release()
                if not self._stop.is_set():
                    _LOG.warning("control socket: cannot accept a client: %s", error)
                    self._stop.wait(0.1)  # out of file descriptors: let some be closed
                continue
            thread = threading.Thread(
                target=self._serve, args=(connection,), name="control-client", daemon=True
            )
            with self._mutex:
                self._clients[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        """Thread: control-client."""
        try:
            with connection:
                reply = self._reply(connection)
                connection.settimeout(self._exchange_s)
                connection.sendall(json.dumps(reply, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        except OSError as error:
            _LOG.debug("control socket: client left: %s", error)
        except Exception:  # noqa: BLE001  # the top of a thread
            _LOG.exception("control socket: a client's thread failed")
        finally:
            with self._mutex:
                del self._clients[threading.current_thread()]
            self._slots.release()

    def _reply(self, connection: socket.socket) -> dict[str, Json]:
        try:
            line = _read_line(connection, limit=MAX_REQUEST_BYTES, within_s=self._exchange_s)
            command, arguments = _request(line)
        except _BadRequest as error:
            return {"ok": False, "error": str(error)}
        handler = self._handlers.get(command)
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            return {"ok": False, "error": f"unknown command {command[:80]!r}; this agent knows {known}"}
        try:
            return {"ok": True, "result": handler(arguments)}
        except ConfigError as error:
            return {"ok": False, "error": str(error), "config_error": _parts(error)}
        except BridgeError as error:
            return {"ok": False, "error": str(error)}
        except Exception:  # noqa: BLE001  # a fault in one command is no reason to hang up without a word
            _LOG.exception("control command %s failed", command)
            return {"ok": False, "error": f"the agent failed on {command!r}; its log says why"}


def call(path: Path, command: str, /, **args: Json) -> Json:
    """The answer of the agent that serves `path`.

    Raises:
        CannotRun: Nobody answers there, or the agent refused.
        ConfigError: The agent refused because its configuration file is faulty.
    """
    request = json.dumps({"command": command, "args": args}).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(CALL_S)
            connection.connect(os.fspath(path))
            connection.sendall(request)
            reply = json.loads(_read_line(connection, limit=MAX_REPLY_BYTES, within_s=CALL_S))
    except PermissionError as error:
        remedy = "run this as the user of the agent, or as root"
        raise AgentSilent(f"the agent's socket {path} belongs to another user", remedy=remedy) from error
    except (TimeoutError, _TooLate) as error:
        remedy = "it hangs: `ps` tells whether it is stopped (T), its log what it did last; else restart it"
        raise AgentSilent(
            f"an agent has {path} and does not answer within {CALL_S:g} s", remedy=remedy
        ) from error
    except (OSError, ValueError, _BadRequest) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        remedy = "start one with `zenlink run`, or name its socket with --socket"
        raise CannotRun(f"no agent answers at {path} ({reason})", remedy=remedy) from error
    if not isinstance(reply, dict) or "ok" not in reply:
        raise CannotRun(
            f"{path} is served by something else than an agent", remedy="name its socket with --socket"
        )
    if not reply["ok"]:
        if (fault := _config_error(reply.get("config_error"))) is not None:
            raise fault
        remedy = "is the agent of the same version? see `zenlink version`"
        raise CannotRun(f"the agent refused {command!r}: {reply.get('error')}", remedy=remedy)
    result: Json = reply.get("result")
    return result


def _parts(error: ConfigError) -> dict[str, Json]:
    return {
        "problem": error.problem,
        "remedy": error.remedy,
        "file": error.file,
        "line": error.line,
        "key": error.key,
    }


def _config_error(parts: Json) -> ConfigError | None:
    """What `_parts` took apart; the agent may be of another version, so nothing is taken for granted."""
    if not isinstance(parts, dict):
        return None
    line = parts.get("line")
    return ConfigError(
        str(parts.get("problem", "is faulty")),
        remedy=str(parts.get("remedy", "see the log of the agent")),
        file=str(parts.get("file", "")),
        line=line if isinstance(line, int) else 0,
        key=str(parts.get("key", "")),
    )


def _join(thread: threading.Thread | None) -> None:
    if thread is None:
        return
    thread.join(JOIN_S)
    if thread.is_alive():
        _LOG.error("thread %s did not end within %s s", thread.name, JOIN_S)


class _BadRequest(Exception):
    """What came over the socket is no line of JSON that we expect."""


class _TooLate(_BadRequest):
    """Nothing, or the beginning of a line, came in time."""


def _read_line(connection: socket.socket, *, limit: int, within_s: float) -> bytes:
    deadline = time.monotonic() + within_s
    chunks, size = [], 0
    while True:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise _TooLate(f"no complete line within {within_s:g} s")
        connection.settimeout(left_s)
        try:
            chunk = connection.recv(_CHUNK_BYTES)
        except TimeoutError:
            continue
        if not chunk:
            raise _BadRequest("the connection ended before the end of the line")
        chunks.append(chunk)
        size += len(chunk)
        if b"\n" in chunk:
            line = b"".join(chunks).partition(b"\n")[0]
            if len(line) <= limit:
                return line
        if size > limit:
            raise _BadRequest(f"a line longer than {limit} bytes")


def _request(line: bytes) -> tuple[str, Mapping[str, Json]]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _BadRequest("the request is not one JSON object on one line") from error
    if not isinstance(request, dict) or not isinstance(request.get("command"), str):
        raise _BadRequest('the request is not {"command": "...", "args": {...}}')
    arguments = request.get("args", {})
    if not isinstance(arguments, dict):
        raise _BadRequest("args is not an object")
    return request["command"], arguments
