"""Our Cyclone DDS configuration as XML text, merged with a user's.

Given to Cyclone by ``Domain(id, xml)`` and never by the environment, which the RMW of an rclpy in this
process and every child process would inherit. Cyclone merges a comma-separated list of fragments,
later ones winning, so a user's configuration is appended to ours.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlparse

from bridge.errors import ConfigError

DiscoveryRange = Literal["localhost", "subnet", "off"]

LOOPBACK_MESSAGE_BYTES = 65500
LOOPBACK_FRAGMENT_BYTES = 65000
"""Largest UDP datagrams; took one-way 6 MiB from 143 ms to 3.4 ms on loopback (design, fact 5). On a
real network one lost IP fragment would lose all of it, so there Cyclone's own values stay."""
RECEIVE_BUFFER_MIB = 16
"""Asked of the kernel for each socket, which gives as much as net.core.rmem_max allows. Of 6 MiB images of a
Fast DDS node on a busy 2-core host, Cyclone's own 1 MiB lost 70 of 97 datagrams an image, 4 MiB none; and
Fast DDS repeats what is lost only after its heartbeat period of 3 s."""
LOOPBACK_HEARTBEAT_MS = 10
"""A Fast DDS reader keeps the kernel's small receive buffer and drops parts of large samples, which are
repaired at the next heartbeat; Cyclone's 100 ms made a 0.9 MB image take 67 ms instead of 36 ms."""
MAX_PARTICIPANT_INDEX = 119
"""Ports of indexes beyond 119 run into those of the next domain (RTPS 2.3, section 9.6.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DdsNetwork:
    """Where DDS may look for others."""

    discovery_range: DiscoveryRange = "subnet"
    interfaces: Sequence[str] = ()
    """Names or addresses; empty: Cyclone's choice, or loopback alone when the range is localhost."""
    static_peers: Sequence[str] = ()
    user_xml: str = ""
    """A user's ``CYCLONEDDS_URI``: XML text or ``file://`` addresses, comma-separated."""

    @property
    def loopback_only(self) -> bool:
        """Whether no packet of ours leaves the host."""
        names = set(self.interfaces)
        return names <= {"lo", "127.0.0.1"} if names else self.discovery_range == "localhost"


def cyclone_xml(network: DdsNetwork) -> str:
    """The configuration for ``Domain(id, xml)``.

    Raises:
        ConfigError: the user's part cannot be read, is not XML, or turns key hashes off.
    """
    fragment = ET.Element("CycloneDDS")
    domain = ET.SubElement(fragment, "Domain", Id="any")
    _general(domain, network)
    _discovery(domain, network)
    internal = ET.SubElement(domain, "Internal")
    # Without it a keyed sample of ours crashes every matched Fast DDS subscriber (design, fact 1).
    ET.SubElement(internal, "GenerateKeyhash").text = "true"
    # Routes wait for acknowledgements themselves; Cyclone would hold up the engine for 1 s a stuck writer.
    ET.SubElement(internal, "WriterLingerDuration").text = "0s"
    # No minimum: less than asked for is no reason to stay away.
    ET.SubElement(internal, "SocketReceiveBufferSize", max=f"{RECEIVE_BUFFER_MIB}MiB")
    if network.loopback_only:
        heartbeat = ET.SubElement(internal, "HeartbeatInterval", min="2ms", minsched="4ms", max="8s")
        heartbeat.text = f"{LOOPBACK_HEARTBEAT_MS}ms"
    ours = ET.tostring(fragment, encoding="unicode")
    if not network.user_xml.strip():
        return ours
    check_user_xml(network.user_xml)
    return f"{ours},{network.user_xml.strip()}"


def _general(domain: ET.Element, network: DdsNetwork) -> None:
    general = ET.SubElement(domain, "General")
    names = list(network.interfaces) or (["lo"] if network.discovery_range == "localhost" else [])
    if names:
        interfaces = ET.SubElement(general, "Interfaces")
        for name in names:
            attribute = "address" if _is_address(name) else "name"
            ET.SubElement(interfaces, "NetworkInterface", {attribute: name})
    if network.discovery_range != "subnet":
        ET.SubElement(general, "AllowMulticast").text = "false"
    if network.loopback_only:
        ET.SubElement(general, "MaxMessageSize").text = f"{LOOPBACK_MESSAGE_BYTES}B"
        ET.SubElement(general, "FragmentSize").text = f"{LOOPBACK_FRAGMENT_BYTES}B"


def _discovery(domain: ET.Element, network: DdsNetwork) -> None:
    discovery = ET.SubElement(domain, "Discovery")
    if network.discovery_range == "off":
        ET.SubElement(discovery, "ParticipantIndex").text = "none"
        ET.SubElement(discovery, "Tag").text = "zenlink_discovery_off"
        return
    ET.SubElement(discovery, "ParticipantIndex").text = "auto"
    ET.SubElement(discovery, "MaxAutoParticipantIndex").text = str(MAX_PARTICIPANT_INDEX)
    addresses = ["127.0.0.1"] if network.discovery_range == "localhost" else []
    addresses += list(network.static_peers)
    if addresses:
        peers = ET.SubElement(discovery, "Peers")
        for address in addresses:
            ET.SubElement(peers, "Peer", Address=address)


def _is_address(name: str) -> bool:
    return name[:1].isdigit() or ":" in name


def check_user_xml(text: str) -> None:
    """Refuse a user's Cyclone configuration that would break what we rely on.

    Raises:
        ConfigError: says which part and what to do.
    """
    for root in _roots(text):
        for element in root.iter():
            if (
                element.tag.rpartition("}")[2].lower() == "generatekeyhash"
                and (element.text or "").strip().lower() != "true"
            ):
                raise ConfigError(
                    "GenerateKeyhash is not true: keyed samples would crash Fast DDS subscribers",
                    key="CYCLONEDDS_URI",
                    remedy="remove that element, or set it to true",
                )


def _roots(text: str) -> Iterator[ET.Element]:
    """Cyclone's list: XML fragments and addresses of files in any order, separated by commas."""
    outside, mark, xml = text.partition("<")
    try:
        if mark:
            fragments = ET.fromstring(f"<all><{xml}</all>")  # noqa: S314 - the user's own configuration
            yield fragments
            outside += "".join(fragment.tail or "" for fragment in fragments)
        for address in filter(None, (part.strip() for part in outside.split(","))):
            yield _file(address)
    except ET.ParseError as error:
        raise ConfigError(
            f"is not well-formed XML ({error})",
            key="CYCLONEDDS_URI",
            remedy="correct it or unset the variable",
        ) from error


def _file(address: str) -> ET.Element:
    path = unquote(urlparse(address).path) if address.startswith("file:") else address
    try:
        return ET.parse(Path(path)).getroot()  # noqa: S314 - the user's own configuration
    except OSError as error:
        raise ConfigError(
            f"cannot read {address}: {error.strerror}",
            key="CYCLONEDDS_URI",
            remedy="give an existing file:// address",
        ) from error
