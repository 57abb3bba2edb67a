"""What is worth changing only on this host: because it drops packets, or because an interface was named.

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from netopt.core import sizing
from netopt.core.catalog import NET_RST
from netopt.core.observed import Host, Interface
from netopt.core.profile import Profile
from netopt.core.settings import AtLeast, Exactly, Kind, Scope, Setting, Target, Weight, sysctl
from netopt.core.sizing import Demand

BACKLOG_PACKETS = 5000
BUDGET_PACKETS = 600
BUDGET_US = 8000
EVIDENT_KEYS = ("net.core.netdev_max_backlog", "net.core.netdev_budget", "net.core.netdev_budget_usecs")
_DROPS_AT_TAIL = frozenset({"pfifo", "pfifo_fast", "bfifo", "mq"})
"""Queues whose length is the interface's txqueuelen."""


def evident_settings(
    host: Host, profile: Profile, demand: Demand, *, interfaces: Collection[str]
) -> tuple[Setting, ...]:
    """What the state of this host asks for.

    Args:
        host: As it was read.
        profile: What it does.
        demand: What it has to carry.
        interfaces: Those that a person named; rings and offloads are changed on these alone, since that
            can interrupt a link for a moment.
    """
    return (
        *_input_queues(host),
        *(setting for one in host.interfaces for setting in _link(one, profile, demand, interfaces)),
    )


def _input_queues(host: Host) -> Iterator[Setting]:
    counters = host.counters
    if counters.backlog_drops:
        yield Setting(
            target=sysctl("net.core.netdev_max_backlog"),
            rule=AtLeast((BACKLOG_PACKETS,)),
            scope=Scope.HOST,
            weight=Weight.ESSENTIAL,
            reason=f"{counters.backlog_drops} packets were dropped since a processor's input queue was full",
            formula=f"{BACKLOG_PACKETS} packets: a message of 6 MiB is 4300 frames",
            effect="bursts over loopback and veth wait instead of being dropped",
            cost="a longer queue when a processor cannot keep up",
            source=NET_RST,
        )
    if counters.time_squeezes:
        for key, least, what in (
            ("netdev_budget", BUDGET_PACKETS, "packets"),
            ("netdev_budget_usecs", BUDGET_US, "µs"),
        ):
            yield Setting(
                target=sysctl(f"net.core.{key}"),
                rule=AtLeast((least,)),
                scope=Scope.HOST,
                weight=Weight.USEFUL,
                reason=f"the kernel stopped {counters.time_squeezes} times with packets left to read",
                formula=f"{least} {what}: twice the kernel's own",
                effect="the card is emptied in one go",
                cost="other work on that processor waits longer",
                source=NET_RST,
            )


def _link(
    interface: Interface, profile: Profile, demand: Demand, named: Collection[str]
) -> Iterator[Setting]:
    if interface.loopback and profile.dds:
        yield Setting(
            target=Target(Kind.LINK, "multicast", interface.name),
            rule=Exactly("on"),
            scope=Scope.NAMESPACE,
            weight=Weight.USEFUL,
            reason="DDS finds its neighbours by multicast; loopback has it off",
            formula="on",
            effect="nodes of this host find each other over loopback alone",
            cost="none; lost at a restart, so it needs the systemd unit",
            source="zenoh-plugin-ros2dds README; ip-link(8)",
        )
        return
    if interface.loopback or not interface.up or interface.virtual:
        return
    if interface.name in named or interface.default_route:
        yield from _queue_length(interface, demand)
    yield from _card(interface, requested=interface.name in named)


def _queue_length(interface: Interface, demand: Demand) -> Iterator[Setting]:
    packets = sizing.txqueuelen(demand)
    if interface.qdisc not in _DROPS_AT_TAIL or packets <= sizing.QUEUE_FLOOR_PACKETS:
        return
    yield Setting(
        target=Target(Kind.LINK, "txqueuelen", interface.name),
        rule=AtLeast((packets,)),
        scope=Scope.NAMESPACE,
        weight=Weight.USEFUL,
        reason=f"its queue ({interface.qdisc}) drops what does not fit; a message is thousands of frames",
        formula="frames of all streams, but no more than the link sends in 0.1 s",
        effect="a burst of DDS fragments is queued whole",
        cost=f"other packets wait up to {sizing.QUEUE_DRAIN_S} s behind it",
        source="Fast DDS documentation, large data rates",
    )


def _card(interface: Interface, *, requested: bool) -> Iterator[Setting]:
    rings = interface.rings
    if rings is not None and interface.rx_missed and rings.rx < rings.rx_max:
        yield Setting(
            target=Target(Kind.RING, "rx", interface.name),
            rule=AtLeast((rings.rx_max,)),
            scope=Scope.NAMESPACE,
            weight=Weight.USEFUL,
            reason=f"the card had no room for {interface.rx_missed} packets",
            formula=f"{rings.rx_max}, the most that the card has",
            effect="the card holds longer bursts",
            cost="many drivers take the link down for a moment; more memory",
            source="ethtool(8), --set-ring",
            on_request=not requested,
        )
    for name in interface.offloads_off:
        yield Setting(
            target=Target(Kind.FEATURE, name, interface.name),
            rule=Exactly("on"),
            scope=Scope.NAMESPACE,
            weight=Weight.USEFUL,
            reason="without it every frame costs its own pass through the kernel",
            formula="on, the kernel's own",
            effect="less CPU a megabyte of TCP",
            cost="wrong on hosts that forward between cards with faulty drivers",
            source="Linux Documentation/networking/segmentation-offloads.rst",
            on_request=not requested,
        )
