"""Cyclone gets what was configured, the user's own part last, and nothing that would crash others."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from cyclonedds.domain import Domain

from bridge.dds.xmlconfig import DdsNetwork, check_user_xml, cyclone_xml
from bridge.errors import ConfigError

DOMAIN = '<CycloneDDS><Domain Id="any">{}</Domain></CycloneDDS>'
KEYHASH = DOMAIN.format("<Internal><GenerateKeyhash>{}</GenerateKeyhash></Internal>")
HARMLESS = DOMAIN.format("<General><EntityAutoNaming>empty</EntityAutoNaming></General>")


def domain_element(**settings: object) -> ET.Element:
    found = ET.fromstring(cyclone_xml(DdsNetwork(**settings))).find("Domain")
    assert found is not None
    return found


def text(element: ET.Element, path: str) -> str | None:
    return element.findtext(path)


@pytest.mark.parametrize("discovery_range", ["localhost", "subnet", "off"])
def test_keyed_samples_carry_their_key_hash_on_every_range(discovery_range: str) -> None:
    assert text(domain_element(discovery_range=discovery_range), "Internal/GenerateKeyhash") == "true"


def test_deleting_a_writer_never_waits_for_a_stuck_reader() -> None:
    assert text(domain_element(), "Internal/WriterLingerDuration") == "0s"


def test_on_the_subnet_multicast_stays_and_nothing_is_enlarged() -> None:
    domain = domain_element(discovery_range="subnet")
    assert text(domain, "General/AllowMulticast") is None
    assert text(domain, "General/MaxMessageSize") is None
    assert domain.find("Discovery/Peers") is None


def test_localhost_alone_is_found_by_unicast_on_the_loopback_interface() -> None:
    domain = domain_element(discovery_range="localhost")
    assert [one.attrib for one in domain.iter("NetworkInterface")] == [{"name": "lo"}]
    assert text(domain, "General/AllowMulticast") == "false"
    assert text(domain, "Discovery/ParticipantIndex") == "auto"
    assert [one.attrib for one in domain.iter("Peer")] == [{"Address": "127.0.0.1"}]
    assert text(domain, "General/MaxMessageSize") == "65500B"
    assert text(domain, "General/FragmentSize") == "65000B"


def test_with_discovery_off_nobody_is_found() -> None:
    domain = domain_element(discovery_range="off")
    assert text(domain, "Discovery/ParticipantIndex") == "none"
    assert text(domain, "Discovery/Tag")


def test_interfaces_are_told_by_name_or_address() -> None:
    domain = domain_element(interfaces=("eth0", "10.0.0.1", "fe80::1"))
    assert [one.attrib for one in domain.iter("NetworkInterface")] == [
        {"name": "eth0"},
        {"address": "10.0.0.1"},
        {"address": "fe80::1"},
    ]


@pytest.mark.parametrize(
    ("interfaces", "discovery_range", "loopback"),
    [
        ((), "localhost", True),
        ((), "subnet", False),
        (("lo",), "subnet", True),
        (("127.0.0.1", "lo"), "subnet", True),
        (("lo", "eth0"), "localhost", False),
    ],
)
def test_loopback_settings_hold_where_no_packet_leaves_the_host(
    interfaces: tuple[str, ...], discovery_range: str, loopback: bool
) -> None:
    network = DdsNetwork(interfaces=interfaces, discovery_range=discovery_range)
    assert network.loopback_only is loopback
    assert ("MaxMessageSize" in cyclone_xml(network)) is loopback
    assert ("HeartbeatInterval" in cyclone_xml(network)) is loopback


def test_static_peers_are_asked_besides_the_host_itself() -> None:
    domain = domain_element(discovery_range="localhost", static_peers=("10.1.2.3", "robot.local"))
    peers = [one.attrib["Address"] for one in domain.iter("Peer")]
    assert peers == ["127.0.0.1", "10.1.2.3", "robot.local"]


def test_text_of_the_user_cannot_leave_its_attribute() -> None:
    domain = domain_element(static_peers=('"/><Internal/>',))
    assert [one.attrib["Address"] for one in domain.iter("Peer")] == ['"/><Internal/>']


def test_the_users_part_comes_last() -> None:
    merged = cyclone_xml(DdsNetwork(user_xml=f"  {HARMLESS}\n"))
    assert merged.endswith(f",{HARMLESS}")
    assert cyclone_xml(DdsNetwork(user_xml=" ")) == cyclone_xml(DdsNetwork())


@pytest.mark.parametrize("value", ["false", "False", "FALSE", " false\n", "default", ""])
def test_a_configuration_that_would_crash_fast_dds_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"CYCLONEDDS_URI: GenerateKeyhash .*; remove that element"):
        check_user_xml(KEYHASH.format(value))


@pytest.mark.parametrize("value", ["true", "TRUE", " true "])
def test_the_setting_we_need_may_be_repeated(value: str) -> None:
    check_user_xml(KEYHASH.format(value))


def test_names_of_elements_are_read_as_cyclone_does(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        check_user_xml(KEYHASH.format("false").replace("GenerateKeyhash", "generatekeyHASH"))
    spaced = KEYHASH.format("false").replace("<CycloneDDS>", '<CycloneDDS xmlns="https://cdds.io/config">')
    with pytest.raises(ConfigError):
        check_user_xml(spaced)


@pytest.mark.parametrize(
    "where", ["{file}", "file://{file}", "{ok},{file}", "{xml},file://{file}", "file://{file},{xml}"]
)
def test_every_part_of_a_list_is_looked_at(tmp_path: Path, where: str) -> None:
    file, sound = tmp_path / "a b.xml", tmp_path / "ok.xml"
    file.write_text(KEYHASH.format("false"))
    sound.write_text(HARMLESS)
    address = str(file).replace(" ", "%20") if "file://{file}" in where else str(file)
    with pytest.raises(ConfigError, match="GenerateKeyhash"):
        check_user_xml(where.format(file=address, ok=sound, xml=HARMLESS))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("file:///no/such/file.xml", "cannot read file:///no/such/file.xml: No such file"),
        ("<CycloneDDS>", "not well-formed XML"),
        ("/etc/hostname", "not well-formed XML"),
        ("/", "cannot read /: Is a directory"),
    ],
)
def test_what_cannot_be_read_is_named_with_a_remedy(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        check_user_xml(text)
    assert caught.value.remedy
    assert caught.value.key == "CYCLONEDDS_URI"


@pytest.mark.parametrize("discovery_range", ["localhost", "subnet", "off"])
@pytest.mark.parametrize("user_xml", ["", HARMLESS, KEYHASH.format("true")])
def test_cyclone_accepts_it(domain_id: int, discovery_range: str, user_xml: str) -> None:
    network = DdsNetwork(
        discovery_range=discovery_range, interfaces=("lo",), static_peers=("127.0.0.1",), user_xml=user_xml
    )
    Domain(domain_id, cyclone_xml(network)).__del__()
