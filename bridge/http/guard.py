"""Who may ask: the right host name, and the token where strangers can reach the listener.

A page of another origin could name its own host 127.0.0.1 (DNS rebinding) and read what only this host should
see, so a loopback listener answers loopback names alone.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from typing import Protocol

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_PATHS = frozenset({"/healthz"})
"""Says nothing but that we live, to container checks that hold no token."""
_SAFE_HEADERS = (
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


class Tally(Protocol):
    """Counts what was refused."""

    def __call__(self) -> None:
        """One more."""


class Guard:
    """The outermost ASGI layer.

    Args:
        app: what is guarded.
        loopback: the listener is reached from this host alone.
        token: needed by all, as ``Authorization: Bearer`` or as the password of ``Basic``; empty: by nobody.
        refuse: counts a refusal.
    """

    def __init__(self, app: ASGIApp, *, loopback: bool, token: str, refuse: Tally) -> None:
        self._app = app
        self._loopback = loopback
        self._token = token
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_SAFE_HEADERS]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            self._refuse()
        await (refusal or self._app)(scope, receive, send_safely)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if self._loopback and not is_loopback_host(headers.get("host", "")):
            return PlainTextResponse("this page is for this host alone: ask for localhost\n", 421)
        if not self._token or scope["path"] in OPEN_PATHS:
            return None
        if hmac.compare_digest(_offered(headers.get("authorization", "")), self._token.encode()):
            return None
        return PlainTextResponse(
            "the token of http.token_file is needed: Authorization: Bearer TOKEN\n",
            401,
            {"www-authenticate": 'Basic realm="zenlink, any user, the token as password", charset="UTF-8"'},
        )


def is_loopback_host(host: str) -> bool:
    """Whether a ``Host`` header names this host by a loopback name or address."""
    name = host.rpartition(":")[0] if not host.endswith("]") and host.rpartition(":")[2].isdigit() else host
    if name.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def _offered(header: str) -> bytes:
    """The token in an ``Authorization`` header; empty when there is none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
