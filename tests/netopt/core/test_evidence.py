"""Changes that only the state of this host asks for."""

from __future__ import annotations

from dataclasses import replace

from netopt.core.evidence import evident_settings
from netopt.core.observed import Counters, Interface, Rings
from netopt.core.profile import profile_named
from tests.fakes.kernel import old_host

STATION = profile_named("station")
ROUTER = profile_named("router")
ETH0 = Interface(name="eth0", mtu=1500, txqueuelen=1000, qdisc="pfifo_fast", default_route=True)


def targets(host, profile=STATION, interfaces=()):
    found = evident_settings(host, profile, profile.demand, interfaces=interfaces)
    return [str(setting.target) for setting in found if not setting.on_request]


def on_request(host, interfaces=()):
    found = evident_settings(host, STATION, STATION.demand, interfaces=interfaces)
    return [str(setting.target) for setting in found if setting.on_request]


def test_a_healthy_host_needs_loopback_multicast_for_dds_alone():
    assert targets(old_host()) == ["lo multicast"]
    assert targets(old_host(), ROUTER) == []


def test_input_queues_are_raised_only_where_packets_were_dropped():
    assert "net.core.netdev_max_backlog" in targets(old_host(counters=Counters(backlog_drops=3)))
    squeezed = targets(old_host(counters=Counters(time_squeezes=3)))
    assert "net.core.netdev_budget" in squeezed
    assert "net.core.netdev_max_backlog" not in squeezed


def test_a_queue_that_drops_at_its_tail_is_lengthened():
    assert "eth0 txqueuelen" in targets(old_host(interfaces=(ETH0,)))
    assert targets(old_host(interfaces=(replace(ETH0, qdisc="fq_codel"),))) == []
    assert targets(old_host(interfaces=(replace(ETH0, default_route=False),))) == []
    assert targets(old_host(interfaces=(replace(ETH0, default_route=False),)), interfaces=["eth0"]) != []
    assert targets(old_host(interfaces=(replace(ETH0, virtual=True),)), interfaces=["eth0"]) == []


def test_rings_and_offloads_wait_until_the_interface_is_named():
    card = replace(
        ETH0,
        qdisc="fq",
        rx_missed=12,
        rings=Rings(rx=256, rx_max=4096, tx=256, tx_max=4096),
        offloads_off=("rx-gro",),
    )
    host = old_host(interfaces=(card,))
    assert targets(host) == []
    assert on_request(host) == ["eth0 ring rx", "eth0 feature rx-gro"]
    assert targets(host, interfaces=["eth0"]) == ["eth0 ring rx", "eth0 feature rx-gro"]


def test_a_card_that_loses_nothing_keeps_its_rings():
    card = replace(ETH0, qdisc="fq", rings=Rings(rx=256, rx_max=4096, tx=256, tx_max=4096))
    assert targets(old_host(interfaces=(card,)), interfaces=["eth0"]) == []
