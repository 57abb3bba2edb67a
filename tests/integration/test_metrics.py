"""What a real Prometheus scrapes of two agents equals what was really sent and called, byte by byte.

Also when all who sent are gone.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from urllib.parse import urlsplit

import zenoh

from tests.integration.nodes.rmw_types import BASIC_TYPES, basic
from tests.integration.nodes.workload import sizes
from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node
from tests.integration.support.outsiders import outsider, publisher_token
from tests.integration.support.processes import ROOT
from tests.integration.support.prometheus import Prometheus, Series, prometheus

_SEED = 7
_PLAIN, _THINNED = 1500, 90
_SPACING_MS = 13.0
"""No multiple of it is one of a rate's period within the burst, so rounding decides nothing."""
_LIMITS_HZ = {"egress": 10.0, "ingress": 4.0}
_ECHO = "/echo"
_CALLS, _CHARS = (7, 5), 11
"""Of two clients, one after the other, on routes of their own. So long a text leaves nothing to pad."""
_SERVED_S, _EDGE_BELOW = 0.03, "0.025"
"""How long the server takes for a call, at least, and the next edge of the histogram below that."""
_MALFORMED = (b"", b"\x00\x01", b"\xff\xff\x00\x00body")
_BIG_ENDIAN = (b"\x00\x00\x00\x00body",)


def passing(count: int, limit_hz: float) -> list[int]:
    """Numbers of a burst that a rate limit lets through: the first at or after each period."""
    period_ms = 1000 / limit_hz
    last = (count - 1) * _SPACING_MS
    return [math.ceil(k * period_ms / _SPACING_MS) for k in range(int(last / period_ms) + 1)]


def test_every_counter_equals_the_truth_as_prometheus_reads_it(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a long random word\n")
    http = {"http": {"listen": "127.0.0.1:0", "token_file": str(token)}}
    limits = {
        way: [{"match": {"name": f"/thinned_{way}"}, "max_rate_hz": hz}] for way, hz in _LIMITS_HZ.items()
    }
    with (
        domains(2) as (robot, station),
        agent(domain=robot, settings=http, rules=limits["egress"]) as left,
        agent(domain=station, settings=http, rules=limits["ingress"], connect=[left]) as right,
        prometheus(_configuration([left, right], token)) as server,
    ):
        with (
            ros_node("workload", domain=robot) as source,
            ros_node("workload", domain=station) as sink,
        ):
            for name, count in (
                ("plain", _PLAIN),
                ("thinned_egress", _THINNED),
                ("thinned_ingress", _THINNED),
            ):
                _send(name, count, source=source, sink=sink, agents=(left, right))
            _send_rubbish("rubbish", left, right, sink)
            for count in _CALLS:
                _call_and_leave(left, right, count)
            truth = _truth(_target(left), _target(right))
            eventually(lambda: _sums(server) == truth or _difference(_sums(server), truth))
            assert len(sink.call("received", name="plain")) == _PLAIN
            assert server.query("count(zenlink_route_active)")
        eventually(lambda: not server.query("zenlink_route_active or zenlink_service_active"))
        assert _difference(_sums(server), truth), "the nodes are gone, what they sent is not"
        _calls_took_what_the_server_took(server)
        _nothing_was_dropped_unasked(server)
        assert sorted(server.query("up").values()) == [1, 1]
        assert sorted(server.query("sum by (instance) (zenlink_link_up)").values()) == [1, 1]
        assert sorted(server.query('zenlink_agent_state{state="active"}').values()) == [1, 1]


def _call_and_leave(left: Agent, right: Agent, count: int) -> None:
    """A server and a client, whose routes go with them."""
    with (
        ros_node("rmw_services", domain=left.domain, name="server", echo=[_ECHO], delay_s=_SERVED_S),
        ros_node("rmw_services", domain=right.domain, name="client") as client,
    ):
        found = client.call("call", service=_ECHO, clients=1, count=count, chars=_CHARS)
        assert (found["answered"], found["wrong"], found["unanswered"]) == (count, 0, 0)
    eventually(lambda: not (left.routes(_ECHO) or right.routes(_ECHO)))


def _calls_took_what_the_server_took(server: Prometheus) -> None:
    """At least that, of each call and on both sides; and the side of the clients waits longer."""
    series = f'zenlink_service_duration_seconds_%s{{name="{_ECHO}"%s}}'
    quick = server.query(series % ("bucket", f', le="{_EDGE_BELOW}"'))
    assert list(quick.values()) == [0, 0]
    sums = {dict(labels)["direction"]: value for labels, value in server.query(series % ("sum", "")).items()}
    assert sum(_CALLS) * _SERVED_S <= sums["egress"] <= sums["ingress"]


def _nothing_was_dropped_unasked(server: Prometheus) -> None:
    """What each agent counted in all is the sum of its routes, by cause, and nothing else."""
    for total, routes in (
        ("drops", "route_drops"),
        ("lost", "route_lost"),
        ("call_failures", "service_failures"),
    ):
        summed = server.query(f"sum by (instance, cause) (zenlink_{routes}_total)")
        told = server.query(f"sum by (instance, cause) (zenlink_{total}_total)")
        assert {labels: value for labels, value in told.items() if value} == summed
        assert len(told) > len(summed)  # also of what never happened


def _call_bytes() -> int:
    """Payload of one call, there and back, without the 16 bytes that the RMW puts before it on DDS."""
    messages = (basic(kind, number=1, text="x" * _CHARS) for kind in BASIC_TYPES)
    return sum(len(message.serialize()) - 16 for message in messages)


def _configuration(agents: list[Agent], token: Path) -> str:
    """The snippet of the documentation, with the addresses and the token of this test."""
    text = (ROOT / "docs" / "observing.md").read_text(encoding="utf-8")
    [snippet] = re.findall(r"```yaml\n(# prometheus\.yml\n.*?)```", text, re.DOTALL)
    for shown, ours in (
        ("[robot1:9469, station:9469]", json.dumps([_target(one) for one in agents])),
        ("/etc/prometheus/zenlink.token", str(token)),
        ("scrape_interval: 15s", "scrape_interval: 1s"),
    ):
        assert shown in snippet
        snippet = snippet.replace(shown, ours)
    return snippet


def _target(of: Agent) -> str:
    return urlsplit(of.page()).netloc


def _send(name: str, count: int, *, source: RosNode, sink: RosNode, agents: tuple[Agent, ...]) -> None:
    source.call("advertise", name=name)
    sink.call("subscribe", name=name)
    eventually(lambda: all(one.crosses(f"/{name}") for one in agents))
    eventually(lambda: source.call("matched", name=name) == 1)
    source.call("publish", name=name, seed=_SEED, count=count, spacing_ms=_SPACING_MS)


def _send_rubbish(name: str, left: Agent, right: Agent, sink: RosNode) -> None:
    """Payloads that are no CDR, from a Zenoh peer that is no agent."""
    sink.call("subscribe", name=name)
    with (
        outsider(left) as session,
        session.liveliness().declare_token(publisher_token(session, name)),
    ):
        eventually(lambda: right.route(f"/{name}", "ingress") and right.crosses(f"/{name}"))
        publisher = session.declare_publisher(name, congestion_control=zenoh.CongestionControl.BLOCK)
        eventually(lambda: publisher.matching_status.matching)
        for payload in (*_MALFORMED, *_BIG_ENDIAN):
            publisher.put(payload)


def _truth(left: str, right: str) -> Series:
    """What must be counted, from the seed alone."""
    wanted: Series = {}

    def count(instance: str, way: str, name: str, crossed: list[int], **drops: int) -> None:
        labels = {"instance": instance, "direction": way, "name": f"/{name}"}
        figures = {"messages": len(crossed), "bytes": sum(crossed)}
        for figure, value in figures.items():
            metric = {"__name__": f"zenlink_route_{figure}_total"}
            wanted[tuple(sorted((metric | labels).items()))] = value
        for cause, value in drops.items():
            metric = {"__name__": "zenlink_route_drops_total", "cause": cause}
            wanted[tuple(sorted((metric | labels).items()))] = value

    plain, burst = sizes(_SEED, _PLAIN), sizes(_SEED, _THINNED)
    for instance, way in ((left, "egress"), (right, "ingress")):
        count(instance, way, "plain", plain)
        for limited, hz in _LIMITS_HZ.items():
            kept = [burst[number] for number in passing(_THINNED, hz)]
            if limited == way:
                count(instance, way, f"thinned_{limited}", kept, rate_limited=_THINNED - len(kept))
            else:
                count(instance, way, f"thinned_{limited}", kept if limited == "egress" else burst)
        labels = {"instance": instance, "direction": way, "name": _ECHO}
        calls = sum(_CALLS)
        for figure, value in (
            ("calls_total", calls),
            ("bytes_total", calls * _call_bytes()),
            ("duration_seconds_count", calls),
        ):
            metric = {"__name__": f"zenlink_service_{figure}"}
            wanted[tuple(sorted((metric | labels).items()))] = value
    count(right, "ingress", "rubbish", [], malformed=len(_MALFORMED), big_endian=len(_BIG_ENDIAN))
    return wanted


def _sums(server: Prometheus) -> Series:
    """Every counter of a route that ever counted anything, and zeros of what is in the truth."""
    figures = "(route_(messages|bytes|drops|lost)|service_(calls|bytes|failures))_total"
    found = server.query(f'{{__name__=~"zenlink_({figures}|service_duration_seconds_count)"}}')
    names = {_ECHO, "/plain", "/rubbish", *(f"/thinned_{way}" for way in _LIMITS_HZ)}
    return {labels: value for labels, value in found.items() if value or dict(labels)["name"] in names}


def _difference(found: Series, truth: Series) -> bool:
    differing = {labels: (found.get(labels), truth.get(labels)) for labels in found.keys() | truth.keys()}
    wrong = {labels: pair for labels, pair in differing.items() if pair[0] != pair[1]}
    assert not wrong, f"(scraped, true): {wrong}"
    return True
