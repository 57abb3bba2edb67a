"""The profiles: what kind of host it is, and so what it has to carry. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netopt.core.sizing import MIB, Demand
from netopt.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named set of kernel settings, given by what the host does."""

    name: str
    summary: str
    demand: Demand
    """What it carries when nobody says otherwise."""
    dds: bool
    """ROS 2 nodes run here, so large messages come in UDP fragments."""
    far: bool
    """Its Zenoh link leaves the site: loss, tunnels and round trips of tens of milliseconds."""
    wireless: bool
    """Its link is a radio: few packets in flight, and fragments get lost."""


PROFILES: tuple[Profile, ...] = (
    Profile(
        name="robot",
        summary="ROS 2 nodes with cameras, a Zenoh link over Wi-Fi or 5G",
        demand=Demand(rate_bit_s=100_000_000, rtt_s=0.05, message_bytes=6 * MIB, streams=2),
        dds=True,
        far=True,
        wireless=True,
    ),
    Profile(
        name="station",
        summary="ROS 2 nodes of an operator (RViz, recording) on a wired network",
        demand=Demand(rate_bit_s=1_000_000_000, rtt_s=0.01, message_bytes=6 * MIB, streams=2),
        dds=True,
        far=False,
        wireless=False,
    ),
    Profile(
        name="router",
        summary="a Zenoh router in a data centre: many links, no ROS 2 nodes",
        demand=Demand(rate_bit_s=1_000_000_000, rtt_s=0.1, message_bytes=6 * MIB, streams=4),
        dds=False,
        far=True,
        wireless=False,
    ),
    Profile(
        name="simulator",
        summary="a simulator and its ROS 2 nodes on one host, many large images over loopback",
        demand=Demand(rate_bit_s=10_000_000_000, rtt_s=0.001, message_bytes=6 * MIB, streams=4),
        dds=True,
        far=False,
        wireless=False,
    ),
)
"""In the order of the documentation; the first is the default."""


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UsageError: There is none.
    """
    for profile in PROFILES:
        if profile.name == name:
            return profile
    names = ", ".join(profile.name for profile in PROFILES)
    raise UsageError(f"there is no profile {name!r}", remedy=f"use one of {names}")


def demand_of(
    profile: Profile,
    *,
    rate_bit_s: int | None = None,
    rtt_s: float | None = None,
    message_bytes: int | None = None,
    memory_bytes: int = 0,
) -> Demand:
    """What a host of that profile has to carry, but for what was said otherwise.

    Raises:
        UsageError: A figure is out of range.
    """
    own = profile.demand
    return replace(
        own,
        rate_bit_s=own.rate_bit_s if rate_bit_s is None else rate_bit_s,
        rtt_s=own.rtt_s if rtt_s is None else rtt_s,
        message_bytes=own.message_bytes if message_bytes is None else message_bytes,
        memory_bytes=memory_bytes,
    )
