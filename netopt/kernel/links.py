"""Network interfaces by netlink: what they are, and their multicast flag and queue length. Thread: any."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pyroute2 import IPRoute, NetlinkError

from netopt.core.observed import Access, Interface, Reading
from netopt.core.settings import Target
from netopt.errors import CannotTune
from netopt.kernel.features import offloads_off, rings_of

_IFF_UP = 0x1
_IFF_LOOPBACK = 0x8
_IFF_MULTICAST = 0x1000
_CAP_NET_ADMIN = 12  # linux/capability.h


def may_change_links() -> bool:
    """Whether this process holds CAP_NET_ADMIN."""
    with suppress(OSError), open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
        for line in status:
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> _CAP_NET_ADMIN & 1)
    return os.geteuid() == 0


class Links:
    """The interfaces of the calling thread's network namespace."""

    def interfaces(self) -> tuple[Interface, ...]:
        """All of them, with what the cards tell; empty where netlink is not allowed."""
        try:
            with IPRoute() as route:
                default = {one.get_attr("RTA_OIF") for one in route.get_default_routes()}
                links = list(route.get_links())
        except (NetlinkError, OSError):
            return ()
        return tuple(_interface(link, default=link["index"] in default) for link in links)

    def read(self, target: Target) -> Reading:
        """``on`` or ``off``, or a number of packets."""
        for link in self._links(target.interface):
            problem = "" if may_change_links() else "needs the capability CAP_NET_ADMIN"
            text = _attribute(link, target.name)
            return Reading(f"{text}\n", Access.READ_ONLY if problem else Access.WRITABLE, problem)
        return Reading(access=Access.ABSENT, problem="no such interface")

    def write(self, target: Target, text: str | None) -> None:
        """Set it.

        Raises:
            CannotTune: The kernel refused.
        """
        word = (text or "").strip()
        try:
            with IPRoute() as route:
                (index,) = route.link_lookup(ifname=target.interface) or (0,)
                if target.name == "multicast":
                    (link,) = route.get_links(index)
                    others = link["flags"] & ~_IFF_MULTICAST  # an empty set of flags would not be sent at all
                    flags = others | (_IFF_MULTICAST if word == "on" else 0)
                    route.link("set", index=index, flags=flags, mask=_IFF_MULTICAST)
                else:
                    route.link("set", index=index, txqlen=int(word))
        except (NetlinkError, OSError, ValueError) as error:
            raise CannotTune(
                f"the kernel refused {target} = {word}: {error}",
                remedy="see whether the interface is there and CAP_NET_ADMIN is held",
            ) from error

    @staticmethod
    def _links(name: str) -> Iterator[Any]:
        try:
            with IPRoute() as route:
                yield from [link for link in route.get_links() if link.get_attr("IFLA_IFNAME") == name]
        except (NetlinkError, OSError):
            return


def _attribute(link: Any, name: str) -> str:
    if name == "multicast":
        return "on" if link["flags"] & _IFF_MULTICAST else "off"
    return str(link.get_attr("IFLA_TXQLEN") or 0)


def _interface(link: Any, *, default: bool) -> Interface:
    name = str(link.get_attr("IFLA_IFNAME"))
    loopback = bool(link["flags"] & _IFF_LOOPBACK)
    virtual = link.get_attr("IFLA_LINKINFO") is not None
    stats = link.get_attr("IFLA_STATS64") or {}
    card = not (loopback or virtual)
    return Interface(
        name=name,
        mtu=link.get_attr("IFLA_MTU") or 0,
        txqueuelen=link.get_attr("IFLA_TXQLEN") or 0,
        qdisc=link.get_attr("IFLA_QDISC") or "",
        up=bool(link["flags"] & _IFF_UP),
        loopback=loopback,
        virtual=virtual,
        default_route=default,
        multicast=bool(link["flags"] & _IFF_MULTICAST),
        rx_missed=stats.get("rx_missed_errors", 0) + stats.get("rx_fifo_errors", 0),
        tx_dropped=stats.get("tx_dropped", 0),
        rings=rings_of(name) if card else None,
        offloads_off=offloads_off(name) if card else (),
    )
