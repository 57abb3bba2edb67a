"""What is no setting of ours but belongs into the same plan: the usual recipe, Cyclone DDS, Zenoh, queues.

Pure. The recipe is the list of seven sysctls that circulates for ROS 2 and Zenoh: each has its verdict here,
also those that do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from netopt.core import sizing
from netopt.core.catalog import IP_SYSCTL, NET_RST
from netopt.core.observed import Host
from netopt.core.profile import Profile
from netopt.core.quantities import parse_size
from netopt.core.settings import Advice, sysctl, words_of
from netopt.core.sizing import Demand, pow2ceil
from netopt.core.sysctlfile import assignments
from netopt.errors import UsageError

KERNEL_TCP_DEFAULT = 131072
"""The second number of tcp_rmem on every kernel of the last decade (ip-sysctl)."""
_SAFE_MESSAGE_BYTES = 1400
"""A datagram that fits a frame of 1500 bytes, of 1460 in a cloud, and most tunnels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeEntry:
    """One line of the usual recipe."""

    key: str
    value: str
    """What the recipe sets."""
    verdict: str
    instead: str
    source: str
    exists: bool = True
    """False: no kernel has it, and a container that asks for it does not start."""


RECIPE: tuple[RecipeEntry, ...] = (
    RecipeEntry(
        key="net.core.rmem_max",
        value="134217728",
        verdict="works, but only for sockets that ask, and lets each of them keep 256 MiB",
        instead="the size of the messages, as in this plan, and net.core.rmem_default for Fast DDS readers",
        source=IP_SYSCTL,
    ),
    RecipeEntry(
        key="net.core.wmem_max",
        value="134217728",
        verdict="works, but is more than any sender can use",
        instead="room for one message, as in this plan",
        source=IP_SYSCTL,
    ),
    RecipeEntry(
        key="net.ipv4.tcp_rmem",
        value="4096 87380 134217728",
        verdict="the second number lowers the kernel's own 131072: every new link starts slower",
        instead="leave the first two numbers and raise the third to 2 x BDP, as in this plan",
        source=IP_SYSCTL,
    ),
    RecipeEntry(
        key="net.ipv4.tcp_wmem",
        value="4096 65536 134217728",
        verdict="a send queue of 128 MiB holds seconds of old data on a slow link",
        instead="2 x BDP, and tcp_notsent_lowat, as in this plan",
        source=IP_SYSCTL,
    ),
    RecipeEntry(
        key="net.core.netdev_max_backlog",
        value="5000",
        verdict="harmless, and of no use unless the second column of /proc/net/softnet_stat grows",
        instead="this plan has it where packets were dropped",
        source=NET_RST,
    ),
    RecipeEntry(
        key="net.ipv4.tcp_low_latency",
        value="1",
        verdict="does nothing since Linux 4.14; the file is still there and takes any value",
        instead="remove the line; tcp_notsent_lowat is what keeps latency low",
        source=IP_SYSCTL,
    ),
    RecipeEntry(
        key="net.ipv4.tcp_nodelay",
        value="1",
        verdict="no kernel has such a sysctl; a container that asks for it does not start",
        instead="remove the line; it is a socket option, and Zenoh sets it on every TCP and TLS link itself",
        source="zenoh io/zenoh-links/zenoh-link-tcp/src/unicast.rs",
        exists=False,
    ),
)
RECIPE_KEYS = tuple(entry.key for entry in RECIPE)


def advice_of(host: Host, profile: Profile, demand: Demand) -> tuple[Advice, ...]:
    """Everything that a person should know and that is not changed here."""
    return (
        *(_recipe(entry, host) for entry in RECIPE),
        *(_cyclone(profile, demand) if profile.dds else ()),
        *_cyclone_minimum(host),
        *_zenoh(),
        *(_queues(host) if profile.far else ()),
        *_congestion(host, profile),
        *_tuned(host),
    )


def _recipe(entry: RecipeEntry, host: Host) -> Advice:
    places = [
        f"{file.path}:{line.number}"
        for file in host.sysctl_files
        for line in assignments(file)
        if line.key == entry.key
    ]
    harmful = bool(places) and (not entry.exists or entry.key == "net.ipv4.tcp_low_latency")
    text = f"{entry.key} = {entry.value}: {entry.verdict}"
    if entry.key == "net.ipv4.tcp_rmem" and _lowered(host):
        harmful, text = True, f"{text}; this host has it so"
    if harmful and places:
        text = f"{text}; it stands in {', '.join(places)}"
    return Advice(
        subject=f"recipe {entry.key}", text=text, remedy=entry.instead, source=entry.source, harmful=harmful
    )


def _lowered(host: Host) -> bool:
    words = words_of(host.reading(sysctl("net.ipv4.tcp_rmem")).text)
    return len(words) == 3 and words[1].isdigit() and int(words[1]) < KERNEL_TCP_DEFAULT


def cyclone_fragment(profile: Profile, demand: Demand) -> str:
    """The XML for CYCLONEDDS_URI that goes with a plan."""
    asked = sizing.rmem_max(demand)
    lines = ["<CycloneDDS><Domain Id='any'>"]
    if profile.name == "simulator":
        lines.append(
            "  <General><MaxMessageSize>65500B</MaxMessageSize><FragmentSize>65000B</FragmentSize></General>"
        )
    elif profile.wireless:
        small = _SAFE_MESSAGE_BYTES
        lines.append(
            f"  <General><MaxMessageSize>{small}B</MaxMessageSize>"
            f"<FragmentSize>{small - 100}B</FragmentSize></General>"
        )
    lines.append(f"  <Internal><SocketReceiveBufferSize max='{asked}B'/></Internal>")
    lines.append("</Domain></CycloneDDS>")
    return "\n".join(lines)


def _cyclone(profile: Profile, demand: Demand) -> Iterator[Advice]:
    if profile.name == "simulator":
        why = "all nodes on one host: the largest datagrams, which loopback does not split"
    elif profile.wireless:
        why = "on a radio a lost fragment loses its whole datagram: keep each within one frame"
    else:
        why = "Cyclone DDS asks for 1 MiB of its own accord, less than one large message"
    yield Advice(
        subject="cyclonedds",
        text=f"{why}; ask by max, not by min: a participant whose min exceeds 2 x rmem_max does not start",
        remedy=cyclone_fragment(profile, demand),
        source="Cyclone DDS docs/manual/options.md; src/core/ddsi/src/ddsi_udp.c",
    )


def _cyclone_minimum(host: Host) -> Iterator[Advice]:
    """A minimum that the kernel will not give keeps every participant from starting.

    Cyclone DDS compares it with what the socket shows, which is twice what it asked for.
    """
    words = words_of(host.reading(sysctl("net.core.rmem_max")).text)
    if len(words) != 1 or not words[0].isdigit():
        return
    most = 2 * int(words[0])
    for text in re.findall(r"<SocketReceiveBufferSize\b[^>]*\bmin=[\"']([^\"']+)", host.cyclone_uri):
        with suppress(UsageError):
            asked = _cyclone_bytes(text)
            if asked > most:
                yield Advice(
                    subject="CYCLONEDDS_URI",
                    text=f"SocketReceiveBufferSize min={text} is above 2 x net.core.rmem_max = {most} bytes: "
                    "no Cyclone DDS participant can start",
                    remedy=f"raise net.core.rmem_max to {pow2ceil(asked / 2)}, or write max={text} for min",
                    source="Cyclone DDS src/core/ddsi/src/ddsi_udp.c",
                    harmful=True,
                )


def _cyclone_bytes(text: str) -> int:
    """Cyclone reads kB and MB as powers of two, as it does KiB and MiB (docs/manual/options.md)."""
    return parse_size(re.sub(r"(?i)([kmg])i?b", r"\1iB", text))


def _zenoh() -> Iterator[Advice]:
    yield Advice(
        subject="zenoh buffers",
        text="so_sndbuf and so_rcvbuf on a TCP or TLS link turn off the kernel's own growing of its buffers",
        remedy="leave both unset; set so_sndbuf (e.g. tcp/HOST:7447#so_sndbuf=262144) only to cap latency",
        source="zenoh DEFAULT_CONFIG.json5; tcp(7), SO_RCVBUF",
    )
    yield Advice(
        subject="zenoh keepalive",
        text="net.ipv4.tcp_keepalive_* does nothing for Zenoh, whose links never set SO_KEEPALIVE",
        remedy="set `zenoh: {extra: {transport/link/tx/lease: 4000}}` (ms) to notice a dead link sooner",
        source="zenoh DEFAULT_CONFIG.json5",
    )


def _queues(host: Host) -> Iterator[Advice]:
    for one in host.interfaces:
        if one.default_route and one.qdisc == "pfifo_fast" and "fq" in host.queues:
            yield Advice(
                subject=f"queue of {one.name}",
                text="its first-come queue lets a bulk transfer hold up commands; net.core.default_qdisc "
                "reaches only interfaces that come up later",
                remedy=f"tc qdisc replace dev {one.name} root fq"
                f"    (undo: tc qdisc replace dev {one.name} root pfifo_fast)",
                source=f"{NET_RST}; tc-fq(8)",
            )


def _congestion(host: Host, profile: Profile) -> Iterator[Advice]:
    if profile.far and host.congestion_controls and "bbr" not in host.congestion_controls:
        yield Advice(
            subject="bbr",
            text="the kernel does not offer bbr now",
            remedy="modprobe tcp_bbr on the host; for every start, name it in /etc/modules-load.d",
            source=IP_SYSCTL,
        )


def _tuned(host: Host) -> Iterator[Advice]:
    if host.tuned_profile:
        yield Advice(
            subject="tuned",
            text=f"the service tuned (profile {host.tuned_profile}) sets sysctls of its own at start",
            remedy="put the values into a tuned profile that includes it, or turn tuned off",
            source="tuned.conf(5)",
            harmful=True,
        )
