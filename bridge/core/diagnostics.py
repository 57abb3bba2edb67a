"""What the agent says on ``/diagnostics``: itself, each link, its findings, as ``DiagnosticArray``.

Names stay the same over a restart where they can (host, domain, configured endpoint), since monitors tell
statuses apart by name. Must never import an adapter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from bridge.core.cdr import CdrWriter
from bridge.core.linkinfo import LinkInfo, LinkLatency
from bridge.core.status import AgentFacts, AgentInfo, AgentState, Severity

DDS_TOPIC = "rt/diagnostics"
DDS_TYPE = "diagnostic_msgs::msg::dds_::DiagnosticArray_"
# Of Iron and later, the same in Jazzy and Kilted. Source: share/diagnostic_msgs/msg/DiagnosticArray.json.
USER_DATA = b"typehash=RIHS01_5a8a36efb05fb25070fa0fb3810290c0e6cd4862b54a8fb975a1ee8dc55a333e;"

MAX_LINKS = 100
"""Links of either kind with a status of their own; the count of all is in the agent's."""
MAX_FINDINGS = 50
_MAX_CHARS = 1000
_NS_PER_S = 1_000_000_000


class Level(IntEnum):
    """Of a status. Source: diagnostic_msgs/msg/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One ``DiagnosticStatus``."""

    level: Level
    name: str
    message: str
    hardware_id: str
    values: tuple[tuple[str, str], ...] = ()


_OF_SEVERITY = {Severity.INFO: Level.OK, Severity.WARNING: Level.WARN, Severity.ERROR: Level.ERROR}
_OF_LINK = {"missed": Level.WARN, "silent": Level.ERROR}
"""By the state of its measuring; any other is well."""


def statuses(facts: AgentFacts, *, host: str) -> tuple[Status, ...]:
    """One status for the agent, one for each link, one for the findings.

    Args:
        facts: of now.
        host: this host's name, numbered where it has several agents on the domain; in the name of each status
            and its hardware id, as the statuses of many agents meet in one place.
    """
    agent = facts.agent
    latencies = {one.target: one for one in agent.probe.latencies}
    links = [*_configured(agent, host), *(_link(agent, one, latencies, host) for one in _by_zid(agent.links))]
    return (_agent(facts, host), _findings(agent, host), *links[:MAX_LINKS])


def out_of_order(reason: str, *, host: str, domain_id: int) -> tuple[Status, ...]:
    """The one status of an agent that does not answer."""
    name = _name(host, domain_id, "agent")
    return (Status(level=Level.ERROR, name=name, message=reason, hardware_id=host),)


def encode(found: Iterable[Status], *, stamp_ns: int) -> bytes:
    """A ``DiagnosticArray`` as CDR with its header.

    Args:
        found: what it tells.
        stamp_ns: since 1970.

    Source: diagnostic_msgs/msg/DiagnosticArray and DiagnosticStatus, std_msgs/msg/Header.
    """
    out, listed = CdrWriter(), tuple(found)
    out.u32(stamp_ns // _NS_PER_S)
    out.u32(stamp_ns % _NS_PER_S)
    out.string("")  # frame_id
    out.u32(len(listed))
    for status in listed:
        out.octets(bytes([status.level]))
        for text in (status.name, status.message, status.hardware_id):
            out.string(_plain(text))
        out.u32(len(status.values))
        for key, value in status.values:
            out.string(_plain(key))
            out.string(_plain(value))
    return out.payload


def _plain(text: str) -> str:
    """As a CDR string can hold it: a NUL would end it."""
    return text[:_MAX_CHARS].replace("\0", "").encode("utf-8", "replace").decode()


def _name(host: str, domain_id: int, part: str) -> str:
    return f"zenlink {host} domain {domain_id}: {part}"


def _agent(facts: AgentFacts, host: str) -> Status:
    agent = facts.agent
    well = agent.state in (AgentState.ACTIVE, AgentState.STANDBY)
    message = f"{agent.state.value}: {agent.state_reason}" if agent.state_reason else agent.state.value
    return Status(
        level=Level.OK if well else Level.WARN,
        name=_name(host, agent.domain_id, "agent"),
        message=message,
        hardware_id=host,
        values=tuple(_agent_values(facts)),
    )


def _agent_values(facts: AgentFacts) -> Iterator[tuple[str, str]]:
    agent = facts.agent
    yield from (
        ("version", agent.version),
        ("zid", agent.zid),
        ("mode", agent.mode),
        ("namespace", agent.namespace),
        ("uptime_s", f"{agent.uptime_s:.0f}"),
        ("links", str(len(agent.links))),
        ("bridges", str(len(agent.peers))),
        ("nodes", str(len(facts.nodes))),
        ("routes active", str(agent.active_routes)),
    )
    yield from ((f"routes {state}", str(count)) for state, count in agent.routes)
    messages: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    for spec, counters in (*((one.spec, one.counters) for one in facts.routes), *facts.past):
        messages[spec.direction.value] += counters.messages
        causes.update({f"drops {cause}": count for cause, count in counters.drops})
        causes.update({f"lost {cause}": count for cause, count in counters.lost})
    yield from ((f"messages {way}", str(count)) for way, count in sorted(messages.items()))
    yield from ((cause, str(count)) for cause, count in sorted(causes.items()))


def _findings(agent: AgentInfo, host: str) -> Status:
    found = [one for one in agent.findings if _OF_SEVERITY[one.severity] is not Level.OK]
    codes = ", ".join(dict.fromkeys(one.code for one in found))
    return Status(
        level=max((_OF_SEVERITY[one.severity] for one in found), default=Level.OK),
        name=_name(host, agent.domain_id, "findings"),
        message=f"{len(found)}: {codes}" if found else "none",
        hardware_id=host,
        values=tuple(
            (f"{one.code} [{one.subject}]", f"{one.text}; {one.remedy}")
            for one in agent.findings[:MAX_FINDINGS]
        ),
    )


def _configured(agent: AgentInfo, host: str) -> Iterator[Status]:
    """The links that the configuration asks for, there or not."""
    for one in agent.connections.configured:
        yield Status(
            level=Level.OK if one.up else Level.ERROR,
            name=_name(host, agent.domain_id, f"link to {one.endpoint}"),
            message="up" if one.up else "no link",
            hardware_id=host,
            values=(("reconnects", str(one.reconnects)),),
        )


def _by_zid(links: Iterable[LinkInfo]) -> tuple[LinkInfo, ...]:
    """One link of each neighbour: a second to the same one is no status of its own."""
    return tuple({link.zid: link for link in sorted(links, key=lambda one: (one.zid, one.dst))}.values())


def _link(agent: AgentInfo, link: LinkInfo, latencies: dict[str, LinkLatency], host: str) -> Status:
    measured = latencies.get(link.zid)
    return Status(
        level=Level.OK if measured is None else _OF_LINK.get(measured.state, Level.OK),
        name=_name(host, agent.domain_id, f"link with {link.zid}"),
        message="up" if measured is None else measured.text or measured.state,
        hardware_id=host,
        values=(
            ("neighbour", link.whatami),
            ("from", link.src),
            ("to", link.dst),
            *(() if measured is None else _figures(measured)),
        ),
    )


def _figures(measured: LinkLatency) -> Iterator[tuple[str, str]]:
    yield from (("probes sent", str(measured.sent)), ("probes lost", str(measured.lost)))
    for name, value in (
        ("round trip p50 ms", measured.rtt_p50_ms),
        ("round trip p99 ms", measured.rtt_p99_ms),
        ("limit one way ms", measured.limit_ms),
    ):
        if value is not None:
            yield name, f"{value:g}"
