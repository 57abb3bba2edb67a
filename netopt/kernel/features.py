"""Network cards by ethtool: descriptors and offloads. Virtual ones have neither. Thread: any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pyroute2 import Ethtool, NetlinkError
from pyroute2.ethtool.ioctl import EthtoolError

from netopt.core.observed import Access, Reading, Rings
from netopt.core.settings import Kind, Target
from netopt.errors import CannotTune

HELPFUL_OFFLOADS = ("rx-gro", "tx-generic-segmentation", "tx-tcp-segmentation")
"""Each saves a pass through the kernel a frame; all are on unless somebody turned them off."""
_REFUSALS = (NetlinkError, EthtoolError, OSError, KeyError)


@contextmanager
def _ethtool() -> Iterator[Any]:
    """One at a time; it holds a netlink and an ioctl socket."""
    tool = Ethtool()
    try:
        yield tool
    finally:
        tool.close()


def rings_of(interface: str) -> Rings | None:
    """Its descriptors; ``None``: the driver does not tell."""
    with suppress(*_REFUSALS), _ethtool() as tool:
        found = tool.get_rings(interface)
        if found.rx is not None and found.rx_max is not None:
            return Rings(rx=found.rx, rx_max=found.rx_max, tx=found.tx or 0, tx_max=found.tx_max or 0)
    return None


def offloads_off(interface: str) -> tuple[str, ...]:
    """Those of ``HELPFUL_OFFLOADS`` that are off and could be on."""
    with suppress(*_REFUSALS), _ethtool() as tool:
        features = tool.get_features(interface).features
        return tuple(
            name
            for name in HELPFUL_OFFLOADS
            if name in features and features[name].available and not features[name].enable
        )
    return ()


class Cards:
    """Rings and offloads as things to set."""

    def read(self, target: Target, *, problem: str) -> Reading:
        """A number of descriptors, or ``on`` or ``off``.

        Args:
            target: Which.
            problem: Why it could not be written.
        """
        access = Access.READ_ONLY if problem else Access.WRITABLE
        if target.kind is Kind.RING:
            rings = rings_of(target.interface)
            if rings is not None:
                return Reading(f"{rings.rx if target.name == 'rx' else rings.tx}\n", access, problem)
        else:
            with suppress(*_REFUSALS), _ethtool() as tool:
                feature = tool.get_features(target.interface).features[target.name]
                return Reading("on\n" if feature.enable else "off\n", access, problem)
        return Reading(access=Access.ABSENT, problem="the card does not have it")

    def write(self, target: Target, text: str | None) -> None:
        """Set it.

        Raises:
            CannotTune: The driver refused.
        """
        word = (text or "").strip()
        try:
            with _ethtool() as tool:
                if target.kind is Kind.RING:
                    tool.set_rings(target.interface, **{target.name: int(word)})
                else:
                    features = tool.get_features(target.interface)
                    features.features[target.name].enable = word == "on"
                    tool.set_features(target.interface, features)
        except (*_REFUSALS, ValueError) as error:
            raise CannotTune(
                f"the driver refused {target} = {word}: {error}",
                remedy="leave the interface out of --interface",
            ) from error
