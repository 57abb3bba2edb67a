"""Every sysctl that a profile wants: why, how large, what for, at what cost and on whose word.

The numbers are computed in ``sizing``; what is wanted only on evidence (drops, a named interface) is in
``evidence``. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from netopt.core import sizing
from netopt.core.profile import PROFILES, Profile
from netopt.core.quantities import rate_text, size_text, time_text
from netopt.core.settings import AtLeast, AtMost, Exactly, Prefer, Rule, Scope, Setting, Weight, sysctl
from netopt.core.sizing import Demand

IP_SYSCTL = "Linux Documentation/networking/ip-sysctl.rst"
NET_RST = "Linux Documentation/admin-guide/sysctl/net.rst"
ROS_GUIDE = "ROS 2 documentation, DDS tuning information"
TUNED = "tuned, profile network-throughput"

NOTSENT_LOWAT_BYTES = 131072
LISTEN_BACKLOG = 1024
_PACED = frozenset({"bbr", "bbr2", "bbr3"})
_FAIR_QUEUES = frozenset({"fq", "fq_codel", "cake", "fq_pie"})


def settings_of(profile: Profile, demand: Demand) -> tuple[Setting, ...]:
    """What a profile wants of the kernel, in the order in which it is applied."""
    return tuple(_settings(profile, demand))


def _settings(profile: Profile, demand: Demand) -> Iterator[Setting]:
    if profile.dds:
        yield from _datagrams(demand)
        yield from _fragments(demand)
    yield from _streams(demand)
    yield from _listeners()
    yield from _switches()
    yield from _bursts()
    if profile.far:
        yield from _far_links()
        if profile.wireless:
            yield from _radio()


def _setting(
    key: str,
    rule: Rule,
    *,
    weight: Weight = Weight.USEFUL,
    scope: Scope = Scope.NAMESPACE,
    since: tuple[int, int] = (0, 0),
    **texts: str,
) -> Setting:
    return Setting(
        target=sysctl(key),
        rule=rule,
        scope=scope,
        weight=weight,
        since=since,
        reason=texts["reason"],
        formula=texts["formula"],
        effect=texts["effect"],
        cost=texts["cost"],
        source=texts["source"],
    )


def _datagrams(demand: Demand) -> Iterator[Setting]:
    """Socket buffers of DDS."""
    message = size_text(demand.message_bytes)
    most, default, send = sizing.rmem_max(demand), sizing.rmem_default(demand), sizing.wmem_max(demand)
    yield _setting(
        "net.core.rmem_max",
        AtLeast((most,)),
        weight=Weight.ESSENTIAL,
        scope=Scope.HOST,
        reason="the most that a socket gets that asks for a buffer, as Cyclone DDS and zenlink do",
        formula=f"pow2ceil({sizing.FRAME_COST} x {message} x {demand.streams} streams), at most 64 MiB",
        effect=f"{demand.streams} messages of {message} at once are held until they are read, not dropped",
        cost=f"any process may keep up to {size_text(2 * most)} of kernel memory in each socket",
        source=f"{ROS_GUIDE}; rmw_cyclonedds README; {NET_RST}",
    )
    yield _setting(
        "net.core.rmem_default",
        AtLeast((default,)),
        weight=Weight.ESSENTIAL,
        scope=Scope.HOST,
        reason="what a socket has that asks for nothing, as Fast DDS readers; too small, they lose parts",
        formula=f"pow2ceil({sizing.FRAME_COST} x {message}), at most 16 MiB",
        effect=f"a Fast DDS reader holds a whole message of {message}; without, it waits for repetitions",
        cost=f"every UDP and Unix socket may fill up to {size_text(default)} when its reader is slow",
        source="Fast DDS documentation, large data rates; rmw_cyclonedds README",
    )
    yield _setting(
        "net.core.wmem_max",
        AtLeast((send,)),
        scope=Scope.HOST,
        reason="the most that a sending socket gets: a large message should leave in one go",
        formula=f"pow2ceil({sizing.FRAME_COST} x {message}), at most 64 MiB",
        effect=f"a writer that asks for it hands over {message} without waiting for the interface",
        cost="a longer burst into the transmit queue of the interface",
        source="Fast DDS documentation, large data rates; ros2/rmw_cyclonedds issue 346",
    )


def _fragments(demand: Demand) -> Iterator[Setting]:
    """Datagrams larger than a frame, which DDS sends: each arrives in pieces."""
    memory = sizing.ipfrag_high_thresh(demand)
    seconds = sizing.FRAGMENT_SECONDS
    rate = rate_text(demand.rate_bit_s)
    for protocol in ("ipv4.ipfrag", "ipv6.ip6frag"):
        key = f"net.{protocol}"
        yield _setting(
            f"{key}_high_thresh",
            AtLeast((memory,)),
            reason="memory for datagrams in pieces; when it is full, every large message is dropped",
            formula=f"pow2ceil({rate} x {seconds} s), between 32 and 128 MiB",
            effect="lost fragments no longer keep out the ones that follow",
            cost=f"up to {size_text(memory)} of memory while fragments are missing",
            source=f"{ROS_GUIDE}; {IP_SYSCTL}",
        )
        yield _setting(
            f"{key}_time",
            AtMost(seconds),
            weight=Weight.ESSENTIAL,
            reason="one lost fragment keeps the rest of its datagram in memory that long, and the link hangs",
            formula=f"{seconds} s: longer than any delay on the way",
            effect="the memory is free again after 3 s, not after 30 or 60",
            cost=f"a datagram whose pieces arrive more than {seconds} s apart is lost",
            source=ROS_GUIDE,
        )


def _streams(demand: Demand) -> Iterator[Setting]:
    """Socket buffers of Zenoh's links."""
    product = f"{rate_text(demand.rate_bit_s)} x {time_text(demand.rtt_s)}"
    receive, send = sizing.tcp_rmem_max(demand), sizing.tcp_wmem_max(demand)
    yield _setting(
        "net.ipv4.tcp_rmem",
        AtLeast((4096, 131072, receive)),
        weight=Weight.ESSENTIAL,
        reason="the receive window grows up to the third number; it limits rate x round trip",
        formula=f"pow2ceil(2 x BDP), BDP = {product} = {demand.bdp_bytes} bytes, at most 64 MiB",
        effect=f"one link can fill {product}",
        cost=f"up to {size_text(receive)} of memory a link, only while it is used",
        source=f"{IP_SYSCTL}; {TUNED}",
    )
    yield _setting(
        "net.ipv4.tcp_wmem",
        AtLeast((4096, 16384, send)),
        weight=Weight.ESSENTIAL,
        reason="the same for what is sent and not yet acknowledged",
        formula=f"pow2ceil(2 x BDP), BDP = {product} = {demand.bdp_bytes} bytes, at most 16 MiB",
        effect=f"one link can fill {product}",
        cost=f"up to {size_text(send)} of memory a link; tcp_notsent_lowat keeps the queue short",
        source=f"{IP_SYSCTL}; {TUNED}",
    )
    yield _setting(
        "net.ipv4.tcp_notsent_lowat",
        AtMost(NOTSENT_LOWAT_BYTES),
        since=(3, 12),
        reason="Zenoh's priorities are queues of its own; what the kernel has taken cannot be overtaken",
        formula=f"{NOTSENT_LOWAT_BYTES} bytes: 10 ms of 100 Mbit/s",
        effect="a command overtakes an image at once; acts on open links, too",
        cost="more wake-ups of the sender on fast links",
        source=f"{TUNED}; {IP_SYSCTL}",
    )


def _listeners() -> Iterator[Setting]:
    """What a router needs that many robots come back to."""
    yield _setting(
        "net.core.somaxconn",
        AtLeast((LISTEN_BACKLOG,)),
        reason="Zenoh listens with a backlog of 1024; the kernel cuts it to this",
        formula="1024, as Zenoh asks for",
        effect="many robots can reconnect in the same second",
        cost="none worth a word",
        source="zenoh io/zenoh-link-commons/src/tcp.rs",
    )


def _switches() -> Iterator[Setting]:
    """What some guides turn off, and what then breaks."""
    for name, what in (
        ("window_scaling", "windows above 64 KiB"),
        ("timestamps", "round trip times, and protection on fast links"),
        ("sack", "repair of more than one loss in a round trip"),
        ("moderate_rcvbuf", "growing of the receive buffer"),
    ):
        yield _setting(
            f"net.ipv4.tcp_{name}",
            AtLeast((1,)),
            weight=Weight.ESSENTIAL,
            reason=f"{what}: off only where an old guide was followed",
            formula="1, the kernel's own",
            effect=f"TCP has {what} again",
            cost="none",
            source=IP_SYSCTL,
        )


def _bursts() -> Iterator[Setting]:
    """What helps traffic with pauses, on any link."""
    yield _setting(
        "net.ipv4.tcp_slow_start_after_idle",
        Exactly("0"),
        since=(4, 15),
        reason="robot traffic comes in bursts; after each pause the link would start slowly again",
        formula="0: keep the window",
        effect="the first large message after a pause takes as long as the second",
        cost="a burst into a path that may have become slower meanwhile",
        source=f"{TUNED}; {IP_SYSCTL}",
    )


def _far_links() -> Iterator[Setting]:
    """What helps where the link is long or lossy."""
    yield _setting(
        "net.ipv4.tcp_mtu_probing",
        AtLeast((1,)),
        reason="tunnels and clouds have smaller frames (1460 at GCP) and often hide it: the link then hangs",
        formula="1: probe when a black hole shows",
        effect="a link over a VPN recovers by itself from lost full-size packets",
        cost="none until a black hole is found",
        source=IP_SYSCTL,
    )
    yield _setting(
        "net.ipv4.tcp_congestion_control",
        Prefer("bbr", _PACED),
        reason="cubic halves its rate at each loss; bbr follows what the link carries",
        formula="bbr, where the kernel has it",
        effect="a long or lossy link keeps its rate, with shorter queues on the way; new links only",
        cost="can take more than its share beside cubic; paces best with the fq queue",
        source="Linux net/ipv4/tcp_bbr.c; Cardwell et al., BBR, ACM Queue 14-5",
    )
    yield _setting(
        "net.core.default_qdisc",
        Prefer("fq", _FAIR_QUEUES),
        scope=Scope.HOST,
        reason="bbr paces its packets best with fq; pfifo_fast lets a bulk transfer hold up commands",
        formula="fq, unless a fair queue is there already",
        effect="interfaces that come up from now on share their link fairly; loopback and veth have no queue",
        cost="a little more CPU a packet",
        source=f"{NET_RST}; Linux net/sched/sch_fq.c",
    )


def _radio() -> Iterator[Setting]:
    """What helps where packets are lost in bursts."""
    yield _setting(
        "net.ipv4.tcp_thin_linear_timeouts",
        AtLeast((1,)),
        reason="commands are few packets: after losses the wait would double each time",
        formula="1: linear waits while fewer than 4 packets are in flight",
        effect="a command link recovers sooner from bursts of loss",
        cost="a few more repetitions on a bad link",
        source=IP_SYSCTL,
    )


def known_sysctls() -> tuple[str, ...]:
    """Every sysctl that some profile wants: what a look at a host reads."""
    return tuple(
        dict.fromkeys(
            setting.target.name for profile in PROFILES for setting in settings_of(profile, profile.demand)
        )
    )
