"""Our settings as Zenoh options: one nested mapping, as Zenoh's own configuration file has it.

Pure; :mod:`bridge.zenoh.opening` hands the result to Zenoh. A user's raw options come last, so that
everything can be overridden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.core.endpoint import parse_endpoint
from bridge.core.jsonform import Json

LEASE_S = 1.5
"""Silence after which a link counts as dead. The other side's lease decides when *we* notice (deploy facts
C.6). With 4 keep-alives per lease the end of a link is seen within 2 s."""
OPEN_TIMEOUT_MS = 5000
"""For the handshake of one link."""
RETRY_FACTOR = 2
_BATCH_S = 0.001
"""A link that is said to be slow takes no longer for what it sends in one piece."""
_MIN_BATCH_BYTES = 4096
_MAX_BATCH_BYTES = 65535
"""The most that Zenoh takes, and its default."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Milliseconds between two attempts to connect, doubled from one to the next."""

    first_ms: int
    max_ms: int


RETRY_NEAR = Retry(first_ms=50, max_ms=250)
"""Within a site an attempt costs nothing, and a robot waits for it. With 400 ms at most the first
message over two links came up to 0.48 s after the router's port answered; 0.5 s is the promise
(tests/integration/test_recovery.py)."""
RETRY_FAR = Retry(first_ms=200, max_ms=4000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZenohNetwork:
    """What our Zenoh session is and whom it talks to."""

    mode: Literal["router", "peer", "client"] = "router"
    listen: Sequence[str] = ()
    connect: Sequence[str] = ()
    zid: str | None = None
    ca: str | None = None
    certificate: str | None = None
    private_key: str | None = None
    mutual: bool = False
    lease_s: float = LEASE_S
    shared_memory: bool = True
    query_timeout_s: float = 5.0
    link_mbit_s: float | None = None
    """What a link carries; see :mod:`bridge.zenoh.sockets`."""
    extra: Sequence[tuple[str, Json]] = ()
    """Raw options, merged last."""


def zenoh_options(network: ZenohNetwork) -> dict[str, Json]:
    """Every option that differs from Zenoh's default, with the user's own merged last."""
    options: dict[str, Json] = {}
    for key, value in [*_own(network), *network.extra]:
        *parents, leaf = key.split("/")
        section = options
        for parent in parents:
            inner = section.get(parent)
            if not isinstance(inner, dict):
                inner = section[parent] = {}
            section = inner
        section[leaf] = value
    return options


def bytes_in(seconds: float, mbit_s: float) -> int:
    """What a link of this rate carries meanwhile."""
    return int(seconds * mbit_s * 1e6 / 8)


def tls_options(network: ZenohNetwork) -> dict[str, Json]:
    """Zenoh's section ``transport/link/tls``, the user's own options included."""
    section: Json = zenoh_options(network)
    for key in ("transport", "link", "tls"):
        section = section.get(key) if isinstance(section, dict) else None
    return section if isinstance(section, dict) else {}


def _own(network: ZenohNetwork) -> list[tuple[str, Json]]:
    options: list[tuple[str, Json]] = [
        ("mode", network.mode),
        ("listen/endpoints", list(network.listen)),
        ("listen/exit_on_failure", True),
        ("connect/endpoints", _connect(network)),
        # An edge agent starts before its router and outlives it.
        ("connect/exit_on_failure", network.mode == "client"),
        ("connect/retry/period_init_ms", RETRY_FAR.first_ms),
        ("connect/retry/period_max_ms", RETRY_FAR.max_ms),
        ("connect/retry/period_increase_factor", RETRY_FACTOR),
        # With gossip, peers dial strangers (design, fact 14).
        ("scouting/multicast/enabled", False),
        ("scouting/gossip/enabled", False),
        # Else opening waits half a second for what scouting might find.
        ("scouting/delay", 0),
        # Every sample of ours carries its source time (wire specification 2.2). A session with a clock would
        # replace it where that is more than 0.5 s ahead of this host's, and the sample lose its identity.
        ("timestamping/enabled", False),
        ("transport/unicast/open_timeout", OPEN_TIMEOUT_MS),
        ("transport/unicast/accept_timeout", OPEN_TIMEOUT_MS),
        ("transport/link/tx/lease", int(network.lease_s * 1000)),
        ("transport/shared_memory/enabled", network.shared_memory),
        ("queries_default_timeout", int(network.query_timeout_s * 1000)),
        ("adminspace/enabled", True),
    ]
    if network.link_mbit_s is not None:
        # What goes to a link in one piece, which nobody overtakes.
        batch_bytes = min(bytes_in(_BATCH_S, network.link_mbit_s), _MAX_BATCH_BYTES)
        options.append(("transport/link/tx/batch_size", max(batch_bytes, _MIN_BATCH_BYTES)))
    if network.mode == "client":
        options.append(("connect/timeout_ms", OPEN_TIMEOUT_MS))
    if network.zid is not None:
        options.append(("id", network.zid))
    return [*options, *_tls(network)]


def _connect(network: ZenohNetwork) -> list[Json]:
    if any(key.startswith("connect/retry") for key, _ in network.extra):
        return list(network.connect)  # the user's own pace is for all of them
    return [_with_retry(text) for text in network.connect]


def _with_retry(text: str) -> str:
    """An endpoint near by with its own pace of retries, unless it says one itself."""
    if not parse_endpoint(text).near or "retry_period" in text:
        return text
    joint = ";" if "#" in text else "#"
    pace = f"retry_period_init_ms={RETRY_NEAR.first_ms};retry_period_max_ms={RETRY_NEAR.max_ms}"
    return f"{text}{joint}{pace};retry_period_increase_factor={RETRY_FACTOR}"


def _tls(network: ZenohNetwork) -> list[tuple[str, Json]]:
    base = "transport/link/tls"
    options: list[tuple[str, Json]] = []
    if network.ca or network.certificate:
        # Zenoh's default lets a link outlive its certificate for ever (deploy facts C.3).
        options.append((f"{base}/close_link_on_expiration", True))
    if network.ca:
        options.append((f"{base}/root_ca_certificate", network.ca))
    if network.certificate and network.private_key:
        options += [
            (f"{base}/listen_certificate", network.certificate),
            (f"{base}/listen_private_key", network.private_key),
        ]
        if network.mutual:
            options += [
                (f"{base}/connect_certificate", network.certificate),
                (f"{base}/connect_private_key", network.private_key),
            ]
    if network.mutual:
        options.append((f"{base}/enable_mtls", True))
    return options
