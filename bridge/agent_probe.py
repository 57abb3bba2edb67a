"""The part of the agent that measures its links: the echo, the watch, and the kernel's view.

Beside :mod:`bridge.agent` the only module of the running agent that knows ``netopt``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from bridge.config_probe import Limit, ProbeConfig
from bridge.core.latency import ClockOffsets
from bridge.core.linkinfo import LatencyCounts, LinkInfo, LinkKernel, LinkLatency, LinkTcp, ProbeInfo
from bridge.core.status import Finding, Severity
from bridge.errors import CannotRun
from bridge.zenoh.session import ZenohSession
from netopt.core.histogram import EDGES_S, Histogram
from netopt.core.kernelview import Ends, KernelFigures, TcpFigures, ends_of
from netopt.core.verdict import CLASSES, Target
from netopt.core.watched import LinkState
from netopt.errors import NetoptError
from netopt.kernel.sockets import kernel_figures
from netopt.probe.clocks import SystemClock, own_echo
from netopt.probe.echo import AGENT_BYTES_PER_S, AGENT_RATE_HZ, Answerer
from netopt.probe.watch import Watch, WatchedLink, WatchSettings, WatchTarget
from netopt.probe.zenoh import ZenohEcho

log = logging.getLogger(__name__)

_CLOCKS_PERIOD_S = 1.0
_KERNEL_TURNS = 5
"""The kernel is asked so seldom: about 0.2 ms of CPU a link each time."""
_JOIN_S = 3.0


class LinkProbe:
    """Echoes, watches and looks, from its making until it is closed.

    A link that cannot be measured is told in the log, and is never a reason not to bridge.
    """

    def __init__(self, config: ProbeConfig, zenoh: ZenohSession) -> None:
        self._config = config
        self._zenoh = zenoh
        self._answerer = Answerer(clock=SystemClock(), rate_hz=AGENT_RATE_HZ, bytes_per_s=AGENT_BYTES_PER_S)
        self.answer: Callable[[bytes], bytes | None] | None = self._answerer.answer if config.serve else None
        """Answers a probe that came another way, within the same bounds; None: this agent does not."""
        self._echo: ZenohEcho | None = None
        self._watch: Watch | None = None
        self._kernel: tuple[LinkKernel, ...] = ()
        self.on_clocks: Callable[[ClockOffsets], None] = lambda _offsets: None
        """Told every second how far the clocks of other agents are ahead. Thread: link-figures."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="link-figures", daemon=True)
        self.resume()

    def resume(self) -> None:
        """Measure on the session as it is now; the figures begin anew. Thread: any, one at a time."""
        config, zenoh = self._config, self._zenoh
        try:
            if config.serve:
                self._echo = ZenohEcho(zenoh.raw, self._answerer)
            if config.watch:
                self._watch = Watch(zenoh.raw, _settings(config), clock=SystemClock(), own=own_echo())
                self._watch.start()
                if self._thread.ident is None:
                    self._thread.start()
        except NetoptError as error:
            log.warning("links are not measured: %s", error)

    def pause(self) -> None:
        """The session is about to be renewed. Thread: as :meth:`resume`."""
        for part in (self._watch, self._echo):
            if part is not None:
                part.close()

    def info(self) -> ProbeInfo:
        """Everything measured. Thread: any."""
        answerer = self._answerer
        echo = {
            "answered": answerer.answered,
            "over_rate": answerer.limited,
            "malformed": answerer.malformed,
        }
        return ProbeInfo(
            latencies=() if self._watch is None else tuple(map(_latency, self._watch.links())),
            kernel=self._kernel,
            echo=tuple(echo.items()) if self._echo is not None else (),
        )

    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the links. Thread: any."""
        links = () if self._watch is None else self._watch.links()
        return tuple(finding for link in links if (finding := _finding(link)) is not None)

    def close(self) -> None:
        """End all of it; idempotent."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
        self.pause()

    def _offsets(self) -> dict[str, tuple[int, int]]:
        """Offset and bound in ns of each clock that is compared with ours."""
        found = {}
        for link in () if self._watch is None else self._watch.links():
            one_way = link.figures.window.one_way
            if one_way is not None and link.figures.state is not LinkState.SILENT:
                found[link.name] = (round(one_way.offset_ms * 1e6), round(one_way.bound_ms * 1e6))
        return found

    def _look(self) -> None:
        """Thread: link-figures."""
        told = False
        turns = 0
        while not self._stop.wait(_CLOCKS_PERIOD_S):
            turns += 1
            try:
                self.on_clocks(self._offsets())
                if turns % _KERNEL_TURNS == 0:
                    self._kernel = _kernel(self._zenoh.links())
            except NetoptError as error:
                if not told:
                    log.warning("no figures of the kernel: %s", error)
                told = True
            except CannotRun:
                continue  # the engine has ended, and so shall we
            except Exception:
                # The agent goes on without them.
                log.exception("no figures of the kernel")
                return


def _settings(config: ProbeConfig) -> WatchSettings:
    return WatchSettings(
        period_s=config.period_s,
        neighbours=_wanted(config.limit, config.percentile),
        targets=tuple(
            WatchTarget(name=one.target, target=_wanted(one.limit, one.percentile, one.payload_bytes))
            for one in config.targets
        ),
    )


def _wanted(limit: Limit, percentile: float, payload_bytes: int = 64) -> Target:
    name = limit if isinstance(limit, str) else "own"
    limit_ms = CLASSES[limit] if isinstance(limit, str) else limit
    return Target(name=name, limit_ms=limit_ms, percentile=percentile, payload_bytes=payload_bytes)


def _latency(link: WatchedLink) -> LinkLatency:
    figures, target = link.figures, link.target
    window, one_way = figures.window, figures.window.one_way
    there, back = (None, None) if one_way is None else (one_way.forward, one_way.back)
    return LinkLatency(
        target=link.name,
        configured=link.configured,
        limit_ms=target.limit_ms,
        percentile=target.percentile,
        state=figures.state.value,
        text="" if figures.verdict is None else figures.verdict.text,
        sent=figures.sent,
        lost=figures.lost,
        duplicates=figures.duplicates,
        silent_s=round(figures.silent_s, 1),
        rtt_p50_ms=window.round_trip.p50_ms,
        rtt_p99_ms=window.round_trip.p99_ms,
        there_p50_ms=None if there is None else there.p50_ms,
        there_p99_ms=None if there is None else there.p99_ms,
        back_p50_ms=None if back is None else back.p50_ms,
        back_p99_ms=None if back is None else back.p99_ms,
        jitter_ms=window.jitter_ms,
        offset_ms=None if one_way is None else one_way.offset_ms,
        bound_ms=None if one_way is None else one_way.bound_ms,
        clock=one_way.source if one_way is not None else window.one_way_void,
        round_trip=_counts(figures.round_trip),
        there=_counts(figures.there),
        back=_counts(figures.back),
    )


def _counts(histogram: Histogram) -> LatencyCounts:
    return LatencyCounts(edges_s=EDGES_S, counts=histogram.counts, sum_s=round(histogram.sum_s, 6))


def _finding(link: WatchedLink) -> Finding | None:
    figures = link.figures
    if figures.state is LinkState.SILENT:
        return Finding(
            code="link_silent",
            severity=Severity.WARNING,
            subject=link.name,
            text=f"no probe reply for {figures.silent_s:.1f} s",
            remedy="see the link and the host there; `zenlink probe watch` shows when it is back",
        )
    if figures.state is LinkState.MISSED and figures.verdict is not None:
        return Finding(
            code="link_slow",
            severity=Severity.WARNING,
            subject=link.name,
            text=f"its target is {figures.verdict.text}",
            remedy="docs/measuring.md tells network from software; the target is probe.limit",
        )
    return None


def _kernel(links: tuple[LinkInfo, ...]) -> tuple[LinkKernel, ...]:
    """What the kernel knows about those links that are sockets."""
    known: list[tuple[LinkInfo, Ends]] = []
    for link in links:
        ends = ends_of(link.src, link.dst)
        if ends is not None:
            known.append((link, ends))
    if not known:
        return ()
    figures = kernel_figures([ends for _, ends in known])
    return tuple(_link_kernel(link, found) for (link, _), found in zip(known, figures, strict=True))


def _link_kernel(link: LinkInfo, found: KernelFigures) -> LinkKernel:
    return LinkKernel(
        zid=link.zid,
        dst=link.dst,
        interface=found.interface,
        rx_dropped=found.rx_dropped,
        tx_dropped=found.tx_dropped,
        udp_dropped=found.udp_dropped,
        tcp=None if found.tcp is None else _link_tcp(found.tcp),
    )


def _link_tcp(tcp: TcpFigures) -> LinkTcp:
    return LinkTcp(
        rtt_ms=tcp.rtt_ms,
        rtt_variance_ms=tcp.rtt_variance_ms,
        min_rtt_ms=tcp.min_rtt_ms,
        retransmits=tcp.retransmits,
        congestion_window=tcp.congestion_window,
        unacked_bytes=tcp.unacked_bytes,
        unsent_bytes=tcp.unsent_bytes,
        delivery_bit_s=tcp.delivery_bit_s,
        congestion_control=tcp.congestion_control,
        bytes_sent=tcp.bytes_sent,
        bytes_received=tcp.bytes_received,
    )
