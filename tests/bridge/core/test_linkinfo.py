"""What the agent tells about its links."""

from __future__ import annotations

from bridge.core.jsonform import to_json
from bridge.core.linkinfo import NO_CONNECTIONS, NOT_MEASURED, LinkKernel, ProbeInfo


def test_what_is_unknown_is_null_and_not_zero() -> None:
    link = LinkKernel(
        zid="b2", dst="tls/b2:7447", interface="eth0", rx_dropped=0, tx_dropped=0, udp_dropped=None, tcp=None
    )
    [told] = to_json(ProbeInfo(kernel=(link,)))["kernel"]
    assert told["rx_dropped"] == 0
    assert told["udp_dropped"] is told["tcp"] is None


def test_without_links_the_shape_is_the_same() -> None:
    assert to_json(NOT_MEASURED) == {"latencies": [], "kernel": [], "echo": {}}
    assert to_json(NO_CONNECTIONS) == {"configured": [], "opened": 0, "ended": 0}
