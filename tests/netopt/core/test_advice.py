"""The usual recipe, Cyclone DDS, Zenoh."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from netopt.core.advice import RECIPE, advice_of, cyclone_fragment
from netopt.core.observed import SysctlFile
from netopt.core.profile import PROFILES, profile_named
from tests.fakes.kernel import OLD_KERNEL, old_host

ROBOT = profile_named("robot")


def subjects(host, profile=ROBOT, *, harmful=None):
    found = advice_of(host, profile, profile.demand)
    return [one.subject for one in found if harmful is None or one.harmful == harmful]


def test_every_setting_of_the_recipe_has_its_verdict_and_what_to_do_instead():
    assert [entry.key.rpartition(".")[2] for entry in RECIPE] == [
        "rmem_max",
        "wmem_max",
        "tcp_rmem",
        "tcp_wmem",
        "netdev_max_backlog",
        "tcp_low_latency",
        "tcp_nodelay",
    ]
    for profile in PROFILES:
        found = subjects(old_host(), profile)
        assert all(f"recipe {entry.key}" in found for entry in RECIPE)
    assert all(entry.verdict and entry.instead and entry.source for entry in RECIPE)


def test_a_healthy_host_has_nothing_harmful():
    assert subjects(old_host(), harmful=True) == []


def test_the_recipe_in_a_file_is_found_with_its_place():
    recipe = SysctlFile(
        path="/etc/sysctl.d/99-r.conf", text="net.ipv4.tcp_nodelay=1\nnet.ipv4.tcp_low_latency=1\n"
    )
    host = old_host(sysctl_files=(recipe,))
    assert subjects(host, harmful=True) == ["recipe net.ipv4.tcp_low_latency", "recipe net.ipv4.tcp_nodelay"]
    (low, nodelay) = [one for one in advice_of(host, ROBOT, ROBOT.demand) if one.harmful]
    assert "/etc/sysctl.d/99-r.conf:2" in low.text
    assert "/etc/sysctl.d/99-r.conf:1" in nodelay.text


def test_a_lowered_default_window_is_found_on_the_host_itself():
    host = old_host(OLD_KERNEL | {"net.ipv4.tcp_rmem": "4096\t87380\t134217728"})
    assert subjects(host, harmful=True) == ["recipe net.ipv4.tcp_rmem"]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_xml_for_cyclone_asks_by_max_and_never_by_min(profile):
    root = ET.fromstring(cyclone_fragment(profile, profile.demand))
    (buffer,) = root.iter("SocketReceiveBufferSize")
    assert buffer.get("min") is None
    assert buffer.get("max") in {"33554432B", "67108864B"}


def test_only_loopback_gets_the_largest_datagrams():
    sizes = {
        profile.name: [
            one.text
            for one in ET.fromstring(cyclone_fragment(profile, profile.demand)).iter("MaxMessageSize")
        ]
        for profile in PROFILES
    }
    assert sizes == {"robot": ["1400B"], "station": [], "router": [], "simulator": ["65500B"]}


def test_what_bbr_needs_is_said():
    assert "bbr" in subjects(old_host(congestion_controls=frozenset({"cubic"})))
    assert "bbr" not in subjects(old_host())


def test_the_queue_of_a_live_interface_is_advice_with_its_undo():
    host = old_host()
    eth0 = replace(host.interfaces[1], qdisc="pfifo_fast")
    (found,) = [
        one
        for one in advice_of(replace(host, interfaces=(eth0,)), ROBOT, ROBOT.demand)
        if one.subject == "queue of eth0"
    ]
    assert "undo" in found.remedy


def test_tuned_is_named_as_another_hand():
    assert "tuned" in subjects(old_host(tuned_profile="network-latency"), harmful=True)


XML = "<CycloneDDS><Domain><Internal><SocketReceiveBufferSize min='{}'/></Internal></Domain></CycloneDDS>"


@pytest.mark.parametrize(
    ("minimum", "starts"),
    [("6MB", True), ("8MB", True), ("8MiB", True), ("10MB", False), ("10485760B", False), ("default", True)],
)
def test_a_minimum_that_the_kernel_will_not_give_is_found_before_nodes_fail(minimum, starts):
    """With rmem_max at 4 MiB a socket shows 8 MiB, and Cyclone DDS compares with that (tried, 11.0.1)."""
    host = old_host(OLD_KERNEL | {"net.core.rmem_max": "4194304"}, cyclone_uri=XML.format(minimum))
    assert ("CYCLONEDDS_URI" not in subjects(host, harmful=True)) == starts
