"""Real sockets on loopback: opened beside the watch, given up when silent, and opened again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest

from netopt.core.probeframe import Request
from netopt.core.schedule import NS_PER_S
from netopt.probe.bareway import BareWay, is_bare
from netopt.probe.clocks import SystemClock
from netopt.probe.echo import AGENT_BYTES_PER_S, AGENT_RATE_HZ, Answerer
from netopt.probe.tcp import TcpEcho
from netopt.probe.udp import UdpEcho
from tests.fakes.relay import Relay
from tests.integration.support.waiting import eventually

FRAME = Request(run=1, sequence=1, sent_wall_ns=1).encode()
SOON_NS = NS_PER_S // 2


def answerer() -> Answerer:
    return Answerer(clock=SystemClock(), rate_hz=AGENT_RATE_HZ, bytes_per_s=AGENT_BYTES_PER_S)


@contextlib.contextmanager
def way(name: str, replies: list[bytes], *, reopen_ns: int = SOON_NS) -> Iterator[BareWay]:
    with contextlib.closing(BareWay(name, replies.append, clock=SystemClock(), reopen_ns=reopen_ns)) as found:
        yield found
    found.close()
    assert not [
        one.name for one in threading.enumerate() if one.name.startswith(("probe-watch-open", "probe-tcp-in"))
    ]


def answered(one: BareWay, replies: list[bytes]) -> None:
    """A reply came to something sent from now on."""
    before = len(replies)
    eventually(lambda: one.ready() and (one.send(FRAME) or len(replies) > before))


@pytest.mark.parametrize(("scheme", "echo_of"), [("tcp", TcpEcho), ("udp", UdpEcho)])
def test_it_opens_when_it_is_asked_and_replies_come(scheme, echo_of):
    replies: list[bytes] = []
    with (
        contextlib.closing(echo_of("127.0.0.1:0", answerer())) as echo,
        way(f"{scheme}://{echo.address}", replies) as one,
    ):
        answered(one, replies)


def test_a_connection_that_the_other_side_ends_is_made_again():
    replies: list[bytes] = []
    first = TcpEcho("127.0.0.1:0", answerer())
    with way(f"tcp://{first.address}", replies) as one:
        answered(one, replies)
        first.close()
        eventually(lambda: not one.ready())
        with contextlib.closing(TcpEcho(first.address, answerer())):
            answered(one, replies)


def test_a_connection_that_only_falls_silent_is_made_again():
    replies: list[bytes] = []
    with (
        contextlib.closing(TcpEcho("127.0.0.1:0", answerer())) as echo,
        Relay(int(echo.address.rpartition(":")[2])) as relay,
        way(f"tcp://127.0.0.1:{relay.port}", replies) as one,
    ):
        answered(one, replies)
        relay.cut()
        eventually(lambda: not one.ready())
        relay.heal()
        answered(one, replies)


def test_a_refused_one_is_told_once_and_a_closed_one_is_never_ready(caplog):
    with way("tcp://127.0.0.1:1", [], reopen_ns=1) as one:
        eventually(lambda: one.ready() or "not measured yet" in caplog.text)
        for _ in range(20):
            assert not one.ready()
            one.send(FRAME)
    assert not one.ready()
    assert caplog.text.count("not measured yet") == 1


def test_bare_targets_are_told_by_their_scheme():
    assert is_bare("tcp://rig:1")
    assert is_bare("udp://rig:1")
    assert not is_bare("c10d")
    assert not is_bare("tcp/rig:1")
