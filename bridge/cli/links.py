"""`zenlink links`: each link of a running agent, measured against its target, and those that are missing."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bridge.cli import answers
from bridge.cli.inspect import AsJson, Domain, Socket, ask
from bridge.cli.output import print_json, print_table
from bridge.core.endpoint import ENCRYPTED
from bridge.core.jsonform import Json, to_json

DOWN = "down"
_DAY_S = 86_400
_CERTIFICATE_CODES = ("certificate_", "key_")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """One link, or an endpoint of ``zenoh.connect`` without one. ``None``: unknown."""

    state: str
    """``down``; by its measuring ``met``, ``missed``, ``silent``, ``starting``, ``no echo``; else ``up``."""
    protocol: str
    to: str
    """Where it leads; the configured endpoint of one that is down."""
    zid: str
    """Of the neighbour; empty while it is down."""
    whatami: str
    rtt_p50_ms: float | None
    rtt_p99_ms: float | None
    limit_ms: float | None
    """The target, one way."""
    reconnects: int | None
    """Times it came back; None of a link that the other side opened."""
    certificate: str
    """Of an encrypted link, our own: codes of what is wrong, else how long it lasts; else empty."""


def links(as_json: AsJson = False, domain: Domain = 0, socket: Socket = None) -> None:
    """Each Zenoh link: neighbour, protocol, round trip against its target, reconnects, certificate."""
    rows = link_rows(ask("status", domain=domain, socket=socket), now_s=time.time())
    if as_json:
        print_json([to_json(row) for row in rows])
    elif not rows:
        print("no links: nobody is connected, and zenoh.connect names nobody")
    else:
        print_links(rows)


def link_rows(info: Json, *, now_s: float) -> list[LinkRow]:
    """The links of an agent, those that are down first.

    Args:
        info: JSON form of ``AgentInfo``.
        now_s: Seconds since 1970.
    """
    configured = answers.items(answers.get(info, "connections"), "configured")
    measured = {
        answers.text(one, "target"): one for one in answers.items(answers.get(info, "probe"), "latencies")
    }
    made = {answers.text(one, "dst"): one for one in configured if answers.get(one, "up") is True}
    state = certificate_state(info, now_s=now_s)
    down = [_down(one, state) for one in configured if answers.get(one, "up") is not True]
    return down + [
        _up(
            link,
            measured.get(answers.text(link, "zid")),
            made.get(answers.text(link, "dst")),
            state,
        )
        for link in answers.items(info, "links")
    ]


def certificate_state(info: Json, *, now_s: float) -> str:
    """What is wrong with our certificates, else how long the first one lasts. Arguments as of `link_rows`."""
    codes = [answers.text(one, "code") for one in answers.items(info, "findings")]
    wrong = list(dict.fromkeys(code for code in codes if code.startswith(_CERTIFICATE_CODES)))
    if wrong:
        return ", ".join(wrong)
    ends = (answers.get(one, "not_after_s") for one in answers.items(info, "certificates"))
    known = [end for end in ends if isinstance(end, (int, float))]
    return f"{int((min(known) - now_s) // _DAY_S)} days left" if known else "none"


def print_links(rows: list[LinkRow]) -> None:
    """A line a link."""
    numbers = ("RTT P50 ms", "P99 ms", "ONE-WAY LIMIT ms", "RECONNECTS")
    print_table(
        ("STATE", "TO", "NEIGHBOUR", *numbers, "CERTIFICATE"),
        [
            (
                row.state,
                row.to,
                f"{row.whatami} {row.zid}".strip(),
                figure(row.rtt_p50_ms),
                figure(row.rtt_p99_ms),
                figure(row.limit_ms),
                "" if row.reconnects is None else str(row.reconnects),
                row.certificate,
            )
            for row in rows
        ],
        numbers=numbers,
    )


def _down(connection: Json, certificate: str) -> LinkRow:
    endpoint = answers.text(connection, "endpoint")
    return LinkRow(
        state=DOWN,
        protocol=_protocol(endpoint),
        to=endpoint,
        zid="",
        whatami="",
        rtt_p50_ms=None,
        rtt_p99_ms=None,
        limit_ms=None,
        reconnects=_reconnects(connection),
        certificate=certificate if _protocol(endpoint) in ENCRYPTED else "",
    )


def _up(link: Json, measured: Json, connection: Json, certificate: str) -> LinkRow:
    to = answers.text(link, "dst")
    return LinkRow(
        state="up" if measured is None else answers.text(measured, "state"),
        protocol=_protocol(to),
        to=to,
        zid=answers.text(link, "zid"),
        whatami=answers.text(link, "whatami"),
        rtt_p50_ms=_number(measured, "rtt_p50_ms"),
        rtt_p99_ms=_number(measured, "rtt_p99_ms"),
        limit_ms=_number(measured, "limit_ms"),
        reconnects=_reconnects(connection),
        certificate=certificate if _protocol(to) in ENCRYPTED else "",
    )


def _protocol(endpoint: str) -> str:
    return endpoint.partition("/")[0]


def _reconnects(connection: Json) -> int | None:
    count = answers.get(connection, "reconnects")
    return count if isinstance(count, int) else None


def _number(value: Json, key: str) -> float | None:
    found = answers.get(value, key)
    return float(found) if isinstance(found, (int, float)) else None


def figure(value: float | None) -> str:
    """In milliseconds; empty where it is unknown."""
    return "" if value is None else f"{value:.1f}"
