"""Real Zenoh sessions and UDP sockets on loopback, watched."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from bridge.zenoh.session import ZenohSession
from netopt.core.verdict import Target
from netopt.core.watched import LinkState
from netopt.probe.clocks import SystemClock, own_echo
from netopt.probe.echo import AGENT_BYTES_PER_S, AGENT_RATE_HZ, Answerer
from netopt.probe.tcp import TcpEcho
from netopt.probe.udp import UdpEcho
from netopt.probe.watch import Watch, WatchedLink, WatchSettings, WatchTarget
from netopt.probe.zenoh import ZenohEcho
from tests.contracts.pairs import zenoh_session
from tests.fakes.relay import Relay
from tests.integration.support.waiting import eventually

LOOSE = Target(name="own", limit_ms=60_000.0)
NOT_MET = Target(name="own", limit_ms=0.000_1)


def answerer() -> Answerer:
    return Answerer(clock=SystemClock(), rate_hz=AGENT_RATE_HZ, bytes_per_s=AGENT_BYTES_PER_S)


@contextlib.contextmanager
def far_side(*, echo: bool = True) -> Iterator[ZenohSession]:
    with contextlib.ExitStack() as closing:
        session = zenoh_session(listen=("tcp/127.0.0.1:0",))
        closing.callback(session.close)
        if echo:
            closing.callback(ZenohEcho(session.raw, answerer()).close)
        yield session


@contextlib.contextmanager
def watching(endpoint: str = "", **settings) -> Iterator[Watch]:
    settings = {"period_s": 0.1, "neighbours": LOOSE, **settings}
    with contextlib.ExitStack() as closing:
        session = zenoh_session(connect=(endpoint,) if endpoint else ())
        closing.callback(session.close)
        watch = Watch(session.raw, WatchSettings(**settings), clock=SystemClock(), own=own_echo())
        closing.callback(watch.close)
        watch.start()
        yield watch


def only(watch: Watch) -> WatchedLink | None:
    links = watch.links()
    assert len(links) <= 1
    return links[0] if links else None


def in_state(watch: Watch, state: LinkState) -> WatchedLink:
    return eventually(lambda: (link := only(watch)) and link.figures.state is state and link)


def test_a_neighbour_that_echoes_is_measured_by_itself():
    with far_side() as far, watching(far.listening()[0]) as watch:
        link = in_state(watch, LinkState.MET)
        assert (link.name, link.configured) == (far.zid, False)
        found = eventually(lambda: (now := only(watch).figures).window.received > 5 and now)
        assert found.window.one_way.source == "same clock"
        assert found.window.round_trip.p50_ms > 0.0


def test_a_neighbour_without_an_echo_is_told_and_sent_nothing():
    with far_side(echo=False) as far, watching(far.listening()[0]) as watch:
        assert in_state(watch, LinkState.NO_ECHO).figures.sent == 0


def test_a_missed_target_is_told_with_its_figure():
    with far_side() as far, watching(far.listening()[0], neighbours=NOT_MET) as watch:
        assert "missed: p99 one way" in in_state(watch, LinkState.MISSED).figures.verdict.text


def test_a_cut_link_is_silent_within_two_seconds_and_back_when_it_is(caplog):
    with (
        far_side() as far,
        Relay(int(far.listening()[0].rpartition(":")[2])) as relay,
        watching(relay.endpoint, period_s=0.5) as watch,
    ):
        in_state(watch, LinkState.MET)
        relay.stall()
        begin_s = time.monotonic()
        in_state(watch, LinkState.SILENT)
        took_s = time.monotonic() - begin_s
        print(f"silent {took_s:.2f} s after the link was stalled")
        assert took_s < 2.0
        eventually(lambda: "no probe reply from" in caplog.text)
        relay.resume()
        # What was lost meanwhile is beyond every percentile for as long as the window lasts.
        in_state(watch, LinkState.MISSED)


def test_an_echo_that_comes_later_is_measured_then_and_missed_when_it_ends():
    with far_side(echo=False) as far, watching(far.listening()[0]) as watch:
        in_state(watch, LinkState.NO_ECHO)
        echo = ZenohEcho(far.raw, answerer())
        in_state(watch, LinkState.MET)
        echo.close()
        in_state(watch, LinkState.SILENT)


@pytest.mark.parametrize(("scheme", "echo_of"), [("udp", UdpEcho), ("tcp", TcpEcho)])
def test_configured_targets_are_measured_and_neighbours_need_not_be(scheme, echo_of):
    with contextlib.closing(echo_of("127.0.0.1:0", answerer())) as echo:
        name = f"{scheme}://{echo.address}"
        targets = (WatchTarget(name=name, target=LOOSE),)
        with far_side() as far, watching(far.listening()[0], neighbours=None, targets=targets) as watch:
            link = in_state(watch, LinkState.MET)
            assert (link.name, link.configured) == (name, True)


def test_a_target_that_nobody_serves_holds_up_no_other_and_is_told_once(caplog):
    with contextlib.closing(UdpEcho("127.0.0.1:0", answerer())) as echo:
        names = ("tcp://127.0.0.1:1", "udp://no-such-host.invalid:1", f"udp://{echo.address}")
        targets = tuple(WatchTarget(name=name, target=LOOSE) for name in names)
        with watching(neighbours=None, targets=targets) as watch:
            found = eventually(
                lambda: (
                    len(links := {link.name: link.figures for link in watch.links()}) == len(names)
                    and links[names[2]].state is LinkState.MET
                    and caplog.text.count("not measured yet") == 2
                    and links
                )
            )
            assert found[names[0]].state is found[names[1]].state is LinkState.NO_ECHO
            assert found[names[0]].sent == found[names[1]].sent == 0
    assert not [thread for thread in threading.enumerate() if thread.name == "probe-watch-open"]


def test_a_target_behind_a_router_is_measured_by_its_id():
    with far_side(echo=False) as middle:
        endpoint = middle.listening()[0]
        far = zenoh_session(connect=(endpoint,))
        echo = ZenohEcho(far.raw, answerer())
        try:
            targets = (WatchTarget(name=far.zid, target=LOOSE),)
            with watching(endpoint, neighbours=None, targets=targets) as watch:
                in_state(watch, LinkState.MET)
        finally:
            echo.close()
            far.close()


@pytest.mark.parametrize("name", ["udp://no-such-host.invalid:1", "udp://127.0.0.1:1", "a1b2"])
def test_a_target_that_is_not_there_stops_nothing(name):
    targets = (WatchTarget(name=name, target=LOOSE),)
    with far_side() as far, watching(far.listening()[0], targets=targets) as watch:
        eventually(lambda: any(link.figures.state is LinkState.MET for link in watch.links()))
        assert {link.name for link in watch.links()} == {name, far.zid}


def test_no_thread_stays_behind():
    with far_side() as far:
        with watching(far.listening()[0]) as watch:
            in_state(watch, LinkState.MET)
        assert "probe-watch" not in {thread.name for thread in threading.enumerate()}
