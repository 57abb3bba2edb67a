"""Two Zenoh links at different delays: the kernel's figures are told apart and match what the network did."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from statistics import median

import pytest

from tests.fakes.packetrelay import TUN, Namespace, PacketRelay
from tests.integration.support.processes import ROOT

NEAR = "10.91.0.1"
DELAYS_S = {"10.91.1.2": 0.020, "10.91.2.2": 0.060}
"""One way, of each link."""
SHARE = 0.10
PROGRAM = [sys.executable, "-m", "tests.netopt.kernel.link_end"]


def why_not() -> str:
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    if not os.access(TUN, os.R_OK | os.W_OK):
        return f"{TUN} cannot be opened: no TUN device here"
    return ""


pytestmark = [
    pytest.mark.alone,  # measures round trips
    pytest.mark.skipif(bool(why_not()), reason=f"no packet relay: {why_not()}"),
]


def test_each_link_has_the_round_trip_that_its_packets_took() -> None:
    endpoints = [f"tcp/{address}:7447" for address in DELAYS_S]
    pipes = {"stdout": subprocess.PIPE, "stdin": subprocess.PIPE, "cwd": ROOT}
    with contextlib.ExitStack() as closing:
        # One namespace for each far end would need a device each; two addresses of one do as well.
        near = Namespace(NEAR, peers=tuple(DELAYS_S))
        closing.callback(near.close)
        far = Namespace(next(iter(DELAYS_S)), peers=(NEAR,), more=tuple(DELAYS_S)[1:])
        closing.callback(far.close)
        relay = closing.enter_context(PacketRelay((near, far), DELAYS_S))
        echoes = far.start([*PROGRAM, "far", *endpoints], **pipes)
        assert echoes.stdout.readline() == "ready\n"
        pinger = near.start([*PROGRAM, "near", *endpoints], **pipes)
        out, _ = pinger.communicate(timeout=60.0)
        assert pinger.returncode == 0
        passed = tuple(relay.passed)
    found = json.loads(out)
    assert found.keys() == DELAYS_S.keys()
    for address in DELAYS_S:
        views = found[address]
        # The smoothed one follows each message: its median over a second.
        smoothed_ms = median(view["tcp"]["rtt_ms"] for view in views)
        tcp = views[-1]["tcp"]
        ways_ms = [
            [took_s * 1000.0 for place, there, took_s in passed if (place, there) == (address, way)]
            for way in (True, False)
        ]
        usual_ms, least_ms = sum(map(median, ways_ms)), sum(map(min, ways_ms))
        print(
            f"{address}: network {usual_ms:.1f} ms (least {least_ms:.1f}), kernel {smoothed_ms:.1f} ms "
            f"(least {tcp['min_rtt_ms']:.1f}), {len(ways_ms[0])} packets, {tcp['retransmits']} sent again"
        )
        assert smoothed_ms == pytest.approx(usual_ms, rel=SHARE)
        assert tcp["min_rtt_ms"] == pytest.approx(least_ms, rel=SHARE)
        assert {view["interface"] for view in views} == {"zl0"}
