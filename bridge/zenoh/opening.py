"""Opens Zenoh sessions, and says in our words why one cannot be opened."""

from __future__ import annotations

import json
import logging
import re
import threading
import time

import zenoh

from bridge.core.endpoint import without_options
from bridge.core.zenohlog import without_secrets
from bridge.errors import CannotRun, ConfigError
from bridge.zenoh.options import ZenohNetwork, zenoh_options

log = logging.getLogger(__name__)

_CLIENT_RETRY_S = 1.0
_PORT_RETRY_S = 0.02
_PORT_WAIT_S = 2.0
"""For the ports of the session before, which the kernel may give back late."""
_WRONG_TEXT = re.compile(r'(invalid (?:type|value): string) "(?:[^"\\]|\\.)*"')
"""How Zenoh (serde) quotes a text where it expects something else."""


def open_session(network: ZenohNetwork, *, stop: threading.Event) -> zenoh.Session:
    """Open a session; a client waits for its router, everybody else starts alone.

    Args:
        network: what we are and whom we talk to.
        stop: ends the waiting of a client.

    Raises:
        ConfigError: Zenoh does not know an option.
        CannotRun: an endpoint cannot be listened on, a certificate cannot be read, or ``stop`` came first.
    """
    config = _config(network)
    while True:
        try:
            return zenoh.open(config)
        except zenoh.ZError as error:
            if network.mode != "client" or "Unable to connect" not in str(error):
                raise _cannot_open(network, error) from error
            log.warning("no router at %s yet; trying again", ", ".join(map(without_options, network.connect)))
            if stop.wait(_CLIENT_RETRY_S):
                raise CannotRun("stopped before a router was found", remedy="start the router") from error


def reopen_session(network: ZenohNetwork) -> zenoh.Session:
    """Open the successor of a session that was closed just now, on the same ports.

    Raises:
        ConfigError: Zenoh does not know an option.
        CannotRun: as :func:`open_session`.
    """
    config, until_s = _config(network), time.monotonic() + _PORT_WAIT_S
    while True:
        try:
            return zenoh.open(config)
        except zenoh.ZError as error:
            if "Address already in use" not in str(error) or time.monotonic() > until_s:
                raise _cannot_open(network, error) from error
            time.sleep(_PORT_RETRY_S)


def check_options(network: ZenohNetwork) -> None:
    """Have Zenoh read every option, without opening anything.

    Raises:
        ConfigError: it does not know one.
    """
    _config(network)


def _config(network: ZenohNetwork) -> zenoh.Config:
    try:
        config: zenoh.Config = zenoh.Config.from_json5(json.dumps(zenoh_options(network)))
    except zenoh.ZError as error:
        raise ConfigError(
            f"Zenoh does not accept an option: {_reason(error)}",
            key="zenoh.extra",
            remedy="correct it; the names are those of Zenoh's own configuration",
        ) from error
    return config


def _cannot_open(network: ZenohNetwork, error: zenoh.ZError) -> CannotRun:
    text = _reason(error)
    if "Address already in use" in str(error):
        remedy = "stop the other program (`ss -ltnp` names it), or give another zenoh.listen"
    elif "Permission denied" in str(error):
        remedy = "choose a port of 1024 or more, or give the program CAP_NET_BIND_SERVICE"
    elif "Cannot assign requested address" in str(error):
        remedy = "give an address of this host (`ip address` lists them) in zenoh.listen"
    else:
        remedy = "check zenoh.listen, zenoh.connect and zenoh.tls"
    where = ", ".join(map(without_options, [*network.listen, *network.connect]))
    return CannotRun(f"Zenoh cannot open a session ({where}): {text}", remedy=remedy)


def _reason(error: zenoh.ZError) -> str:
    """Zenoh's text without the places in its source code, and without what may be a misplaced secret."""
    text = str(error).split(" at /", 1)[0].replace("\n", " ")
    return without_secrets(_WRONG_TEXT.sub(r"\1", text))
